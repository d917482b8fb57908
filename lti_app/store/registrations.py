"""Platforms: who may launch us, under which client id, from which deployments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, selectinload

from lti_app.claim_fields import plain, web_address
from lti_app.models import Academy, Deployment, PlatformKeySet, Registration
from lti_app.store.freed import next_number, set_aside
from lti_app.store.inserts import changed_rows, insert_new


class BadPlatform(Exception):
    """A platform cannot be added; ``faults`` holds one sentence for each thing to mend."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


@dataclass(frozen=True, slots=True)
class Declared:
    """The addresses and names of one registration, as declared by whoever adds it."""

    issuer: str
    client_id: str
    auth_login_url: str
    auth_token_url: str
    jwks_url: str
    auth_audience: str | None = None

    def faults(self) -> list[str]:
        """Return what is wrong with it, one sentence each."""
        found = []
        for name in ("issuer", "auth_login_url", "auth_token_url", "jwks_url"):
            said = getattr(self, name)
            if len(said) > 2000:
                found.append(f"{name} is longer than 2,000 characters")
            elif web_address(said) is None or urlsplit(said).fragment:
                found.append(f"{name} must be a full web address, not {said!r}")
        if not _is_id(self.client_id):
            found.append("client_id must be 1 to 255 ASCII characters")
        if self.auth_audience is not None and plain(self.auth_audience, 2000) != self.auth_audience:
            found.append("auth_audience must be a plain text of at most 2,000 characters")
        return found


def _is_id(text: str) -> bool:
    """Return whether it can be an id (LTI core 1.3, 2.1)."""
    return 0 < len(text) <= 255 and text.isascii() and text.isprintable()


@dataclass(frozen=True, slots=True)
class KnownPlatform:
    """An active registration as the front door needs it, independent of any session."""

    id: int
    academy_id: int
    issuer: str
    client_id: str
    auth_login_url: str
    jwks_url: str
    auth_audience: str | None


def known_platform(row: Registration) -> KnownPlatform:
    """Return a registration as the front door needs it."""
    return KnownPlatform(
        row.id, row.academy_id, row.issuer, row.client_id, row.auth_login_url, row.jwks_url, row.auth_audience
    )


def find_academy(session: Session, name: str, now: datetime) -> Academy:
    """Return the academy of this name, made where it is new."""
    name = plain(name) or "Academy"
    academy = session.scalars(select(Academy).where(Academy.name == name).order_by(Academy.id).limit(1)).one_or_none()
    if academy is None:
        academy = Academy(name=name, settings={}, created_at=now)
        session.add(academy)
        session.flush()
    return academy


def _row_for(session: Session, platform: Declared, academy: Academy, now: datetime) -> Registration:
    row = find_registration(session, platform.issuer, platform.client_id)
    if row is None:
        ids = {"issuer": platform.issuer, "client_id": platform.client_id, "academy_id": academy.id}
        row = Registration(id=next_number(session), **ids, created_at=now)
        session.add(row)
    elif row.academy_id != academy.id:
        raise BadPlatform([f"{platform.issuer} with client id {platform.client_id} belongs to another academy"])
    return row


def add_platform(
    session: Session,
    *,
    academy_name: str,
    academy_id: int | None = None,
    name: str,
    issuer: str,
    client_id: str,
    auth_login_url: str,
    auth_token_url: str,
    jwks_url: str,
    deployment_ids: Iterable[str],
    auth_audience: str | None = None,
    product: str = "",
    origin: str = "manual",
    accepts_new_deployments: bool = False,
    scopes: Iterable[str] = (),
    now: datetime,
) -> Registration:
    """Add a platform or bring the one with this issuer and client id up to date; raises BadPlatform.

    Deployments are only added. A registration stays with its first academy: moving it would carry people's data across.
    ``academy_id`` names an academy that is there, ``academy_name`` one that may be new.
    """
    platform = Declared(issuer, client_id, auth_login_url, auth_token_url, jwks_url, auth_audience)
    ids = tuple(deployment_ids)
    odd = [_odd_id(one) for one in ids if not _is_id(one)]
    if faults := platform.faults() + odd:
        raise BadPlatform(faults)
    known = session.get(Academy, academy_id) if academy_id else None
    row = _row_for(session, platform, known or find_academy(session, academy_name, now), now)
    row.name = plain(name) or urlsplit(issuer).netloc[:500]
    row.auth_login_url, row.auth_token_url, row.jwks_url = auth_login_url, auth_token_url, jwks_url
    row.auth_audience = auth_audience
    row.product = plain(product, 40) or row.product or ""
    row.origin = origin
    row.status, row.accepts_new_deployments = "active", accepts_new_deployments
    row.scopes = list(scopes) or row.scopes or []
    session.flush()
    for id_on_platform in ids:
        allow_deployment(session, row, id_on_platform, now)
    return row


def _odd_id(id_on_platform: str) -> str:
    return f"a deployment id must be 1 to 255 ASCII characters, not {id_on_platform[:300]!r}"


def allow_deployment(session: Session, registration: Registration, id_on_platform: str, now: datetime) -> bool:
    """Say yes to a deployment, new or waiting; False for a blocked one, which stays so. Raises BadPlatform."""
    if not _is_id(id_on_platform):
        raise BadPlatform([_odd_id(id_on_platform)])
    ids = {"registration_id": registration.id, "academy_id": registration.academy_id, "id_on_platform": id_on_platform}
    there = (Deployment.registration_id == registration.id, Deployment.id_on_platform == id_on_platform)
    if insert_new(session, Deployment, **ids, status="active", created_at=now) is None:
        session.execute(update(Deployment).where(*there, Deployment.status == "waiting").values(status="active"))
    return session.scalar(select(Deployment.status).where(*there)) == "active"


def find_registration(session: Session, issuer: str, client_id: str) -> Registration | None:
    """Return the registration of this issuer and client id."""
    return session.scalars(
        select(Registration).where(Registration.issuer == issuer, Registration.client_id == client_id)
    ).one_or_none()


def platforms_of(session: Session, issuer: str) -> list[KnownPlatform]:
    """Return every active registration of an issuer; hosted platforms give all their schools one issuer.

    ``issuer`` may be any text from anybody.
    """
    if not issuer.isprintable():
        # PostgreSQL refuses NUL, and lone surrogates cannot be encoded at all.
        return []
    active = select(Registration).where(Registration.issuer == issuer, Registration.status == "active")
    return [known_platform(row) for row in session.scalars(active)]


def active_platform(session: Session, registration_id: int) -> KnownPlatform | None:
    """Return one registration unless it is gone or switched off."""
    row = session.get(Registration, registration_id)
    return known_platform(row) if row is not None and row.status == "active" else None


def client_ids_of(session: Session, issuer: str) -> frozenset[str]:
    """Return all our client ids at one issuer."""
    return frozenset(session.scalars(select(Registration.client_id).where(Registration.issuer == issuer)))


def list_platforms(session: Session) -> list[Registration]:
    """Return every registration with its academy and deployments, in the order they came."""
    return list(
        session.scalars(
            select(Registration)
            .options(selectinload(Registration.academy), selectinload(Registration.deployments))
            .order_by(Registration.id)
        )
    )


def remove_platform(session: Session, issuer: str, client_id: str) -> bool:
    """Remove a registration with everything known through it: courses, people, threads. False when there is none."""
    row = find_registration(session, issuer, client_id)
    if row is None:
        return False
    jwks_url = row.jwks_url
    set_aside(session, row.id)
    gone = changed_rows(session, delete(Registration).where(Registration.id == row.id)) == 1
    left = session.scalar(select(func.count()).select_from(Registration).where(Registration.jwks_url == jwks_url))
    if not left:
        session.execute(delete(PlatformKeySet).where(PlatformKeySet.jwks_url == jwks_url))
    return gone
