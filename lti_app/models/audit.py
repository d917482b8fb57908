"""Who did what that others may need to know of."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Code, Facts, Id, parent


class AuditEntry(Base):
    """One act by staff or by an operator; the person concerned may see the part about them."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_academy_id_at", "academy_id", "at"),)

    id: Mapped[Id]
    academy_id: Mapped[int] = parent("academy.id", index=False)
    context_id: Mapped[int | None] = parent("context.id", cascade=False, nullable=True)
    actor_id: Mapped[int | None] = parent("person.id", cascade=False, nullable=True)
    about_id: Mapped[int | None] = parent("person.id", cascade=False, nullable=True)
    what: Mapped[Code]
    facts: Mapped[Facts] = mapped_column(default=dict)
    at: Mapped[datetime]
