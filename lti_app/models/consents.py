"""A consent that somebody was sent to give at an LMS and that has not come back yet."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, PlatformId, Url, Words, parent


class ConsentRequest(Base):
    """One way to an LMS's consent page and back; taking the row away is what uses it up.

    ``browser`` is the digest of what the asking browser keeps in a cookie; ``secret`` is the developer key's, sealed.
    """

    __tablename__ = "consent_request"

    state: Mapped[str] = mapped_column(String(64), primary_key=True)
    registration_id: Mapped[int] = parent("registration.id")
    academy_id: Mapped[int] = parent("academy.id", index=False)
    person_id: Mapped[int | None] = parent("person.id", cascade=False, index=False, nullable=True)
    browser: Mapped[str] = mapped_column(String(64))
    base_url: Mapped[Url]
    client_id: Mapped[PlatformId]
    secret: Mapped[Words]
    expires_at: Mapped[datetime] = mapped_column(index=True)
