"""What helps in the course beyond its own pages: shared by members, looked after by staff."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Code, Id, Title, Words, parent

KEPT = text("state IN ('waiting', 'shown') AND address_key IS NOT NULL")


class Material(Base):
    """One piece of the library: ``kind`` is link, file, tutorial, case or recording.

    ``state``: waiting (suggested by a member), shown, declined, archived. ``why`` is its giver's word on why it helped.
    ``address_key`` is the address without what does not matter: one address stands in a course's library once.
    ``useful`` counts those who found it so, in step with ``material_use``.
    """

    __tablename__ = "material"
    __table_args__ = (
        Index("ix_material_context_id_state", "context_id", "state"),
        Index(
            "uq_material_address", "context_id", "address_key", unique=True, sqlite_where=KEPT, postgresql_where=KEPT
        ),
        UniqueConstraint("by_id", "form_key"),
    )

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id", index=False)
    kind: Mapped[Code]
    state: Mapped[Code] = mapped_column(default="waiting")
    title: Mapped[Title]
    why: Mapped[Words] = mapped_column(default="")
    url: Mapped[str | None] = mapped_column(String(2000))
    address_key: Mapped[str | None] = mapped_column(String(64))
    upload_id: Mapped[int | None] = parent("upload.id", cascade=False, nullable=True)
    activity_id: Mapped[int | None] = parent("activity.id", cascade=False, nullable=True)
    section: Mapped[str | None] = mapped_column(String(500))
    outcome: Mapped[str | None] = mapped_column(String(300))
    event_id: Mapped[int | None] = parent("event.id", cascade=False, nullable=True)
    by_id: Mapped[int | None] = parent("membership.id", cascade=False, index=False, nullable=True)
    form_key: Mapped[str | None] = mapped_column(String(64))
    useful: Mapped[int] = mapped_column(default=0)
    reason: Mapped[Words] = mapped_column(default="")
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    indexed_at: Mapped[datetime | None]
    shown_at: Mapped[datetime | None]
    featured_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = parent("membership.id", cascade=False, index=False, nullable=True)


class MaterialUse(Base):
    """A member's "this was useful to me"."""

    __tablename__ = "material_use"

    material_id: Mapped[int] = parent("material.id", index=False)
    membership_id: Mapped[int] = parent("membership.id")
    at: Mapped[datetime]

    __table_args__ = (PrimaryKeyConstraint("material_id", "membership_id"),)
