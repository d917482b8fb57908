"""A stall's life: episodes, matches, prompts and their deliveries; and who offers help."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Code, FactList, Facts, Id, Title, Words, parent

OPEN = text("ended_at IS NULL")


class HelpOffer(Base):
    """A learner's offer to help others with one activity; paused and ended by the learner in one click."""

    __tablename__ = "help_offer"
    __table_args__ = (UniqueConstraint("membership_id", "activity_id"),)

    id: Mapped[Id]
    membership_id: Mapped[int] = parent("membership.id", index=False)
    activity_id: Mapped[int] = parent("activity.id")
    capacity: Mapped[int] = mapped_column(default=1)
    words: Mapped[Words] = mapped_column(default="")
    languages: Mapped[FactList] = mapped_column(default=list)
    windows: Mapped[FactList] = mapped_column(default=list)
    shows_attempts: Mapped[bool] = mapped_column(default=False)
    offered_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Episode(Base):
    """A stall's life; the partial unique index allows one open episode per membership.

    ``state``: open, offered (candidates shown), asked (a helper was asked), helped (matched), ended.
    ``reasons`` is a list of {code, facts, weight} as engagement gave them. ``snoozed_until`` is the learner's own,
    ``desk_snoozed_until`` the tutor's. The lot is written once and for good: ``arm`` (helped or held_out; NULL: none
    was drawn), ``stratum``, ``lot_seed`` and ``way`` (the channel a word would take); ``held_out`` is what holds now.
    ``moved_at`` is when the learner first moved again after the opening, however the episode ended.
    """

    __tablename__ = "episode"
    __table_args__ = (
        Index("uq_episode_open", "membership_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_episode_context_id_state", "context_id", "state"),
    )

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id", index=False)
    membership_id: Mapped[int] = parent("membership.id")
    activity_id: Mapped[int | None] = parent("activity.id", cascade=False, nullable=True)
    kind: Mapped[Code]
    confidence: Mapped[float] = mapped_column(default=0.0)
    probability: Mapped[float]
    reasons: Mapped[FactList]
    state: Mapped[Code] = mapped_column(default="open")
    since: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(40))
    snoozed_until: Mapped[datetime | None]
    desk_snoozed_until: Mapped[datetime | None]
    owner_id: Mapped[int | None] = parent("membership.id", cascade=False, nullable=True)
    due_at: Mapped[datetime | None]
    nudged_at: Mapped[datetime | None]
    matched_at: Mapped[datetime | None]
    tutored_at: Mapped[datetime | None]
    held_out: Mapped[bool] = mapped_column(default=False)
    arm: Mapped[str | None] = mapped_column(String(40))
    stratum: Mapped[str | None] = mapped_column(String(80))
    lot_seed: Mapped[int | None] = mapped_column(index=True)
    way: Mapped[str | None] = mapped_column(String(40))
    moved_at: Mapped[datetime | None]


class EpisodeEvent(Base):
    """A transition of an episode: who did what when. Queue, history and statistics at once."""

    __tablename__ = "episode_event"

    id: Mapped[Id]
    episode_id: Mapped[int] = parent("episode.id")
    what: Mapped[Code]
    by_id: Mapped[int | None] = parent("membership.id", cascade=False, nullable=True)
    facts: Mapped[Facts] = mapped_column(default=dict)
    at: Mapped[datetime]


class Match(Base):
    """An episode joined to a helper; ``state``: proposed, asked, called, accepted, declined, withdrawn, expired, ended.

    ``called`` is asked together with all who are here now: the first to accept takes it. ``then_next``: where this one
    cannot, the learner wants the next candidate asked without being asked again. ``reasons`` are the words' codes that
    the learner may see. At most one match of an episode is asked or accepted.
    ``ended_why``: left, helped, not_helped, recovered, wrong, reported, full, gone; ``helped`` is the learner's word.
    """

    __tablename__ = "match"
    __table_args__ = (
        UniqueConstraint("episode_id", "helper_id"),
        Index(
            "uq_match_live",
            "episode_id",
            unique=True,
            sqlite_where=text("state IN ('asked', 'accepted')"),
            postgresql_where=text("state IN ('asked', 'accepted')"),
        ),
        Index("ix_match_helper_id_state", "helper_id", "state"),
    )

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id")
    episode_id: Mapped[int] = parent("episode.id", index=False)
    helper_id: Mapped[int] = parent("membership.id", index=False)
    activity_id: Mapped[int] = parent("activity.id")
    rank: Mapped[int] = mapped_column(default=0)
    score: Mapped[float] = mapped_column(default=0.0)
    reasons: Mapped[FactList] = mapped_column(default=list)
    state: Mapped[Code] = mapped_column(default="proposed")
    then_next: Mapped[bool] = mapped_column(default=False)
    proposed_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None] = mapped_column(String(40))
    helped: Mapped[bool | None]
    helper_says: Mapped[bool | None]
    reported_by_id: Mapped[int | None] = parent("membership.id", cascade=False, nullable=True)
    learner_read_at: Mapped[datetime | None]
    helper_read_at: Mapped[datetime | None]


class Prompt(Base):
    """A message asking somebody to act, once: ``key`` makes a second sweep harmless.

    ``state``: due, claimed, sent, answered, withdrawn, failed. ``channel`` is the one it is wanted by
    (panel, lms, email, console).
    """

    __tablename__ = "prompt"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_prompt_state_due_at", "state", "due_at"),
        Index("ix_prompt_membership_id_state", "membership_id", "state"),
    )

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(120))
    context_id: Mapped[int] = parent("context.id")
    episode_id: Mapped[int | None] = parent("episode.id", nullable=True)
    match_id: Mapped[int | None] = parent("match.id", nullable=True)
    membership_id: Mapped[int | None] = parent("membership.id", index=False, nullable=True)
    by_id: Mapped[int | None] = parent("membership.id", cascade=False, index=False, nullable=True)
    kind: Mapped[Code]
    channel: Mapped[Code] = mapped_column(default="panel")
    facts: Mapped[Facts] = mapped_column(default=dict)
    state: Mapped[Code] = mapped_column(default="due")
    made_at: Mapped[datetime]
    due_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]


class Delivery(Base):
    """One sending of a prompt by one channel: panel, lms, email, console or voice (done by phone).

    ``state``: sending (written before the message leaves), sent, refused, unsure (it may have left; nobody can tell).
    """

    __tablename__ = "delivery"
    __table_args__ = (UniqueConstraint("prompt_id", "channel"),)

    id: Mapped[Id]
    prompt_id: Mapped[int] = parent("prompt.id", index=False)
    channel: Mapped[Code]
    state: Mapped[Code]
    subject: Mapped[Title] = mapped_column(default="")
    body: Mapped[Words] = mapped_column(default="")
    lms_id: Mapped[str | None] = mapped_column(String(255))
    detail: Mapped[Words] = mapped_column(default="")
    at: Mapped[datetime]


class Feeling(Base):
    """A learner's one-tap answer, or what they said about a stall (this is wrong, not now)."""

    __tablename__ = "feeling"
    __table_args__ = (Index("ix_feeling_membership_id_at", "membership_id", "at"),)

    id: Mapped[Id]
    membership_id: Mapped[int] = parent("membership.id", index=False)
    activity_id: Mapped[int | None] = parent("activity.id", cascade=False, nullable=True)
    said: Mapped[Code]
    words: Mapped[Words] = mapped_column(default="")
    at: Mapped[datetime]


class Milestone(Base):
    """Something real that a learner reached (a quiz passed, a section finished); shown to others only if they wish."""

    __tablename__ = "milestone"
    __table_args__ = (
        UniqueConstraint("membership_id", "key"),
        # What was reached together this week is counted on every home: the index alone tells.
        Index("ix_milestone_context_id_reached_at", "context_id", "reached_at", "kind", "activity_id", "membership_id"),
    )

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id", index=False)
    membership_id: Mapped[int] = parent("membership.id", index=False)
    key: Mapped[str] = mapped_column(String(120))
    kind: Mapped[Code]
    activity_id: Mapped[int | None] = parent("activity.id", cascade=False, nullable=True)
    facts: Mapped[Facts] = mapped_column(default=dict)
    reached_at: Mapped[datetime]
