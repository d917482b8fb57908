"""Connections that look at the address they really go to, and that cannot be held open by a trickle of headers."""

from __future__ import annotations

import ipaddress
import socket
import threading
from typing import Any

import requests.adapters
import urllib3.connection
import urllib3.connectionpool
from urllib3.exceptions import NameResolutionError
from urllib3.poolmanager import PoolManager

from lms_clients.errors import RefusedAddress

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one carries inside, if any."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def is_public(text: str) -> bool:
    """Whether a numeric address belongs to the open internet (not loopback, private, link-local, multicast ...)."""
    address = _inner(ipaddress.ip_address(text.partition("%")[0]))
    return address.is_global and not address.is_multicast


class _Bounded:
    """What both connection classes add: the address is checked after resolving, and headers have a deadline."""

    allow_private = False
    header_seconds = 120.0
    _dns_host: str
    port: int

    def _new_conn(self) -> socket.socket:
        if self.allow_private:
            return super()._new_conn()  # type: ignore[misc, no-any-return]
        host, port = self._dns_host, self.port
        try:
            found = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
        except OSError as error:
            raise NameResolutionError(host, self, socket.gaierror(str(error))) from error  # type: ignore[arg-type]
        public = [str(entry[4][0]) for entry in found if is_public(str(entry[4][0]))]
        if not public:
            raise RefusedAddress(f"{host} leads to a private address", code="private_address")
        # The name is replaced by the address that was checked, so a second look-up cannot answer differently;
        # certificate and Host header still go by the name.
        self._dns_host = public[0]
        try:
            return super()._new_conn()  # type: ignore[misc, no-any-return]
        finally:
            self._dns_host = host

    def getresponse(self) -> Any:
        """Read the headers; a server that drips them is cut off."""
        late = threading.Event()
        watchdog = threading.Timer(self.header_seconds, _cut, args=(self.sock, late))  # type: ignore[attr-defined]
        watchdog.daemon = True
        watchdog.start()
        try:
            response = super().getresponse()  # type: ignore[misc]
        finally:
            watchdog.cancel()
        if late.is_set():
            # Headers that break off look complete to http.client.
            response.close()
            raise TimeoutError("the headers took too long")
        return response


def _cut(sock: socket.socket | None, late: threading.Event) -> None:
    late.set()
    try:
        if sock is not None:
            sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it was closed meanwhile


class BoundedAdapter(requests.adapters.HTTPAdapter):
    """A requests adapter over bounded connections; ``allow_private`` lets them reach private addresses."""

    def __init__(self, *, allow_private: bool, header_seconds: float) -> None:
        self._bounds = {"allow_private": allow_private, "header_seconds": header_seconds}
        super().__init__(pool_connections=2, pool_maxsize=2, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        """Make the pool manager of urllib3 with our connection classes in it."""
        manager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **pool_kwargs)
        plain = type("PlainConnection", (_Bounded, urllib3.connection.HTTPConnection), dict(self._bounds))
        secure = type("SecureConnection", (_Bounded, urllib3.connection.HTTPSConnection), dict(self._bounds))
        pools = urllib3.connectionpool
        manager.pool_classes_by_scheme = {
            "http": type("PlainPool", (pools.HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("SecurePool", (pools.HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }
        self.poolmanager = manager
