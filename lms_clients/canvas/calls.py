"""One request to Canvas, and what its refusals mean."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec

from lms_clients.answers import Answer, decode, judge
from lms_clients.canvas import oauth
from lms_clients.canvas.oauth import CanvasSecret
from lms_clients.errors import (
    FeatureOff,
    LmsError,
    Permission,
    ProtocolTrouble,
    Reauthorise,
    ScopeMissing,
    TokenExpired,
)
from lms_clients.http import Http
from lms_clients.options import Options

T = TypeVar("T")
Params = list[tuple[str, str]]
# Ids of other shards exceed what some parsers keep: asked for as text.
_ACCEPT = "application/json+canvas-string-ids"
_LOW, _PER_SECOND = 150.0, 10.0
# Canvas says so with 401 to whoever lacks "Users - act as", before it does anything.
_NOT_THEM, NOT_IN_THEIR_NAME = "Invalid as_user_id", "not_in_their_name"


class _Refusal(msgspec.Struct):
    status: str = ""
    message: str = ""
    errors: Any = None


def judge_canvas(answer: Answer) -> LmsError | None:
    """Tell what is wrong with an answer; a 401 may be the token, its scopes, or the person's rights."""
    trouble = judge(answer)
    if trouble is None or answer.status not in (401, 403, 404) or not answer.is_json:
        return trouble
    try:
        refusal = msgspec.json.decode(answer.body, type=_Refusal)
    except msgspec.MsgspecError:
        return trouble
    if refusal.errors == _NOT_THEM:
        return Permission("the Canvas user may not act as this person", code=NOT_IN_THEIR_NAME, status=answer.status)
    told = " ".join([refusal.message, *_messages(refusal.errors)])
    if answer.status == 404:
        is_off = "disabled" in told
        return FeatureOff("this page of the course is switched off", status=404) if is_off else trouble
    if "nsufficient scopes" in told:
        return ScopeMissing("the developer key or token lacks a scope", code="insufficient_scopes", status=401)
    if answer.status == 403 or refusal.status == "unauthorized":
        return Permission("the Canvas user may not do this here", code="unauthorized", status=answer.status)
    if "Revoked" in told or refusal.status == "unauthenticated":
        return Reauthorise("the Canvas token was revoked", code="revoked", status=401)
    return TokenExpired("the Canvas token was rejected", code="expired", status=401)


def _messages(errors: object) -> Iterator[str]:
    """Read the messages of a list of errors; Canvas also sends a sentence or faults by field."""
    for one in errors if isinstance(errors, list) else ():
        if isinstance(one, dict):
            yield str(one.get("message") or "")


class Calls:
    """Canvas under one secret, which is renewed once where it has run out."""

    def __init__(self, base_url: str, secret: str, options: Options) -> None:
        self._base = base_url.rstrip("/")
        self._held, self._secret = secret, CanvasSecret.read(secret)
        self._options = options
        self._http = Http(base_url, options, judge=judge_canvas)

    @property
    def count(self) -> int:
        """How many requests were sent so far."""
        return self._http.calls

    def close(self) -> None:
        """Give the sockets back."""
        self._http.close()

    def _headers(self) -> dict[str, str]:
        if self._secret.is_stale(time.time()):
            self._renew()
        return {"Authorization": f"Bearer {self._secret.access_token}", "Accept": _ACCEPT}

    def _renew(self) -> None:
        self._held = self._options.renewing(self._held, self._renewed)
        self._secret = CanvasSecret.read(self._held)

    def _renewed(self, held: str) -> str:
        renewed = oauth.renew(self._base, CanvasSecret.read(held), self._options).text
        # Stored before it is used: if storing fails, nothing depends on it yet.
        self._options.renewed(renewed)
        return renewed

    def _twice(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except TokenExpired:
            self._renew()
        try:
            return ask()
        except TokenExpired as error:
            raise Reauthorise("Canvas rejects a fresh token, too", code="rejected", status=401) from error

    def get(self, path: str, shape: type[T], params: Params | None = None) -> T:
        """Read one thing."""
        answer = self._twice(lambda: self._http.ask("GET", path, params=params, headers=self._headers(), repeat=True))
        self._ease(answer)
        return decode(answer, shape)

    def first(self, path: str, shape: type[T], params: Params | None = None) -> list[T]:
        """Read only the first page of a listing, one row long: to see whether it may be read."""
        return self.get(path, list[shape], [*(params or []), ("per_page", "1")])  # type: ignore[valid-type]

    def each(self, path: str, shape: type[T], params: Params | None = None) -> Iterator[T]:
        """Read a listing page by page, following its bookmarks to the letter.

        Where the token runs out half-way the listing begins anew: whoever reads keeps rows by their ids.
        """
        try:
            yield from self._rows(path, shape, params)
            return
        except TokenExpired:
            self._renew()
        try:
            yield from self._rows(path, shape, params)
        except TokenExpired as error:
            raise Reauthorise("Canvas rejects a fresh token, too", code="rejected", status=401) from error

    def _rows(self, path: str, shape: type[T], params: Params | None) -> Iterator[T]:
        wanted = [*(params or []), ("per_page", "100")]
        for page in self._http.pages(path, params=wanted, headers=self._headers()):
            self._ease(page)
            yield from decode(page, list[shape])  # type: ignore[valid-type]

    def post(self, path: str, form: Params, shape: type[T]) -> T:
        """Write; never twice by itself, but for a token that was rejected before anything was done."""
        headers = self._headers
        return decode(self._twice(lambda: self._http.ask("POST", path, data=form, headers=headers())), shape)

    def put(self, path: str, form: Params, shape: type[T]) -> T:
        """Change one thing."""
        headers = self._headers
        return decode(self._twice(lambda: self._http.ask("PUT", path, data=form, headers=headers())), shape)

    def delete(self, path: str, shape: type[T]) -> T:
        """Take one thing away."""
        headers = self._headers
        return decode(self._twice(lambda: self._http.ask("DELETE", path, headers=headers())), shape)

    def _ease(self, answer: Answer) -> None:
        """Let Canvas's bucket leak when it is nearly full."""
        try:
            left = float(answer.headers.get("X-Rate-Limit-Remaining", _LOW))
        except ValueError:
            return
        if left < _LOW:
            self._options.sleep(min((_LOW - left) / _PER_SECOND, self._options.max_wait))


def is_rejected(error: LmsError) -> bool:
    """Whether Canvas understood a request and refused it, so that nothing was done."""
    return isinstance(error, ProtocolTrouble) and error.status is not None and 400 <= error.status < 500
