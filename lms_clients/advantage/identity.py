"""Who we are to a platform's services, and the tokens that prove it."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import jwt
import msgspec
from jwt.algorithms import RSAAlgorithm

from lms_clients.answers import Answer, decode, judge
from lms_clients.errors import LmsError, ProtocolTrouble, Reauthorise, ScopeMissing
from lms_clients.http import Http
from lms_clients.options import Options

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# Platforms refuse an assertion from the future: our clock may be a little fast.
_BACK_DATED = 15
_LIVES = 300
_SPARE = 60.0


class ServiceIdentity(msgspec.Struct, frozen=True):
    """A registration's side of the services: ``private_key`` is PEM, ``audience`` is mostly the token address."""

    client_id: str
    token_url: str
    kid: str
    private_key: str
    audience: str | None = None

    @classmethod
    def from_json(cls, text: str) -> ServiceIdentity:
        """Read the secret of a connection; raises Reauthorise where it is none."""
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.MsgspecError as error:
            raise Reauthorise("the stored service identity cannot be read", code="bad_secret") from error

    def __repr__(self) -> str:
        return f"ServiceIdentity({self.client_id!r})"

    def assertion(self, now: float) -> str:
        """A signed statement of who we are, for one use at the moment ``now`` (epoch seconds, real time)."""
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.audience or self.token_url,
            "iat": int(now) - _BACK_DATED,
            "exp": int(now) + _LIVES,
            "jti": uuid.uuid4().hex,
        }
        try:
            return jwt.encode(claims, _loaded(self.private_key), algorithm="RS256", headers={"kid": self.kid})
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            raise Reauthorise("the signing key cannot be used", code="bad_key") from error


@lru_cache(maxsize=8)
def _loaded(private_key: str) -> Any:
    # Reading it costs far more than signing: its primes are proved each time.
    return RSAAlgorithm(RSAAlgorithm.SHA256).prepare_key(private_key)


class _Token(msgspec.Struct):
    access_token: str
    expires_in: float | None = None
    scope: str | None = None


class _Refusal(msgspec.Struct):
    error: str = ""


@dataclass(slots=True)
class TokenCache:
    """Tokens by registration, key and scopes, kept until shortly before they expire; safe for several threads."""

    _kept: dict[tuple[str, ...], tuple[str, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: tuple[str, ...], now: float) -> str | None:
        """A token that still lives at ``now`` (monotonic seconds)."""
        with self._lock:
            token, until = self._kept.get(key, ("", 0.0))
            return token if token and now < until else None

    def keep(self, key: tuple[str, ...], token: str, until: float) -> None:
        """Keep a token until ``until`` (monotonic seconds)."""
        with self._lock:
            self._kept[key] = (token, until)

    def drop(self, key: tuple[str, ...], token: str) -> None:
        """Forget a token that was refused, unless another has taken its place."""
        with self._lock:
            if self._kept.get(key, ("", 0.0))[0] == token:
                del self._kept[key]


SHARED = TokenCache()


def judge_token(answer: Answer) -> LmsError | None:
    """Tell what is wrong with a token answer; Moodle sends its JSON as text/html (seen in 4.5)."""
    body = answer.body.lstrip()
    if answer.status == 400 and body.startswith(b"{"):
        return _refusal(answer)
    if answer.status in (200, 201) and body.startswith(b"{"):
        return None
    return judge(answer)


def _refusal(answer: Answer) -> LmsError:
    code = decode(answer, _Refusal).error
    if code == "invalid_scope":
        return ScopeMissing("the platform does not grant this service to the tool", code=code, status=400)
    if code in ("invalid_client", "unauthorized_client", "invalid_grant"):
        return Reauthorise("the platform does not accept the tool's key or client id", code=code, status=400)
    return ProtocolTrouble("the platform refused a service token", code=code[:40], status=400)


def service_token(identity: ServiceIdentity, scopes: Iterable[str], options: Options, cache: TokenCache) -> str:
    """A token for ``scopes``, from the cache or from the platform (OAuth client credentials, LTI 1.3 security 4.1)."""
    wanted = " ".join(sorted(scopes))
    key = cache_key(identity, wanted.split())
    if token := cache.get(key, options.monotonic()):
        return token
    http = Http(identity.token_url, options, judge=judge_token)
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": _ASSERTION,
        "client_assertion": identity.assertion(time.time()),
        "scope": wanted,
    }
    try:
        found = decode(http.ask("POST", identity.token_url, data=form, repeat=True), _Token)
    finally:
        http.close()
    if found.scope is not None and not set(wanted.split()) & set(found.scope.split()):
        raise ScopeMissing("the platform does not grant this service to the tool", code="scope_not_granted")
    lives = found.expires_in or 3600.0
    cache.keep(key, found.access_token, options.monotonic() + max(lives - _SPARE, lives / 2))
    return found.access_token


def cache_key(identity: ServiceIdentity, scopes: Iterable[str]) -> tuple[str, ...]:
    """What a token belongs to."""
    return (identity.token_url, identity.client_id, identity.kid, " ".join(sorted(scopes)))
