"""The one way out: bounded, polite requests to one host, with one identity."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.structures import CaseInsensitiveDict

from lms_clients.address import BoundedAdapter
from lms_clients.answers import Answer, Judge, decode_any, judge
from lms_clients.errors import (
    LmsError,
    ProtocolTrouble,
    RefusedAddress,
    ServerTrouble,
    Throttled,
    TooMuchData,
    Unreachable,
)
from lms_clients.options import Options

_CHUNK = 64 * 1024
Form = Mapping[str, str] | list[tuple[str, str]]


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of an address, defaults filled in; raises RefusedAddress where it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        raise RefusedAddress("not a web address", code="bad_address") from None
    if not parts.hostname or parts.username or parts.password:
        raise RefusedAddress("not a plain web address", code="bad_address")
    return parts.scheme, parts.hostname.lower(), port


class Http:
    """A session with one host. It follows no redirect, reads no proxy or password file, and keeps no cookie.

    ``base_url`` fixes scheme, host and port: nothing is ever sent elsewhere. ``judge`` tells an error in an answer.
    """

    def __init__(
        self, base_url: str, options: Options, *, headers: Mapping[str, str] | None = None, judge: Judge = judge
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.options = options
        self.calls = 0
        self._origin = origin(base_url)
        self._judge = judge
        if self._origin[0] == "http" and not options.allow_private:
            raise RefusedAddress("the address must be https", code="not_https")
        self._session = requests.Session()
        # An environment's .netrc or proxy settings could add or carry away credentials unseen.
        self._session.trust_env = False
        self._session.verify = options.ca_bundle or True
        self._session.headers.update(
            {"User-Agent": options.user_agent, "Accept": "application/json", **(headers or {})}
        )
        adapter = BoundedAdapter(allow_private=options.allow_private, header_seconds=options.total_seconds)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

    def close(self) -> None:
        """Give the sockets back."""
        self._session.close()

    def ask(
        self,
        method: str,
        url: str,
        *,
        params: Form | None = None,
        data: Form | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        repeat: bool = False,
    ) -> Answer:
        """Send one request and return its good answer; ``url`` may be a path.

        ``repeat`` marks a read, which is tried again after throttling, 5xx and broken connections; a write never
        is. Raises the family in ``errors``.
        """
        target = self._target(url)
        tries = self.options.tries if repeat else 1
        for number in range(1, tries + 1):
            try:
                return self._once(method, target, params, data, headers)
            except (Throttled, ServerTrouble, Unreachable) as error:
                wait = self._wait(error, number)
                if number == tries or wait > self.options.max_wait:
                    raise
                self.options.sleep(wait)
        raise AssertionError("unreachable")

    def _wait(self, error: LmsError, number: int) -> float:
        spread = 0.5 + self.options.jitter()
        if error.retry_after is not None:
            return float(error.retry_after) + self.options.pause * (spread - 0.5)
        return float(self.options.pause * 2 ** (number - 1) * spread)

    def _target(self, url: str) -> str:
        target = url if "://" in url else f"{self.base_url}/{url.lstrip('/')}"
        if origin(target) != self._origin:
            raise RefusedAddress("a link to another host was not followed", code="other_host")
        return target

    def _once(
        self, method: str, url: str, params: Form | None, data: Form | bytes | None, headers: Mapping[str, str] | None
    ) -> Answer:
        self.calls += 1
        self._session.cookies.clear()
        deadline = self.options.monotonic() + self.options.total_seconds
        try:
            response = self._session.send(
                self._prepared(method, url, params, data, headers),
                timeout=(self.options.connect_seconds, self.options.read_seconds),
                verify=self._session.verify,
                allow_redirects=False,
                stream=True,
            )
            with response:
                body = self._body(response, deadline)
        except requests.exceptions.SSLError as error:
            raise Unreachable("the certificate could not be trusted", code="tls") from error
        except requests.Timeout as error:
            raise Unreachable("no answer in time", code="timeout") from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise Unreachable(f"the connection failed ({type(error).__name__})", code="connection") from error
        answer = Answer(response.status_code, url, CaseInsensitiveDict(response.headers), body)
        trouble = self._judge(answer)
        if trouble is not None:
            raise trouble
        return answer

    def _prepared(
        self, method: str, url: str, params: Form | None, data: Form | bytes | None, headers: Mapping[str, str] | None
    ) -> requests.PreparedRequest:
        request = requests.Request(method, url, params=params, data=data, headers=dict(headers or {}))
        prepared = self._session.prepare_request(request)
        if not params and url.isascii() and url.isprintable() and " " not in url:
            # Page tokens are opaque: the address goes out as it came, not re-quoted.
            prepared.url = url
        return prepared

    def _body(self, response: requests.Response, deadline: float) -> bytes:
        # read1 hands over what one recv brought: a larger read would wait for a slow drip to fill it.
        parts: list[bytes] = []
        size = 0
        while piece := response.raw.read1(_CHUNK, decode_content=True):
            size += len(piece)
            if size > self.options.max_bytes:
                raise TooMuchData(f"the answer is larger than {self.options.max_bytes} bytes", code="too_large")
            if self.options.monotonic() > deadline:
                raise Unreachable("the answer took too long", code="too_slow")
            parts.append(piece)
        return b"".join(parts)

    def pages(
        self, url: str, *, params: Form | None = None, headers: Mapping[str, str] | None = None
    ) -> Iterator[Answer]:
        """Read a listing page by page along ``Link: rel="next"``, whose address is used to the letter.

        Raises TooMuchData after ``max_pages`` and ProtocolTrouble where the pages run in a circle.
        """
        seen: set[str] = set()
        answer = self.ask("GET", url, params=params, headers=headers, repeat=True)
        while True:
            yield answer
            following = next_link(answer)
            if following is None:
                return
            if following in seen:
                raise ProtocolTrouble("the pages run in a circle", code="page_circle")
            seen.add(following)
            if len(seen) >= self.options.max_pages:
                raise TooMuchData(f"more than {self.options.max_pages} pages", code="too_many_pages")
            answer = self.ask("GET", following, headers=headers, repeat=True)


_LINK = re.compile(r"<([^>]*)>([^<]*)")
_REL = re.compile(r"\brel\s*=\s*[\"“”]?\s*([^\"“”;,]+)", re.IGNORECASE)


def link(answer: Answer, relation: str) -> str | None:
    """The address of a ``Link`` header by its relation, case kept; None if there is none.

    Raises ProtocolTrouble where it is no address.
    """
    header = answer.headers.get("Link", "")
    # Moodle writes curly quotes and &amp; into the links of its line items (seen in 4.5); headers are read as latin-1.
    header = header.replace("â\x80\x9c", "“").replace("â\x80\x9d", "”").replace("&amp;", "&")
    for address, parameters in _LINK.findall(header):
        found = _REL.search(parameters)
        if found is not None and relation in found.group(1).lower().split():
            try:
                return urljoin(answer.url, str(address).strip())
            except ValueError:
                raise ProtocolTrouble("a link that is no address", code="bad_link") from None
    return None


def next_link(answer: Answer) -> str | None:
    """The address of the next page, if there is one."""
    return link(answer, "next")


def fetch_json(
    url: str,
    *,
    options: Options | None = None,
    method: str = "GET",
    data: Form | bytes | None = None,
    headers: Mapping[str, str] | None = None,
    max_bytes: int = 1024 * 1024,
) -> Any:
    """Ask one address once for JSON (JWKS, openid-configuration, tokens), under all the rules of this module."""
    http = Http(url, replace(options or Options(), max_bytes=max_bytes))
    try:
        return decode_any(http.ask(method, url, data=data, headers=headers, repeat=method == "GET"))
    finally:
        http.close()
