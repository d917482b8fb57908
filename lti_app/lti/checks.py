"""The strict checks of an id_token, made before any session or row exists; every refusal is a BadLaunch.

They cover what the protocol library accepts and should not (LTI security framework 1.0, section 5.1.3). Times are real
time in epoch seconds: the practice LMS may move the community's clock, never these.
"""

from __future__ import annotations

import binascii
import hmac
import json
import math
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from lti_app.claim_fields import BadLaunch

LARGEST_TOKEN = 32 * 1024
LEEWAY = 10
OLDEST = 300
LONGEST_LIFE = 86_400
# Far more than any platform writes, and far less than it takes to exhaust whoever walks through it later.
DEEPEST = 64
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
_ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
_TO_PLAIN = bytes.maketrans(b"-_", b"+/")
# The last of two or three letters over has bits to spare, which are 0 (RFC 4648, 3.5).
_SPARE_BITS = {2: 0b1111, 3: 0b11}
DEAD_KEYS = ("d", "p", "q", "k")


@dataclass(frozen=True, slots=True)
class Expected:
    """What the login promised that the token would say; ``trusted`` are further audiences that are ours or theirs."""

    issuer: str
    client_id: str
    nonce: str
    trusted: frozenset[str]


@dataclass(frozen=True, slots=True)
class Token:
    """An id_token taken apart but not yet trusted; ``signature`` is to be the platform's over ``signed``."""

    kid: str
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes


def _bytes(text: str, what: str) -> bytes:
    """Decode one segment; there is one way to write it, in the alphabet of addresses (some platforms pad it)."""
    bare = text.rstrip("=")
    over = len(bare) % 4
    if not _SEGMENT.fullmatch(bare) or over == 1 or len(text) - len(bare) not in (0, -over % 4):
        raise BadLaunch("token_unreadable", f"{what}: alphabet")
    if over and _ALPHABET.index(bare[-1]) & _SPARE_BITS[over]:
        raise BadLaunch("token_unreadable", f"{what}: written in another way")
    return binascii.a2b_base64(bare.encode().translate(_TO_PLAIN) + b"=" * (-over % 4))


def _no_number(text: str) -> float:
    # Python reads NaN and Infinity, which are no JSON, and would write them back into a deep linking response.
    raise ValueError(text)


_JSON = json.JSONDecoder(parse_constant=_no_number)


def _is_deep(text: str, value: Any) -> bool:
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    level = [value]
    for _ in range(DEEPEST):
        inside = (one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list))
        level = list(chain.from_iterable(inside))
    return any(isinstance(one, dict | list) for one in level)


def _part(text: str, what: str) -> dict[str, Any]:
    try:
        written = _bytes(text, what).decode()
        value = _JSON.decode(written)
    # RecursionError: a thousand opening brackets are enough to exhaust the parser.
    except (ValueError, RecursionError) as e:
        raise BadLaunch("token_unreadable", f"{what}: {type(e).__name__}") from e
    if not isinstance(value, dict):
        raise BadLaunch("token_unreadable", f"{what} is no object")
    if _is_deep(written, value):
        raise BadLaunch("token_unreadable", f"{what}: too deep")
    return value


def take_apart(raw: str) -> Token:
    """Split and decode an id_token of bounded size; only RS256 with a kid, and never a key that the header brings."""
    if not raw:
        raise BadLaunch("token_missing", "no id_token")
    if len(raw) > LARGEST_TOKEN:
        raise BadLaunch("token_too_large", f"{len(raw)} characters")
    parts = raw.split(".")
    if len(parts) != 3 or not all(parts):
        raise BadLaunch("token_unreadable", f"{len(parts)} parts")
    header = _part(parts[0], "header")
    if header.get("alg") != "RS256":
        raise BadLaunch("algorithm", repr(header.get("alg"))[:40])
    if "crit" in header or "b64" in header:
        raise BadLaunch("token_unreadable", "critical header extensions")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid or len(kid) > 255:
        raise BadLaunch("no_kid", "kid")
    signed = f"{parts[0]}.{parts[1]}".encode()
    return Token(kid, _part(parts[1], "payload"), signed, _bytes(parts[2], "signature"))


def check_parties(claims: Mapping[str, Any], expected: Expected) -> None:
    """Check iss, aud and azp: ours must be in the audience, and nobody else whom we do not know."""
    if claims.get("iss") != expected.issuer:
        raise BadLaunch("issuer", repr(claims.get("iss"))[:200])
    audience = claims.get("aud")
    if isinstance(audience, str):
        audience = [audience]
    if not isinstance(audience, list) or not all(isinstance(one, str) for one in audience):
        raise BadLaunch("audience", "aud has the wrong type")
    if expected.client_id not in audience:
        raise BadLaunch("audience", repr(audience)[:200])
    azp = claims.get("azp")
    # OpenID Connect core 3.1.3.7 (4, 5): with several audiences azp says for whom the token is, and it must be us.
    if azp is not None and azp != expected.client_id:
        raise BadLaunch("authorised_party", repr(azp)[:200])
    strangers = set(audience) - {expected.client_id, expected.issuer} - expected.trusted
    if strangers:
        raise BadLaunch("audience", f"audiences that nobody here trusts: {sorted(strangers)!r}"[:200])
    if len(audience) > 1 and azp is None:
        raise BadLaunch("authorised_party", "several audiences and no azp")


def _moment(claims: Mapping[str, Any], name: str) -> float | int:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadLaunch("times", f"{name} missing or no number")
    if isinstance(value, float) and not math.isfinite(value):
        raise BadLaunch("times", f"{name} is not finite")
    return value


def check_times(claims: Mapping[str, Any], now: float) -> None:
    """Check iat, exp and nbf with ten seconds of leeway; a token is good for minutes, whatever its exp says."""
    issued, expires = _moment(claims, "iat"), _moment(claims, "exp")
    if issued > now + LEEWAY:
        raise BadLaunch("times_future", "iat lies in the future")
    if issued < now - OLDEST:
        raise BadLaunch("times_old", "iat is too old")
    if expires < now - LEEWAY:
        raise BadLaunch("times_old", "exp has passed")
    if expires > issued + LONGEST_LIFE:
        raise BadLaunch("times", "exp lies too far in the future")
    if "nbf" in claims and _moment(claims, "nbf") > now + LEEWAY:
        raise BadLaunch("times_future", "nbf lies in the future")


def check_nonce(claims: Mapping[str, Any], expected: Expected) -> None:
    """Check that the nonce is the one of this very login."""
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not nonce or len(nonce) > 255:
        raise BadLaunch("nonce", "nonce missing or of the wrong type")
    if not hmac.compare_digest(nonce.encode("utf-8", "replace"), expected.nonce.encode()):
        raise BadLaunch("nonce", "nonce belongs to another login")


def usable_key(document: Mapping[str, Any], kid: str) -> dict[str, Any] | None:
    """Return the RSA signing key named ``kid`` from a platform's key set, or None; RS256 whatever the key says."""
    keys = document.get("keys")
    for key in keys if isinstance(keys, list) else ():
        if not isinstance(key, dict) or key.get("kid") != kid:
            continue
        modulus = key.get("n")
        # 2,048 bits are 342 characters of base64url.
        fits = key.get("kty") == "RSA" and isinstance(modulus, str) and len(modulus) >= 342
        if fits and key.get("alg", "RS256") == "RS256" and key.get("use", "sig") == "sig":
            return {name: value for name, value in key.items() if name not in DEAD_KEYS}
    return None
