"""Dario points the tool at machines inside the house: it does not go there, whatever the name server says."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from lms_clients.address import is_public
from lms_clients.errors import RefusedAddress, Unreachable
from lms_clients.http import Http, fetch_json
from lms_clients.options import Options


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.8", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "::1", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::10.0.0.1", "2002:a00:1::", "ff02::1", "::",
    ],
)  # fmt: skip
def test_addresses_inside_the_house_are_private(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"])
def test_addresses_of_the_open_net_are_public(address: str) -> None:
    assert is_public(address)


def _resolves_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[Any]:
    asked: list[Any] = []

    def look_up(host: Any, port: Any, *rest: Any, **more: Any) -> list[Any]:
        if host[0].isdigit():
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        asked.append(host)
        answer = addresses[min(len(asked), len(addresses)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answer, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


@pytest.mark.parametrize("address", ["https://metadata.example/jwks", "https://10.0.0.8/jwks", "https://localhost/x"])
def test_a_name_that_leads_into_the_house_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    _resolves_to(monkeypatch, "10.0.0.8")
    with pytest.raises(RefusedAddress, match="private address"):
        fetch_json(address, options=Options(sleep=lambda seconds: None))


def test_a_name_server_that_changes_its_mind_is_not_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: first a public address for the check, then 127.0.0.1 for the connection."""
    asked = _resolves_to(monkeypatch, "203.0.114.7", "127.0.0.1")
    reached: list[Any] = []

    def connect(self: socket.socket, address: Any) -> None:
        reached.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    http = Http("https://rebind.example", Options(tries=1))
    with pytest.raises(Unreachable):
        http.ask("GET", "/")
    http.close()
    assert reached == ["203.0.114.7"]
    assert asked == ["rebind.example"]


def test_plain_http_is_refused_unless_private_addresses_are_allowed() -> None:
    with pytest.raises(RefusedAddress, match="https"):
        Http("http://lms.example", Options())
    Http("http://localhost:9000", Options(allow_private=True)).close()
