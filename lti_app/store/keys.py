"""Our own signing keys, and the platforms' key sets as last fetched; all in real time."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from jwt.algorithms import RSAAlgorithm
from sqlalchemy import func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lti_app.models import PlatformKeySet, ToolKey
from lti_app.sealing import open_text, seal_text
from lti_app.store.inserts import changed_rows

BITS = 2048
# Platforms keep our key set for hours: a new key is published this long before it signs, an old one this long after.
PUBLISH_FIRST = timedelta(hours=24)
KEEP_AFTER = timedelta(days=7)
# Any number that nobody else uses as an advisory lock.
KEY_LOCK = 0x5245_4749


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The key that signs now: its kid and its private part as PEM."""

    kid: str
    private_pem: str = field(repr=False)
    public_jwk: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key made and not yet stored."""

    kid: str
    public_jwk: dict[str, Any]
    private_pem: str = field(repr=False)


def _thumbprint(jwk: dict[str, Any]) -> str:
    # RFC 7638: the kid follows from the key, so no two keys ever share one.
    from base64 import urlsafe_b64encode
    from hashlib import sha256

    canonical = json.dumps({name: jwk[name] for name in ("e", "kty", "n")}, sort_keys=True, separators=(",", ":"))
    return urlsafe_b64encode(sha256(canonical.encode()).digest()).rstrip(b"=").decode()


def make_key(private_pem: str | None = None) -> NewKey:
    """Return a fresh RSA key, or the one in ``private_pem``; raises ValueError for another kind. Slow."""
    if private_pem is None:
        key: Any = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    else:
        key = load_pem_private_key(private_pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < BITS:
        raise ValueError(f"the key must be RSA with at least {BITS} bits")
    public: dict[str, Any] = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    jwk = {name: public[name] for name in ("kty", "n", "e")}
    kid = _thumbprint(jwk)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return NewKey(kid, {**jwk, "kid": kid, "alg": "RS256", "use": "sig"}, pem)


def _alone(session: Session) -> None:
    # SQLite's BEGIN IMMEDIATE has let only us in already.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": KEY_LOCK})


def _published(now: datetime) -> Any:
    return or_(ToolKey.retired_at.is_(None), ToolKey.retired_at > now)


def _store(session: Session, key: NewKey, secret_key: str, now: datetime, signs_from: datetime) -> None:
    sealed = seal_text(key.private_pem, secret_key)
    row = ToolKey(kid=key.kid, public_jwk=key.public_jwk, private_pem=sealed, created_at=now, signs_from=signs_from)
    session.add(row)
    session.flush()


def published_keys(session: Session, now: datetime) -> list[dict[str, Any]]:
    """Return the public keys of our JWKS, newest first."""
    rows = session.scalars(select(ToolKey).where(_published(now)).order_by(ToolKey.created_at.desc(), ToolKey.kid))
    return [row.public_jwk for row in rows]


def signing_key(session: Session, secret_key: str, now: datetime) -> SigningKey | None:
    """Return the key that signs now, or None while there is none; the newest that was published long enough."""
    row = session.scalars(
        select(ToolKey)
        .where(_published(now), ToolKey.signs_from <= now)
        .order_by(ToolKey.signs_from.desc(), ToolKey.kid)
        .limit(1)
    ).one_or_none()
    return SigningKey(row.kid, open_text(row.private_pem, secret_key), row.public_jwk) if row else None


def add_first_key(session: Session, key: NewKey, secret_key: str, now: datetime) -> bool:
    """Store ``key`` unless there is one already; of several processes that need it at once exactly one succeeds."""
    _alone(session)
    if session.scalar(select(func.count()).select_from(ToolKey).where(_published(now))):
        return False
    # Another machine's clock may run a little behind ours.
    _store(session, key, secret_key, now, now - timedelta(minutes=5))
    return True


def rotate_keys(
    session: Session, key: NewKey, secret_key: str, now: datetime, *, overlap: timedelta = PUBLISH_FIRST
) -> datetime:
    """Publish ``key`` at once, let it sign after ``overlap`` (returned), and retire the others a week later."""
    _alone(session)
    signs_from = now + overlap
    _store(session, key, secret_key, now, signs_from)
    session.execute(
        update(ToolKey)
        .where(ToolKey.kid != key.kid, ToolKey.retired_at.is_(None))
        .values(retired_at=signs_from + KEEP_AFTER)
    )
    return signs_from


def add_declared_key(session: Session, key: NewKey, secret_key: str, now: datetime) -> bool:
    """Store a key that lti_config.json names, published and signing from now; False when it is there already."""
    _alone(session)
    if session.get(ToolKey, key.kid) is not None:
        return False
    _store(session, key, secret_key, now, now)
    return True


@dataclass(frozen=True, slots=True)
class KeptKeySet:
    """A platform's key set as we last saw it."""

    document: dict[str, Any]
    fetched_at: datetime
    fresh_until: datetime
    asked_at: datetime


def kept_key_set(session: Session, jwks_url: str) -> KeptKeySet | None:
    """Return what we keep of the key set at ``jwks_url``, or None when it was never asked for."""
    row = session.get(PlatformKeySet, jwks_url)
    return KeptKeySet(row.document, row.fetched_at, row.fresh_until, row.asked_at) if row else None


def claim_key_fetch(session: Session, jwks_url: str, now: datetime, pause: timedelta) -> bool:
    """Return whether we are the one who may ask the platform now: once in ``pause``, over all processes."""
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"jwks_url": jwks_url, "document": {}, "fetched_at": now, "fresh_until": now, "asked_at": now}
    first = make(PlatformKeySet).values(row).on_conflict_do_nothing().returning(PlatformKeySet.jwks_url)
    if session.execute(first).scalar_one_or_none() is not None:
        return True
    claim = update(PlatformKeySet).where(PlatformKeySet.jwks_url == jwks_url, PlatformKeySet.asked_at <= now - pause)
    return changed_rows(session, claim.values(asked_at=now)) == 1


def keep_key_set(session: Session, jwks_url: str, document: dict[str, Any], now: datetime, fresh: timedelta) -> None:
    """Keep a key set that was just fetched, for ``fresh`` from now."""
    kept = update(PlatformKeySet).where(PlatformKeySet.jwks_url == jwks_url)
    session.execute(kept.values(document=document, fetched_at=now, fresh_until=now + fresh))
