"""How it goes: moods, short surveys, what becomes of ideas, and what changed because somebody said so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Code, FactList, Id, Title, Words, parent


class MoodSaid(Base):
    """How a member said they are; ``shared``: their tutors may read it.

    ``asked_at``: they would like a person to write; ``answered_at``: a tutor has seen to it.
    """

    __tablename__ = "mood_said"
    __table_args__ = (
        Index("ix_mood_said_membership_id_at", "membership_id", "at"),
        Index("ix_mood_said_context_id_at", "context_id", "at"),
    )

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id", index=False)
    membership_id: Mapped[int] = parent("membership.id", index=False)
    said: Mapped[Code]
    words: Mapped[Words] = mapped_column(default="")
    shared: Mapped[bool] = mapped_column(default=False, server_default=false())
    at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]


class Survey(Base):
    """A few questions of the staff to the course; ``anonymous``: no answer can be traced to whoever gave it."""

    __tablename__ = "survey"
    __table_args__ = (UniqueConstraint("by_id", "form_key"),)

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id")
    by_id: Mapped[int | None] = parent("membership.id", cascade=False, index=False, nullable=True)
    title: Mapped[Title]
    words: Mapped[Words] = mapped_column(default="")
    anonymous: Mapped[bool]
    form_key: Mapped[str | None] = mapped_column(String(64))
    made_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class SurveyQuestion(Base):
    """One question; ``kind`` is scale (1 to 5), choice (one of ``options``) or words."""

    __tablename__ = "survey_question"
    __table_args__ = (UniqueConstraint("survey_id", "position"),)

    id: Mapped[Id]
    survey_id: Mapped[int] = parent("survey.id", index=False)
    position: Mapped[int]
    kind: Mapped[Code]
    title: Mapped[Title]
    options: Mapped[FactList] = mapped_column(default=list)


class SurveyDone(Base):
    """A member has answered a survey: no more than that is kept, not even when."""

    __tablename__ = "survey_done"

    survey_id: Mapped[int] = parent("survey.id", index=False)
    membership_id: Mapped[int] = parent("membership.id")

    # Ordered by its key alone, so that the order of coming says nothing about the answers.
    __table_args__ = (PrimaryKeyConstraint("survey_id", "membership_id"), {"sqlite_with_rowid": False})


class SurveyAnswer(Base):
    """One answer to one question; ``membership_id`` is NULL in an anonymous survey.

    The key is drawn by lot: neither its order, nor a time, nor a sheet ties it to a person or to their other answers.
    """

    __tablename__ = "survey_answer"
    __table_args__ = (
        UniqueConstraint("question_id", "membership_id"),
        {"sqlite_with_rowid": False},
    )

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    question_id: Mapped[int] = parent("survey_question.id", index=False)
    membership_id: Mapped[int | None] = parent("membership.id", nullable=True)
    value: Mapped[Words]


class IdeaState(Base):
    """What became of an idea (considering, planned, done, declined), with the staff's word; without a row it is new."""

    __tablename__ = "idea_state"

    thread_id: Mapped[int] = parent("thread.id", index=False)
    status: Mapped[Code]
    words: Mapped[Words] = mapped_column(default="")
    by_id: Mapped[int | None] = parent("membership.id", cascade=False, index=False, nullable=True)
    at: Mapped[datetime]

    __table_args__ = (PrimaryKeyConstraint("thread_id"),)


class Change(Base):
    """Something that the staff changed because of what people said."""

    __tablename__ = "change"
    __table_args__ = (UniqueConstraint("by_id", "form_key"),)

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id")
    by_id: Mapped[int | None] = parent("membership.id", cascade=False, index=False, nullable=True)
    title: Mapped[Title]
    words: Mapped[Words] = mapped_column(default="")
    form_key: Mapped[str | None] = mapped_column(String(64))
    made_at: Mapped[datetime]


class ChangeCause(Base):
    """What a change goes back to: an idea, a survey, or how an activity felt."""

    __tablename__ = "change_cause"

    id: Mapped[Id]
    change_id: Mapped[int] = parent("change.id")
    thread_id: Mapped[int | None] = parent("thread.id", nullable=True)
    survey_id: Mapped[int | None] = parent("survey.id", nullable=True)
    activity_id: Mapped[int | None] = parent("activity.id", nullable=True)
