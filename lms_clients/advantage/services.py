"""Requests to a platform's services, each with a token for its scopes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from lms_clients.advantage.identity import SHARED, ServiceIdentity, TokenCache, cache_key, service_token
from lms_clients.answers import Answer, judge
from lms_clients.errors import LmsError, Reauthorise, TokenExpired, TooMuchData
from lms_clients.http import Form, Http, origin
from lms_clients.options import Options


def judge_service(answer: Answer) -> LmsError | None:
    """Tell what is wrong with a service's answer; Open edX refuses large courses with 403 (above_response_limit)."""
    if answer.status == 401:
        return TokenExpired("the service token was rejected", status=401)
    if answer.status == 403 and b"above_response_limit" in answer.body[:2000]:
        return TooMuchData("the platform refuses so large a roster", code="above_response_limit", status=403)
    if answer.status in (200, 201, 202, 204) and not answer.body.strip():
        return None
    return judge(answer)


class Services:
    """One registration's services. Each host has a session of its own, and no token goes from one to another."""

    def __init__(self, identity: ServiceIdentity, options: Options, cache: TokenCache = SHARED) -> None:
        self.identity = identity
        self.options = options
        self._cache = cache
        self._hosts: dict[tuple[str, str, int], Http] = {}

    @property
    def calls(self) -> int:
        """Requests sent to services so far (tokens not counted)."""
        return sum(http.calls for http in self._hosts.values())

    def close(self) -> None:
        """Give the sockets back."""
        for http in self._hosts.values():
            http.close()

    def _host(self, url: str) -> Http:
        key = origin(url)
        if key not in self._hosts:
            self._hosts[key] = Http(url, self.options, judge=judge_service)
        return self._hosts[key]

    def token(self, *scopes: str) -> str:
        """A token for ``scopes``."""
        return service_token(self.identity, scopes, self.options, self._cache)

    def _headers(self, token: str, accept: str | None, media_type: str | None = None) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {token}"}
        if accept:
            headers["Accept"] = accept
        if media_type:
            headers["Content-Type"] = media_type
        return headers

    def send(self, method: str, url: str, scope: str, media_type: str, value: Any, accept: str | None = None) -> Answer:
        """Write ``value`` as JSON of ``media_type``; platforms are strict about the type. Never sent twice by itself.

        A rejected token is the one exception: nothing was done, so a fresh one is tried once.
        """
        body = msgspec.json.encode(value)
        for last in (False, True):
            token = self.token(scope)
            try:
                return self._host(url).ask(method, url, data=body, headers=self._headers(token, accept, media_type))
            except TokenExpired as error:
                self._renew(scope, token, error, last=last)
        raise AssertionError("unreachable")

    def pages(self, url: str, scope: str, accept: str, params: Form | None = None) -> Iterator[Answer]:
        """Read a listing page by page; a token rejected on the first page is renewed once."""
        token = self.token(scope)
        try:
            yield from self._host(url).pages(url, params=params, headers=self._headers(token, accept))
            return
        except TokenExpired as error:
            self._renew(scope, token, error, last=False)
        yield from self._again(url, scope, accept, params)

    def _again(self, url: str, scope: str, accept: str, params: Form | None) -> Iterator[Answer]:
        token = self.token(scope)
        try:
            yield from self._host(url).pages(url, params=params, headers=self._headers(token, accept))
        except TokenExpired as error:
            self._renew(scope, token, error, last=True)

    def _renew(self, scope: str, token: str, error: TokenExpired, *, last: bool) -> None:
        self._cache.drop(cache_key(self.identity, [scope]), token)
        if last:
            raise Reauthorise("the platform rejects our service tokens", status=401) from error
