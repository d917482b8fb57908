"""What changed because somebody said so: the staff writes it down, and those who said it hear of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Activity, Change, ChangeCause, Feeling, Survey, SurveyDone, Thread
from lti_app.store import people
from lti_app.store.course_facts import active_staff
from lti_app.store.ideas import voices_for
from lti_app.store.inserts import insert_new
from lti_app.store.notifications import notify
from lti_app.store.refusals import NotYours
from lti_app.store.views import Face

MAX_TITLE, MAX_WORDS = 200, 2000
PAGE = 10
FELT_WITHIN = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Cause:
    """What a change goes back to; ``kind`` is idea, survey or activity."""

    kind: str
    id: int
    title: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A change as everybody reads it."""

    id: int
    title: str
    words: str
    by: Face | None
    causes: tuple[Cause, ...]
    at: datetime


def causes_to_choose(session: Session, context_id: int) -> tuple[Cause, ...]:
    """Return the ideas, surveys and felt activities of a course that a change may go back to, in three queries."""
    ideas = session.execute(
        select(Thread.id, Thread.title)
        .where(Thread.context_id == context_id, Thread.kind == "idea", Thread.hidden_at.is_(None))
        .order_by(Thread.id.desc())
        .limit(30)
    )
    surveys = session.execute(
        select(Survey.id, Survey.title).where(Survey.context_id == context_id).order_by(Survey.id.desc()).limit(20)
    )
    activities = session.execute(
        select(Activity.id, Activity.title, Activity.position)
        .where(Activity.context_id == context_id, Activity.gone_at.is_(None))
        .where(select(Feeling.id).where(Feeling.activity_id == Activity.id).exists())
        .order_by(Activity.position)
        .limit(60)
    )
    return (
        *(Cause("idea", row[0], row[1]) for row in ideas),
        *(Cause("survey", row[0], row[1]) for row in surveys),
        *(Cause("activity", row[0], row[1]) for row in activities),
    )


def write_change(
    session: Session, context_id: int, by_id: int, title: str, words: str, causes: Sequence[tuple[str, int]],
    now: datetime, *, form_key: str | None = None,
) -> int:  # fmt: skip
    """Write down what changed and tell those who had said it; the same form again tells once.

    Raises NotYours for a cause of another course.
    """
    active_staff(session, by_id, context_id)
    change_id = insert_new(
        session, Change, context_id=context_id, by_id=by_id, title=title, words=words, form_key=form_key, made_at=now
    )
    if change_id is None:
        mine = (Change.by_id == by_id, Change.form_key == form_key, Change.context_id == context_id)
        return session.scalars(select(Change.id).where(*mine)).one()
    known = {(one.kind, one.id) for one in causes_to_choose(session, context_id)}
    if any(one not in known for one in causes):
        raise NotYours
    ids: dict[str, list[int]] = defaultdict(list)
    for kind, number in dict.fromkeys(causes):
        ids[kind].append(number)
        column = {"idea": "thread_id", "survey": "survey_id", "activity": "activity_id"}[kind]
        session.add(ChangeCause(change_id=change_id, **{column: number}))
    session.flush()
    facts = {"title": title, "change_id": change_id}
    notify(session, _concerned(session, ids, now), "changed_because", f"change:{change_id}", now, by_id=by_id,
           facts=facts)  # fmt: skip
    return change_id


def _concerned(session: Session, ids: dict[str, list[int]], now: datetime) -> set[int]:
    """Return who had said what a change goes back to; of an anonymous survey it is known who answered, not what."""
    found = voices_for(session, ids["idea"])
    if ids["survey"]:
        done = select(SurveyDone.membership_id).where(SurveyDone.survey_id.in_(ids["survey"]))
        found |= set(session.scalars(done))
    if ids["activity"]:
        felt = select(Feeling.membership_id).where(
            Feeling.activity_id.in_(ids["activity"]), Feeling.at > now - FELT_WITHIN
        )
        found |= set(session.scalars(felt))
    return found


def list_changes(session: Session, context_id: int, *, limit: int = PAGE) -> tuple[ChangeView, ...]:
    """Return what changed in a course, newest first, in three queries."""
    rows = session.scalars(
        select(Change).where(Change.context_id == context_id).order_by(Change.id.desc()).limit(limit)
    ).all()
    faces = people.faces(session, [row.by_id for row in rows])
    causes = _causes(session, [row.id for row in rows])
    return tuple(
        ChangeView(row.id, row.title, row.words, faces.get(row.by_id or 0), causes.get(row.id, ()), row.made_at)
        for row in rows
    )


def _causes(session: Session, change_ids: list[int]) -> dict[int, tuple[Cause, ...]]:
    if not change_ids:
        return {}
    rows = session.execute(
        select(ChangeCause, Thread.title, Survey.title, Activity.title)
        .outerjoin(Thread, Thread.id == ChangeCause.thread_id)
        .outerjoin(Survey, Survey.id == ChangeCause.survey_id)
        .outerjoin(Activity, Activity.id == ChangeCause.activity_id)
        .where(ChangeCause.change_id.in_(change_ids))
        .order_by(ChangeCause.id)
    )
    found: dict[int, list[Cause]] = defaultdict(list)
    for row, idea, survey, activity in rows:
        if row.thread_id is not None:
            found[row.change_id].append(Cause("idea", row.thread_id, idea))
        elif row.survey_id is not None:
            found[row.change_id].append(Cause("survey", row.survey_id, survey))
        elif row.activity_id is not None:
            found[row.change_id].append(Cause("activity", row.activity_id, activity))
    return {change_id: tuple(causes) for change_id, causes in found.items()}
