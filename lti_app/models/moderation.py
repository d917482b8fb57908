"""What keeps a community safe: reports, and voices that rest for a while."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Code, FactList, Id, Words, parent


class Report(Base):
    """Something that a person should look at: reported by a member, or raised by the house itself (``by_id`` NULL).

    ``why``: unkind, off_topic, spam, private, answer_leak, other, crisis (words that speak of harm: it never waits) or
    held. ``state``: open, upheld, dismissed. ``found`` are the words that raised it. A post, a kind word or a file
    it is about.
    """

    __tablename__ = "report"
    __table_args__ = (Index("ix_report_context_id_state", "context_id", "state"),)

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id", index=False)
    post_id: Mapped[int | None] = parent("post.id", nullable=True)
    upload_id: Mapped[int | None] = parent("upload.id", index=False, nullable=True)
    kudos_id: Mapped[int | None] = parent("kudos.id", index=False, nullable=True)
    about_id: Mapped[int | None] = parent("membership.id", cascade=False, nullable=True)
    by_id: Mapped[int | None] = parent("membership.id", cascade=False, index=False, nullable=True)
    why: Mapped[Code]
    words: Mapped[Words] = mapped_column(default="")
    found: Mapped[FactList] = mapped_column(default=list)
    state: Mapped[Code] = mapped_column(default="open")
    made_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = parent("membership.id", cascade=False, index=False, nullable=True)
    decision: Mapped[str | None] = mapped_column(String(40))
    decision_words: Mapped[Words] = mapped_column(default="")


class Mute(Base):
    """A member who may read but not write from ``at`` until ``until``, with the reason that they are told."""

    __tablename__ = "mute"
    __table_args__ = (Index("ix_mute_membership_id_until", "membership_id", "until"),)

    id: Mapped[Id]
    membership_id: Mapped[int] = parent("membership.id", index=False)
    by_id: Mapped[int | None] = parent("membership.id", cascade=False, index=False, nullable=True)
    reason: Mapped[Words]
    at: Mapped[datetime]
    until: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
