"""One episode as its tutor reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import (
    ActiveDay,
    Attempt,
    Context,
    Delivery,
    Deployment,
    Episode,
    EpisodeEvent,
    Feeling,
    LmsConnection,
    Match,
    Membership,
    Person,
    Prompt,
)
from lti_app.store.channels import channel_for
from lti_app.store.course_facts import (
    STAFF,
    active_staff,
    activity_refs,
    faces,
    named_activities,
    reason_views,
    time_zone_of,
)
from lti_app.store.desk_views import DeskCase, DraftFacts, Message, Said, Step, StripDay
from lti_app.store.more_time import ASKED_TIME
from lti_app.store.names import first_name, full_name, short_name
from lti_app.store.refusals import NotYours
from lti_app.store.stall_card import stuck_at
from lti_app.store.stories import TUTORS_WORDS, story_of
from lti_app.store.views import ActivityRef, Face
from lti_app.store.why import MOTIVE_SHARED, shared_why

STRIP_DAYS = 28
_KIND = (
    select(LmsConnection.kind)
    .join(Deployment, Deployment.registration_id == LmsConnection.registration_id)
    .join(Context, Context.deployment_id == Deployment.id)
)
SAID_FOR = timedelta(days=56)


def step_of(row: EpisodeEvent, people: Mapping[int, Face]) -> Step:
    """Return a row of the story with the people it names."""
    ids = [row.facts.get("helper_id"), *row.facts.get("helper_ids", ()), row.facts.get("to_id")]
    about = tuple(people[id_] for id_ in ids if id_ in people)
    return Step(row.what, row.at, people.get(row.by_id or 0), about, row.facts)


def desk_case(
    session: Session, context_id: int, episode_id: int, now: datetime, *, tutor_id: int | None = None
) -> DeskCase:
    """Return one episode of this course in full; raises NotYours."""
    episode, member, person = _of_this_course(session, context_id, episode_id)
    tutor = active_staff(session, tutor_id, context_id) if tutor_id is not None else None
    story = story_of(session, episode.id)
    said = _said(session, member.id, now)
    ids = {id_ for event in story for id_ in _people_in(event)}
    colleagues = _colleagues(session, context_id, but=tutor_id)
    people = faces(session, {member.id, episode.owner_id, *ids, *colleagues}, full_name)
    refs = activity_refs(
        session, {episode.activity_id, *named_activities(episode.reasons), *(row.activity_id for row in said)}
    )
    return DeskCase(
        episode_id=episode.id,
        face=people[member.id],
        kind=episode.kind,
        state=episode.state,
        outcome=episode.outcome,
        activity=refs.get(episode.activity_id or 0),
        probability=episode.probability,
        since=episode.since,
        opened_at=episode.opened_at,
        due_at=episode.due_at,
        snoozed_until=episode.desk_snoozed_until,
        owner=people.get(episode.owner_id or 0),
        reasons=reason_views(episode.reasons, refs, episode.kind),
        strip=strip_of(session, context_id, member.id, now),
        tried=tuple(step_of(event, people) for event in story),
        says=tuple(Said(row.said, row.words, refs.get(row.activity_id or 0), row.at) for row in said),
        messages=_messages(session, episode.id, people),
        draft=_draft(session, episode, member, person, tutor, refs),
        colleagues=tuple(people[id_] for id_ in colleagues),
        channel=channel_for(session, member.id),
        why=shared_why(session, member.id),
        asks=_unanswered(tuple(step_of(event, people) for event in story)),
        may_be_theirs=session.scalar(_KIND.where(Context.id == context_id)) == "canvas",
    )


def _unanswered(story: tuple[Step, ...]) -> Step | None:
    last = next((step for step in reversed(story) if step.what in (ASKED_TIME, *TUTORS_WORDS)), None)
    return last if last is not None and last.what == ASKED_TIME else None


def _of_this_course(session: Session, context_id: int, episode_id: int) -> tuple[Episode, Membership, Person]:
    row = session.execute(
        select(Episode, Membership, Person)
        .join(Membership, Membership.id == Episode.membership_id)
        .join(Person, Person.id == Membership.person_id)
        .where(Episode.id == episode_id, Episode.context_id == context_id)
    ).one_or_none()
    if row is None:
        raise NotYours
    return row[0], row[1], row[2]


def _people_in(event: EpisodeEvent) -> list[int | None]:
    facts = event.facts
    return [event.by_id, facts.get("helper_id"), facts.get("to_id"), *facts.get("helper_ids", ())]


def _colleagues(session: Session, context_id: int, *, but: int | None) -> list[int]:
    query = select(Membership.id).where(
        Membership.context_id == context_id, Membership.role.in_(STAFF), Membership.state == "active"
    )
    return [id_ for id_ in session.scalars(query.order_by(Membership.id)) if id_ != but]


def _said(session: Session, membership_id: int, now: datetime) -> list[Feeling]:
    query = select(Feeling).where(Feeling.membership_id == membership_id, Feeling.at > now - SAID_FOR)
    return list(session.scalars(query.order_by(Feeling.at.desc(), Feeling.id.desc()).limit(10)))


def strip_of(session: Session, context_id: int, membership_id: int, now: datetime) -> tuple[StripDay, ...]:
    """Return the last 28 days in the course's time zone, oldest first: active, tried (and failed) or none."""
    zone = time_zone_of(session, context_id)
    today = now.astimezone(zone).date()
    first = today - timedelta(days=STRIP_DAYS - 1)
    proofs = dict(
        session.execute(
            select(ActiveDay.day, ActiveDay.proofs).where(
                ActiveDay.membership_id == membership_id, ActiveDay.day >= first, ActiveDay.day <= today
            )
        ).all()
    )
    tries: Counter[date] = Counter()
    failed: set[date] = set()
    attempts = select(Attempt.finished_at, Attempt.passed).where(Attempt.membership_id == membership_id)
    for finished_at, passed in session.execute(attempts.where(Attempt.finished_at.is_not(None))):
        day = (finished_at or now).astimezone(zone).date()
        tries[day] += 1
        if passed is False:
            failed.add(day)
    days = (first + timedelta(days=number) for number in range(STRIP_DAYS))
    return tuple(
        StripDay(
            day,
            "tried" if day in failed else "active" if day in proofs or tries[day] else "none",
            # How many kinds of proof a day has is the nearest thing to "how much" that every LMS can tell.
            max(tries[day], int(proofs.get(day, 0)).bit_count(), 1 if day in proofs else 0),
        )
        for day in days
    )


def _messages(session: Session, episode_id: int, people: Mapping[int, Face]) -> tuple[Message, ...]:
    rows = session.execute(
        select(Prompt, Delivery)
        .outerjoin(Delivery, Delivery.prompt_id == Prompt.id)
        .where(Prompt.episode_id == episode_id, Prompt.kind == "tutor_message")
        .order_by(Prompt.made_at, Prompt.id, Delivery.id)
    )
    messages: dict[int, Message] = {}
    for prompt, delivery in rows:
        state = (
            "waiting"
            if delivery is None
            else {"refused": "failed", "sending": "waiting"}.get(delivery.state, delivery.state)
        )
        messages[prompt.id] = Message(
            body=str(prompt.facts.get("body", "")),
            channel=delivery.channel if delivery else prompt.channel,
            state=state,
            by=people.get(prompt.by_id or 0),
            at=prompt.made_at,
        )
    return tuple(messages.values())


def _draft(
    session: Session,
    episode: Episode,
    member: Membership,
    person: Person,
    tutor: Membership | None,
    refs: Mapping[int, ActivityRef],
) -> DraftFacts:
    proposed = session.scalars(
        select(Match.helper_id)
        .where(Match.episode_id == episode.id, Match.state.in_(("proposed", "asked", "called", "accepted")))
        .order_by(Match.rank)
    ).all()
    helpers = faces(session, proposed, short_name)
    tutor_person = session.get(Person, tutor.person_id) if tutor else None
    return DraftFacts(
        first_name=first_name(person),
        tutor_first_name=first_name(tutor_person) if tutor_person else "",
        kind=episode.kind,
        activity=refs.get(episode.activity_id or 0),
        helpers=tuple(helpers[id_].name for id_ in proposed if id_ in helpers),
        others=stuck_at(session, episode.context_id, episode.activity_id, but=member.id),
        motive=member.motive if (member.settings or {}).get(MOTIVE_SHARED) else None,
        locale=person.locale,
        reasons=reason_views(episode.reasons, refs, episode.kind),
    )
