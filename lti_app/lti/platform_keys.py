"""A platform's public keys: kept by its cache headers, asked for again once when a kid is unknown.

Asking is claimed in the database, so that of all processes one asks, and a flood of forged kids costs the platform at
most one request in ten seconds (security framework 1.0, sections 6.3 and 6.4).
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm

from lms_clients.answers import decode_any
from lms_clients.errors import LmsError
from lms_clients.http import Http
from lms_clients.options import Options
from lti_app.claim_fields import BadLaunch
from lti_app.house import House
from lti_app.lti.checks import usable_key
from lti_app.lti.memory import memory
from lti_app.store.keys import KeptKeySet, claim_key_fetch, keep_key_set, kept_key_set

log = logging.getLogger("regista.lti.keys")
PAUSE = timedelta(seconds=10)
# What a platform says is honoured between these; without a word it is an hour.
SHORTEST, USUAL, LONGEST = timedelta(minutes=5), timedelta(hours=1), timedelta(hours=24)
# A platform that does not answer must not close the course: its last known keys serve for this long.
GRACE = timedelta(hours=24)
PATIENCE = 4.0
LARGEST_KEY_SET = 256 * 1024


def options_of(house: House) -> Options:
    """Return how we ask platforms while somebody waits for a page: quickly or not at all."""
    return Options(
        allow_private=house.settings.allow_private_addresses,
        connect_seconds=3.0,
        read_seconds=5.0,
        total_seconds=8.0,
        max_bytes=LARGEST_KEY_SET,
        tries=1,
    )


def freshness(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Return how long an answer may be kept by its Cache-Control or Expires header, within our bounds."""
    said = headers.get("Cache-Control", "").lower()
    if match := re.search(r"(?:^|[\s,])max-age=(\d{1,9})", said):
        span = timedelta(seconds=int(match[1]))
    elif "no-store" in said or "no-cache" in said:
        span = SHORTEST
    elif expires := headers.get("Expires"):
        try:
            moment = parsedate_to_datetime(expires)
            span = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
        except (ValueError, TypeError):
            span = SHORTEST
    else:
        span = USUAL
    return min(max(span, SHORTEST), LONGEST)


def _fetch(house: House, jwks_url: str) -> None:
    http = Http(jwks_url, options_of(house))
    try:
        answer = http.ask("GET", jwks_url)
        document = decode_any(answer)
    finally:
        http.close()
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise BadLaunch("keys_unreadable", "the key set has no list of keys")
    now = datetime.now(UTC)
    public = {"keys": [key for key in document["keys"][:100] if isinstance(key, dict) and "d" not in key]}
    with house.db.writing() as session:
        keep_key_set(session, jwks_url, public, now, freshness(answer.headers, now))


def _look(house: House, jwks_url: str) -> KeptKeySet | None:
    with house.db.reading() as session:
        return kept_key_set(session, jwks_url)


def _wait_for_other(house: House, jwks_url: str, kid: str) -> dict[str, Any] | None:
    """Give whoever is asking just now a moment: their answer serves us too."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        kept = _look(house, jwks_url)
        if kept and (key := usable_key(kept.document, kid)):
            return key
        if kept is None or kept.fetched_at > kept.asked_at or datetime.now(UTC) - kept.asked_at > PAUSE / 2:
            return None
        time.sleep(0.05)
    return None


def key_for(house: House, jwks_url: str, kid: str) -> RSAPublicKey:
    """Return the platform's RSA key ``kid``, asking the platform where needed; raises BadLaunch when there is none."""
    remembered = memory().key(jwks_url, kid)
    if remembered is not None:
        return cast(RSAPublicKey, remembered)
    found, seconds = _found(house, jwks_url, kid)
    if found is None:
        raise BadLaunch("unknown_key", f"kid {kid[:80]!r}")
    key = ready_key(found)
    memory().keep_key(jwks_url, kid, key, seconds)
    return key


def ready_key(jwk: Mapping[str, Any]) -> RSAPublicKey:
    """Return a public key ready to verify with; raises BadLaunch where the platform published nonsense."""
    try:
        key = RSAAlgorithm.from_jwk(dict(jwk))
    # A key set may hold anything under the token's kid, and the layers below raise errors of their own over it.
    except Exception as e:
        raise BadLaunch("unknown_key", f"key of the platform: {type(e).__name__}") from e
    if not isinstance(key, RSAPublicKey):
        raise BadLaunch("unknown_key", "the platform published a private key")
    return key


def _found(house: House, jwks_url: str, kid: str) -> tuple[dict[str, Any] | None, float]:
    """Return the key from the kept key set, or from the platform, and for how many seconds it is good."""
    now = datetime.now(UTC)
    kept = _look(house, jwks_url)
    key = usable_key(kept.document, kid) if kept else None
    if kept and key and kept.fresh_until > now:
        return key, (kept.fresh_until - now).total_seconds()
    ours = False
    # A flood of forged kids shall not queue up before the database either.
    if kept is None or kept.asked_at <= now - PAUSE:
        with house.db.writing() as session:
            ours = claim_key_fetch(session, jwks_url, now, PAUSE)
    old = key if kept and kept.fresh_until + GRACE > now else None
    # What comes from a platform that does not answer is asked for again at the next launch.
    return (_ask(house, jwks_url, kid, old) if ours else old or _wait_for_other(house, jwks_url, kid)), 0.0


def _ask(house: House, jwks_url: str, kid: str, old: dict[str, Any] | None) -> dict[str, Any] | None:
    """Ask the platform; its answer decides alone, and ``old`` serves only where there is no answer."""
    try:
        _fetch(house, jwks_url)
    except LmsError as e:
        log.warning("key set %s not readable: %s", jwks_url, e)
        if old is None:
            raise BadLaunch("keys_unreachable", f"{type(e).__name__}: {e}") from e
        return old
    kept = _look(house, jwks_url)
    return usable_key(kept.document, kid) if kept else None
