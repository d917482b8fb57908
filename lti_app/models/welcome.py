"""How people arrive: the norms they are asked to share, why they are here, and the thread where they say hello."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Code, Facts, Id, Words, parent


class Norms(Base):
    """One wording of an academy's or (with ``context_id``) a course's norms, kept for good; ``words`` by language."""

    __tablename__ = "norms"

    id: Mapped[Id]
    academy_id: Mapped[int] = parent("academy.id")
    # A copied course shares its origin's norms: they outlive it.
    context_id: Mapped[int | None] = parent("context.id", cascade=False, nullable=True)
    words: Mapped[Facts]
    by_id: Mapped[int | None] = parent("person.id", cascade=False, index=False, nullable=True)
    written_at: Mapped[datetime]


class NormsAccepted(Base):
    """A member said that a version of the norms is theirs too; ``version`` is as ``lti_app.store.norms`` names it."""

    __tablename__ = "norms_accepted"

    membership_id: Mapped[int] = parent("membership.id", index=False)
    version: Mapped[Code]
    at: Mapped[datetime]

    __table_args__ = (PrimaryKeyConstraint("membership_id", "version"),)


class Why(Base):
    """Why a member is here, in their own words; ``shared_with`` is nobody, tutors, or helpers (tutors and helpers).

    The sphere (practical gain, belonging, self) stands in ``Membership.motive``.
    """

    __tablename__ = "why"
    __table_args__ = (UniqueConstraint("membership_id"),)

    id: Mapped[Id]
    membership_id: Mapped[int] = parent("membership.id", index=False)
    words: Mapped[Words] = mapped_column(default="")
    shared_with: Mapped[Code] = mapped_column(default="nobody")
    said_at: Mapped[datetime]


class Introductions(Base):
    """The one discussion of a course in which newcomers say hello."""

    __tablename__ = "introductions"
    __table_args__ = (UniqueConstraint("context_id"),)

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id", index=False)
    thread_id: Mapped[int] = parent("thread.id")
