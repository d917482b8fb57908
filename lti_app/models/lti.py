"""Who may launch us and who came: academies, registrations, deployments, keys and persons."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_app.models.base import Base, Code, FactList, Facts, Id, PlatformId, Title, Url, Words, parent


class Academy(Base):
    """Who deployments belong to: owns name, accent, tone, people and norms."""

    __tablename__ = "academy"

    id: Mapped[Id]
    name: Mapped[Title]
    locale: Mapped[str] = mapped_column(String(10), default="en")
    time_zone: Mapped[str] = mapped_column(String(64), default="Europe/Rome")
    accent: Mapped[str] = mapped_column(String(9), default="#1d6b57")
    settings: Mapped[Facts] = mapped_column(default=dict)
    created_at: Mapped[datetime]


class Registration(Base):
    """Our entry for a platform: issuer, client id and addresses (LTI core 1.3, section 3.1.3; security 1.0, 5.1.1).

    ``origins`` are further sites of the platform, learned from its signed launches: hosted ones have one a school.
    """

    __tablename__ = "registration"
    __table_args__ = (UniqueConstraint("issuer", "client_id"),)

    id: Mapped[Id]
    academy_id: Mapped[int] = parent("academy.id")
    name: Mapped[Title]
    issuer: Mapped[Url]
    client_id: Mapped[PlatformId]
    auth_login_url: Mapped[Url]
    auth_token_url: Mapped[Url]
    jwks_url: Mapped[Url]
    auth_audience: Mapped[str | None] = mapped_column(String(2000))
    product: Mapped[Code] = mapped_column(default="")
    origin: Mapped[Code] = mapped_column(default="manual")
    accepts_new_deployments: Mapped[bool] = mapped_column(default=False)
    status: Mapped[Code] = mapped_column(default="active")
    scopes: Mapped[FactList] = mapped_column(default=list)
    origins: Mapped[FactList] = mapped_column(default=list)
    created_at: Mapped[datetime]

    academy: Mapped[Academy] = relationship(lazy="raise_on_sql")
    deployments: Mapped[list[Deployment]] = relationship(back_populates="registration", lazy="raise_on_sql")


class Deployment(Base):
    """One installation of the tool under a registration; ``status`` is waiting, active or blocked.

    ``notices_url`` is where the platform lets us ask for notices, ``notices_state`` how that went: due, done, refused.
    """

    __tablename__ = "deployment"
    __table_args__ = (UniqueConstraint("registration_id", "id_on_platform"),)

    id: Mapped[Id]
    registration_id: Mapped[int] = parent("registration.id")
    academy_id: Mapped[int] = parent("academy.id")
    id_on_platform: Mapped[PlatformId]
    status: Mapped[Code] = mapped_column(default="active")
    notices_url: Mapped[str | None] = mapped_column(String(2000))
    notices_state: Mapped[Code] = mapped_column(default="")
    created_at: Mapped[datetime]

    registration: Mapped[Registration] = relationship(back_populates="deployments", lazy="raise_on_sql")


class ToolKey(Base):
    """One of our own signing keys; the private part is encrypted with the secret key."""

    __tablename__ = "tool_key"

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    public_jwk: Mapped[Facts]
    private_pem: Mapped[Words]
    created_at: Mapped[datetime]
    signs_from: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class PlatformKeySet(Base):
    """A platform's JWKS as last fetched, shared by every process; ``asked_at`` limits refetches for unknown kids."""

    __tablename__ = "platform_key_set"

    jwks_url: Mapped[str] = mapped_column(String(2000), primary_key=True)
    document: Mapped[Facts]
    fetched_at: Mapped[datetime]
    fresh_until: Mapped[datetime]
    asked_at: Mapped[datetime]


class ConsumedState(Base):
    """A login state that was used: its primary key is what makes a second use fail, in every process."""

    __tablename__ = "consumed_state"

    state: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Person(Base):
    """Somebody at a platform: a ``sub`` of a launch, an id of its web services, or both.

    ``display_name``, ``tint`` and ``portrait`` (the key of an upload) are how they chose to be seen.
    """

    __tablename__ = "person"
    __table_args__ = (
        Index(
            "uq_person_sub",
            "registration_id",
            "id_on_platform",
            unique=True,
            sqlite_where=text("id_on_platform IS NOT NULL"),
            postgresql_where=text("id_on_platform IS NOT NULL"),
        ),
        Index(
            "uq_person_api_id",
            "registration_id",
            "api_id",
            unique=True,
            sqlite_where=text("api_id IS NOT NULL"),
            postgresql_where=text("api_id IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    registration_id: Mapped[int] = parent("registration.id", index=False)
    id_on_platform: Mapped[str | None] = mapped_column(String(255))
    api_id: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str | None] = mapped_column(String(255))
    given_name: Mapped[str | None] = mapped_column(String(255))
    family_name: Mapped[str | None] = mapped_column(String(255))
    email: Mapped[str | None] = mapped_column(String(320))
    picture: Mapped[str | None] = mapped_column(String(2000))
    display_name: Mapped[str | None] = mapped_column(String(80))
    tint: Mapped[int | None]
    portrait: Mapped[str | None] = mapped_column(String(64))
    locale: Mapped[str | None] = mapped_column(String(20))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
