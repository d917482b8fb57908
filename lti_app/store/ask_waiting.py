"""Questions that nobody has answered in time: the tutors hear of each once, and find them on their desk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.orm import Session

from engagement.waiting import answer_due
from lti_app.models import Academy, Context, Deployment, Membership, Post, Thread
from lti_app.store import ask_rows
from lti_app.store.absence import away_until
from lti_app.store.ask import lines_of
from lti_app.store.ask_rows import Viewer
from lti_app.store.ask_views import QuestionLine
from lti_app.store.built import built
from lti_app.store.cohorts import spans_from
from lti_app.store.community_settings import community_from
from lti_app.store.course_facts import STAFF
from lti_app.store.inserts import changed_rows
from lti_app.store.notifications import notify
from lti_app.store.policies import policy_from
from lti_app.store.scope import zone_named

# What is older was left alone long ago: nobody is called for it now.
NOT_OLDER = timedelta(days=45)
MOST_AT_ONCE = 500
ON_DESK = 5


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question on the tutor's desk; ``body`` is empty where the title says it all."""

    line: QuestionLine
    body: str


def _open(session: Session, now: datetime) -> list[tuple[int, int, str, datetime]]:
    rows = session.execute(
        select(Thread.id, Thread.context_id, Thread.title, Thread.created_at)
        .where(Thread.kind == ask_rows.ASK, Thread.raised_at.is_(None))
        .where(Thread.created_at > now - NOT_OLDER, Thread.created_at <= now)
        .where(Thread.hidden_at.is_(None), Thread.merged_into_id.is_(None), ask_rows.nobody_yet())
        .order_by(Thread.created_at, Thread.id)
        .limit(MOST_AT_ONCE)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def overdue(session: Session, now: datetime) -> list[tuple[int, int, str]]:
    """Return the questions that have waited too long and of which nobody was told: id, course, title."""
    waiting = _open(session, now)
    due_in = _due_of(session, {context_id for _id, context_id, _title, _at in waiting})
    return [
        (thread_id, context_id, title)
        for thread_id, context_id, title, asked_at in waiting
        if context_id in due_in and _is_due(asked_at, due_in[context_id], now)
    ]


def _is_due(asked_at: datetime, rules: dict[str, Any], now: datetime) -> bool:
    return bool(rules["within"]) and answer_due(asked_at, **rules) <= now


def _due_of(session: Session, context_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return how long a question may wait in each course, with its calendar."""
    rows = session.execute(
        select(Context.id, Context.settings, Context.time_zone, Academy.settings, Academy.time_zone)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(Academy, Academy.id == Deployment.academy_id)
        .where(Context.id.in_(sorted(context_ids)))
    )
    found: dict[int, dict[str, Any]] = {}
    for context_id, course, zone, academy, academy_zone in rows:
        policy = policy_from({"policy": {**_policy(academy), **_policy(course)}})
        found[context_id] = {
            "within": timedelta(hours=max(0, community_from(course, academy).answer_within_hours)),
            "zone_name": zone_named(zone, academy_zone).key,
            "closed": spans_from((course or {}).get("holidays")),
            "quiet_from": policy.quiet_from,
            "quiet_to": policy.quiet_to,
        }
    return found


def _policy(settings: dict[str, Any] | None) -> dict[str, Any]:
    own = (settings or {}).get("policy")
    return own if isinstance(own, dict) else {}


def raise_question(session: Session, thread_id: int, context_id: int, title: str, now: datetime) -> bool:
    """Tell the tutors that a question waits; returns False when somebody was quicker, or it has its answer by now."""
    claim = update(Thread).where(Thread.id == thread_id, Thread.raised_at.is_(None), ask_rows.nobody_yet())
    if not changed_rows(session, claim.values(raised_at=now)):
        return False
    key, facts = f"unanswered:{thread_id}", {"title": title}
    notify(session, _tutors(session, context_id, now), "unanswered", key, now, thread_id=thread_id, facts=facts)
    return True


def _tutors(session: Session, context_id: int, now: datetime) -> list[int]:
    """Return who is to hear of it: tutors who are here, else all tutors, else the community managers."""
    staff = session.scalars(
        select(Membership).where(
            Membership.context_id == context_id, Membership.state == "active", Membership.role.in_(STAFF)
        )
    ).all()
    tutors = [one for one in staff if one.role == "tutor"] or list(staff)
    here = [one for one in tutors if away_until(one.settings, now) is None] or tutors
    return [one.id for one in here]


@built
def _on_desk(context_id: int, me: int, limit: int, *, is_staff: bool) -> Select[int]:
    query = ask_rows.questions(Viewer(context_id, me, is_staff))
    found = query.where(Thread.raised_at.is_not(None), ask_rows.nobody_yet()).with_only_columns(Thread.id)
    return found.order_by(Thread.created_at, Thread.id).limit(limit)


def waiting_questions(session: Session, viewer: Viewer, limit: int = ON_DESK) -> tuple[tuple[Waiting, ...], int]:
    """Return the questions that wait on the desk, oldest first, and how many there are in all."""
    asked = _on_desk(viewer.context_id, viewer.membership_id, limit, is_staff=viewer.is_staff)
    found = lines_of(session, viewer, session.scalars(*asked).all())
    if not found:
        return (), 0
    bodies = {
        row[0]: row[1]
        for row in session.execute(
            select(Post.thread_id, Post.body)
            .join(Thread, Thread.id == Post.thread_id)
            .where(Post.thread_id.in_([it.id for it in found]), Post.created_at == Thread.created_at)
            .where(Post.deleted_at.is_(None), Post.hidden_at.is_(None))
        )
    }
    told = tuple(Waiting(it, "" if bodies.get(it.id) == it.title else bodies.get(it.id, "")) for it in found)
    return told, len(found) if len(found) < limit else session.scalar(select(number_waiting(viewer))) or 0


def number_waiting(viewer: Viewer) -> ColumnElement[int]:
    """Count the questions that wait on the desk of this course."""
    query = ask_rows.questions(viewer).where(Thread.raised_at.is_not(None), ask_rows.nobody_yet())
    return query.with_only_columns(func.count(Thread.id)).scalar_subquery()
