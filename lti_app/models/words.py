"""The academy's own words, where its community manager has written some."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Code, Id, Words, parent


class Wording(Base):
    """What an academy says instead of the shipped words, for one use, kind of stall, reason to take part and language.

    ``use`` is nudge, draft, card or peer, or the headline of one (``nudge_title``); ``motive`` is empty for everybody
    whose reason has no words of its own.
    """

    __tablename__ = "wording"
    __table_args__ = (UniqueConstraint("academy_id", "use", "kind", "motive", "language"),)

    id: Mapped[Id]
    academy_id: Mapped[int] = parent("academy.id", index=False)
    use: Mapped[Code]
    kind: Mapped[Code]
    motive: Mapped[Code] = mapped_column(default="")
    language: Mapped[str] = mapped_column(String(10))
    body: Mapped[Words]
    by_id: Mapped[int | None] = parent("person.id", cascade=False, index=False, nullable=True)
    changed_at: Mapped[datetime]
