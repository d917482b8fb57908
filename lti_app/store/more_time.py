"""Too much at once: what is due in which order, and a request to the tutor for more time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_app.models import Activity, ActivityProgress, Episode, EpisodeEvent, Membership
from lti_app.store.course_facts import activity_refs
from lti_app.store.episodes import MAX_WORDS, own_episode
from lti_app.store.hearing import hear, staff_of
from lti_app.store.notifications import notify
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.stories import TUTORS_WORDS, tell
from lti_app.store.undone import undone
from lti_app.store.views import AskedTime, PlanStep

ASKED_TIME = "asked_time"
MOST_STEPS = 4
# What was due longer ago than that is no part of a plan for these days.
LATE_FOR, AHEAD_FOR = timedelta(days=14), timedelta(days=21)
#: By then the tutor should have said something; before that the same is not asked again.
ANSWER_WITHIN = timedelta(hours=24)
AGAIN_AFTER = timedelta(days=7)


def plan_of(session: Session, member: Membership, now: datetime) -> tuple[PlanStep, ...]:
    """Return the next few things that a learner has still to do: what is due next, then what is late already."""
    due_at = func.coalesce(ActivityProgress.due_at, Activity.due_at)
    rows = session.execute(
        undone(member, now)
        .add_columns(due_at.label("due_at"))
        .where(due_at > now - LATE_FOR, due_at < now + AHEAD_FOR)
        .order_by(due_at <= now, due_at, Activity.position, Activity.id)
        .limit(MOST_STEPS)
    ).all()
    refs = activity_refs(session, [row.id for row in rows])
    return tuple(PlanStep(refs[row.id], row.due_at, is_late=row.due_at <= now) for row in rows if row.id in refs)


def asked_time(session: Session, episode_id: int) -> AskedTime | None:
    """Return for what the learner has asked for more time last, in this episode."""
    query = select(EpisodeEvent).where(EpisodeEvent.episode_id == episode_id, EpisodeEvent.what == ASKED_TIME)
    row = session.scalars(query.order_by(EpisodeEvent.id.desc()).limit(1)).first()
    return AskedTime(row.facts["activity_id"], str(row.facts["activity"]), row.at) if row else None


def waits_for_answer(session: Session, episode_id: int, now: datetime) -> bool:
    """Whether a request of the last week has had no answer from a tutor yet."""
    query = select(EpisodeEvent).where(EpisodeEvent.episode_id == episode_id)
    query = query.where(EpisodeEvent.what.in_((ASKED_TIME, *TUTORS_WORDS)))
    last = session.scalars(query.order_by(EpisodeEvent.at.desc(), EpisodeEvent.id.desc()).limit(1)).first()
    return last is not None and last.what == ASKED_TIME and last.at > now - AGAIN_AFTER


def ask_for_time(
    session: Session, episode_id: int, membership_id: int, activity_id: int, words: str, now: datetime
) -> None:
    """Ask the tutor for more time for one thing of the learner's own plan; the case waits for an answer within a day.

    Asking twice for the same within a week says it once. Raises NotYours, TooLate when the episode has ended, and
    ValueError (naming the field) when ``words`` are over 2000 characters.
    """
    if len(words) > MAX_WORDS:
        raise ValueError("words")
    episode = own_episode(session, episode_id, membership_id)
    if episode.ended_at is not None:
        raise TooLate
    member = session.get_one(Membership, membership_id)
    step = next((one for one in plan_of(session, member, now) if one.activity.id == activity_id), None)
    if step is None:
        raise NotYours
    before = asked_time(session, episode_id)
    if before is not None and before.activity_id == activity_id and before.at > now - AGAIN_AFTER:
        return
    _tell(session, episode, step, words.strip(), now)
    hear(session, episode.context_id, membership_id, words, now)


def _tell(session: Session, episode: Episode, step: PlanStep, words: str, now: datetime) -> None:
    about = {"activity_id": step.activity.id, "activity": step.activity.title, "note": words}
    tell(session, episode.id, ASKED_TIME, now, by_id=episode.membership_id, **about)
    episode.due_at = min(episode.due_at or now + ANSWER_WITHIN, now + ANSWER_WITHIN)
    episode.desk_snoozed_until, episode.updated_at = None, now
    told = [episode.owner_id] if episode.owner_id else staff_of(session, episode.context_id)
    key = f"{ASKED_TIME}:{episode.id}:{step.activity.id}:{now.date().isoformat()}"
    notify(session, told, ASKED_TIME, key, now, by_id=episode.membership_id)
    session.flush()
