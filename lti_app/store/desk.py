"""The tutor's desk of one course: the queue by urgency, what deserves praise, and what must be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from engagement.budget import budget_for, worth
from engagement.values import StallKind
from lti_app.models import Episode, EpisodeEvent, Membership, Prompt
from lti_app.store.built import among
from lti_app.store.cohorts import freshness
from lti_app.store.course_facts import active_staff, activity_refs, faces, named_activities, reason_views
from lti_app.store.desk_acts import praise_done, tutor_acted
from lti_app.store.desk_case import desk_case, step_of
from lti_app.store.desk_views import DeskCase, DeskItem, DeskQueue, PraiseItem, ReportItem
from lti_app.store.names import full_name
from lti_app.store.policies import policy_of
from lti_app.store.stories import ABOUT_PEOPLE

__all__ = [
    "DeskCase",
    "DeskQueue",
    "desk_case",
    "desk_queue",
    "desk_seen",
    "praise_done",
    "praise_due",
    "tutor_acted",
    "waiting_for",
]

WEEK = timedelta(days=7)
#: So long a tutor's word is given time to do its work; then a case that has not moved waits again.
WORD_WORKS_FOR = WEEK
SEEN_AT = "desk_seen_at"
SHOWN_PRAISE = 6
SHOWN_REPORTS = 50


def desk_queue(session: Session, context_id: int, now: datetime, *, tutor_id: int | None = None) -> DeskQueue:
    """Return what waits on the desk of one course: the tutor's own first, overdue first, then by what a word can do.

    ``tutor_id`` marks what is new to them and theirs; raises NotYours when they are no staff of this course.
    """
    seen_at = _seen_at(session, context_id, tutor_id)
    episodes = session.scalars(
        select(Episode)
        .join(Membership, Membership.id == Episode.membership_id)
        .where(Episode.context_id == context_id, Membership.state == "active")
        .where(or_(Episode.ended_at.is_(None), Episode.ended_at > now - WEEK))
    ).all()
    by_place: dict[str, list[Episode]] = {"waiting": [], "in_hand": [], "asleep": [], "closed": []}
    for episode in sorted(episodes, key=lambda e: _urgency(e, tutor_id, now)):
        by_place[_place(episode, now)].append(episode)
    by_place["closed"].sort(key=lambda e: (e.ended_at or now, e.id), reverse=True)
    items = iter(_items(session, [e for part in by_place.values() for e in part], seen_at, tutor_id))
    parts = {place: tuple(next(items) for _ in part) for place, part in by_place.items()}
    return DeskQueue(
        freshness=freshness(session, context_id, now),
        items=parts["waiting"],
        in_hand=parts["in_hand"],
        asleep=parts["asleep"],
        praise=praise_due(session, context_id),
        reports=_reports(session, context_id),
        closed=parts["closed"],
        raised=_count(session, context_id, Episode.opened_at, now),
        budget=_budget(session, context_id),
        handled=_count(session, context_id, Episode.tutored_at, now),
    )


def _urgency(episode: Episode, tutor_id: int | None, now: datetime) -> tuple[object, ...]:
    overdue = episode.due_at is not None and episode.due_at <= now
    good = worth(StallKind(episode.kind), episode.probability, episode.since, now)
    return not _is_theirs(episode, tutor_id), not overdue, -good, episode.opened_at, episode.id


def _is_theirs(episode: Episode, tutor_id: int | None) -> bool:
    return tutor_id is None or episode.owner_id in (None, tutor_id)


def _place(episode: Episode, now: datetime) -> str:
    """Return where on the desk an episode lies; ``waits_now`` says the same of the waiting ones."""
    if episode.ended_at is not None:
        return "closed"
    if episode.desk_snoozed_until is not None and episode.desk_snoozed_until > now:
        return "asleep"
    lately = episode.tutored_at is not None and episode.tutored_at > now - WORD_WORKS_FOR
    # What was asked since has a time of its own again.
    return "in_hand" if (lately and episode.due_at is None) or episode.state == "helped" else "waiting"


def waits_now(now: datetime, word_before: datetime) -> ColumnElement[bool]:
    """Return the condition for an episode that waits: open, awake, nobody helps, no tutor's word is at work.

    A word works that was said after ``word_before``: ``WORD_WORKS_FOR`` before now.
    """
    return (
        Episode.ended_at.is_(None)
        & or_(Episode.desk_snoozed_until.is_(None), Episode.desk_snoozed_until <= now)
        & or_(Episode.tutored_at.is_(None), Episode.tutored_at <= word_before, Episode.due_at.is_not(None))
        & (Episode.state != "helped")
    )


def number_waiting(context_id: int, now: datetime, word_before: datetime, tutor_id: int | None) -> ColumnElement[int]:
    """Count the people who wait for this tutor: theirs and nobody's; for all where no tutor is named."""
    query = (
        select(func.count())
        .select_from(Episode)
        .join(Membership, Membership.id == Episode.membership_id)
        .where(Episode.context_id == context_id, Membership.state == "active", waits_now(now, word_before))
    )
    if tutor_id is not None:
        query = query.where(or_(Episode.owner_id.is_(None), Episode.owner_id == tutor_id))
    return query.scalar_subquery()


def waiting_for(session: Session, context_id: int, now: datetime, tutor_id: int | None) -> int:
    """Return how many people wait for this tutor, as ``number_waiting`` counts them."""
    return session.scalar(select(number_waiting(context_id, now, now - WORD_WORKS_FOR, tutor_id))) or 0


def _seen_at(session: Session, context_id: int, tutor_id: int | None) -> datetime:
    never = datetime.min.replace(tzinfo=UTC)
    if tutor_id is None:
        return never
    written = (active_staff(session, tutor_id, context_id).settings or {}).get(SEEN_AT)
    return datetime.fromisoformat(written) if isinstance(written, str) else never


def desk_seen(session: Session, context_id: int, tutor_id: int, now: datetime) -> None:
    """Record that this tutor has seen the queue, so that the next look marks only what came since."""
    active_staff(session, tutor_id, context_id)
    tutor = session.scalars(select(Membership).where(Membership.id == tutor_id).with_for_update(key_share=True)).one()
    tutor.settings = {**(tutor.settings or {}), SEEN_AT: now.isoformat()}
    session.flush()


def _count(session: Session, context_id: int, column: InstrumentedAttribute[Any], now: datetime) -> int:
    query = select(func.count()).select_from(Episode).where(Episode.context_id == context_id, column > now - WEEK)
    return session.scalar(query) or 0


def _budget(session: Session, context_id: int) -> int:
    policy = policy_of(session, context_id)
    learners = session.scalar(
        select(func.count())
        .select_from(Membership)
        .where(Membership.context_id == context_id, Membership.role == "learner", Membership.state == "active")
    )
    return budget_for(learners or 0, policy)


def _items(
    session: Session, episodes: Sequence[Episode], seen_at: datetime, tutor_id: int | None
) -> tuple[DeskItem, ...]:
    ids = [episode.id for episode in episodes]
    # The last step that touched a person: an episode's own opening and changes are no attempt to help.
    last = (
        select(func.max(EpisodeEvent.id))
        .where(EpisodeEvent.episode_id.in_(ids), EpisodeEvent.what.in_(ABOUT_PEOPLE))
        .group_by(EpisodeEvent.episode_id)
    )
    tried = {row.episode_id: row for row in session.scalars(select(EpisodeEvent).where(EpisodeEvent.id.in_(last)))}
    refs = activity_refs(
        session, {id_ for e in episodes for id_ in (e.activity_id, *named_activities(e.reasons)) if id_}
    )
    people = faces(session, {id_ for e in episodes for id_ in (e.membership_id, e.owner_id)}, full_name)
    helpers = faces(session, {id_ for row in tried.values() for id_ in _people_in(row)}, full_name)
    return tuple(
        DeskItem(
            episode_id=e.id,
            face=people[e.membership_id],
            kind=e.kind,
            state=e.state,
            activity=refs.get(e.activity_id or 0),
            reasons=reason_views(e.reasons, refs, e.kind)[:2],
            tried=step_of(tried[e.id], helpers) if e.id in tried else None,
            owner=people.get(e.owner_id or 0),
            due_at=e.due_at,
            opened_at=e.opened_at,
            probability=e.probability,
            is_new=e.opened_at > seen_at,
            is_theirs=_is_theirs(e, tutor_id),
            until=e.desk_snoozed_until,
            outcome=e.outcome,
            ended_at=e.ended_at,
        )
        for e in episodes
    )


def _people_in(row: EpisodeEvent) -> list[int | None]:
    return [row.by_id, row.facts.get("helper_id"), *row.facts.get("helper_ids", ())]


def _open_prompts(session: Session, context_id: int, kind: str, limit: int) -> Sequence[Prompt]:
    query = select(Prompt).where(
        Prompt.context_id == context_id, Prompt.kind == kind, among(Prompt.state, ("due", "claimed", "sent"))
    )
    return session.scalars(query.order_by(Prompt.made_at.desc(), Prompt.id.desc()).limit(limit)).all()


def praise_due(session: Session, context_id: int) -> tuple[PraiseItem, ...]:
    """Return what went well and deserves a tutor's word, newest first."""
    prompts = _open_prompts(session, context_id, "praise", SHOWN_PRAISE)
    people = faces(session, [p.facts.get("learner_id") for p in prompts], full_name)
    refs = activity_refs(session, [p.facts.get("activity_id") for p in prompts])
    return tuple(
        PraiseItem(
            prompt_id=p.id,
            face=people[p.facts["learner_id"]],
            kind=str(p.facts.get("milestone", "")),
            activity=refs.get(p.facts.get("activity_id") or 0),
            facts=p.facts,
            reached_at=p.made_at,
        )
        for p in prompts
        if p.facts.get("learner_id") in people
    )


def _reports(session: Session, context_id: int) -> tuple[ReportItem, ...]:
    prompts = _open_prompts(session, context_id, "report", SHOWN_REPORTS)
    people = faces(session, {p.facts.get(side) for p in prompts for side in ("by_id", "about_id")}, full_name)
    return tuple(
        ReportItem(
            prompt_id=p.id,
            match_id=p.match_id or 0,
            by=people[p.facts["by_id"]],
            about=people[p.facts["about_id"]],
            words=str(p.facts.get("words", "")),
            at=p.made_at,
        )
        for p in prompts
        if p.facts.get("by_id") in people and p.facts.get("about_id") in people
    )
