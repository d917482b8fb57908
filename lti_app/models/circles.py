"""Circles: small standing study groups, with their agenda and how each member says it goes."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Code, FactList, Id, Words, parent

LIVE = text("state IN ('invited', 'in')")


class CircleWish(Base):
    """What a member said about groups: find me one (``wants``), or leave me out of it; ``windows`` as for an offer."""

    __tablename__ = "circle_wish"
    __table_args__ = (UniqueConstraint("membership_id"),)

    id: Mapped[Id]
    membership_id: Mapped[int] = parent("membership.id", index=False)
    wants: Mapped[bool]
    windows: Mapped[FactList] = mapped_column(default=list)
    said_at: Mapped[datetime]


class Circle(Base):
    """A study group; ``state``: proposed (fewer than two have said yes), open, ended.

    ``times`` are codes of when they are all around (mon-evening); ``ended_why``: never_began, emptied, gone.
    """

    __tablename__ = "circle"
    __table_args__ = (Index("ix_circle_context_id_state", "context_id", "state"),)

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id", index=False)
    activity_id: Mapped[int | None] = parent("activity.id", cascade=False, nullable=True)
    state: Mapped[Code] = mapped_column(default="proposed")
    times: Mapped[FactList] = mapped_column(default=list)
    reasons: Mapped[FactList] = mapped_column(default=list)
    made_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None] = mapped_column(String(40))


class CircleMember(Base):
    """Somebody in a circle; ``state``: invited, in, declined, left, lapsed. One live circle each."""

    __tablename__ = "circle_member"
    __table_args__ = (
        UniqueConstraint("circle_id", "membership_id"),
        Index("uq_circle_member_live", "membership_id", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
    )

    id: Mapped[Id]
    circle_id: Mapped[int] = parent("circle.id", index=False)
    membership_id: Mapped[int] = parent("membership.id")
    state: Mapped[Code] = mapped_column(default="invited")
    invited_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class CircleItem(Base):
    """Something on a circle's agenda; with ``starts_at`` it is a meeting."""

    __tablename__ = "circle_item"
    __table_args__ = (UniqueConstraint("circle_id", "form_key"),)

    id: Mapped[Id]
    circle_id: Mapped[int] = parent("circle.id", index=False)
    author_id: Mapped[int | None] = parent("membership.id", cascade=False, nullable=True)
    words: Mapped[Words]
    starts_at: Mapped[datetime | None]
    form_key: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class CircleCheckIn(Base):
    """How one member says it goes in one week (``week_on`` is its Monday): going_well, slowly, stuck."""

    __tablename__ = "circle_check_in"
    __table_args__ = (UniqueConstraint("circle_id", "membership_id", "week_on"),)

    id: Mapped[Id]
    circle_id: Mapped[int] = parent("circle.id", index=False)
    membership_id: Mapped[int] = parent("membership.id")
    week_on: Mapped[date]
    said: Mapped[Code]
    words: Mapped[Words] = mapped_column(default="")
    at: Mapped[datetime]
