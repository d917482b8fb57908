"""One message to write: to whom, about what, in which language, by which way, and where it leads back to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.letter_words import language_of
from lti_app.models import Academy, Activity, Context, Deployment, Event, Match, Membership, Person, Prompt, Seat
from lti_app.store.channels import DIGEST, course_address
from lti_app.store.course_facts import time_zone_of
from lti_app.store.digest_letters import Digest, digest_of
from lti_app.store.names import called_name, first_name
from lti_app.store.scope import zone_named
from lti_app.store.wordings import Key, own_words

#: Which words a kind of prompt says; all others are letters about course mates, each with its own.
USE_OF = {"nudge": "nudge", "tutor_message": "draft"}


@dataclass(frozen=True, slots=True)
class Meeting:
    """The meeting that a message is about; ``zone`` is the reader's, ``what`` says what happened to it."""

    title: str
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    course_zone: ZoneInfo
    place: str
    link: str | None
    bring: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to write: to whom, about what, in which language, and where it leads back to.

    ``use`` and ``about`` name its words as in lti_app/shipped_words.py; ``own_title`` and ``own_words`` are the
    academy's.
    """

    prompt_id: int
    key: str
    kind: str
    channel: str
    registration_id: int
    to_id: int
    to_api_id: str
    to_email: str
    to_name: str
    first_name: str
    language: str
    use: str
    about: str
    motive: str
    helpers: int
    activity: str | None
    sender: str | None
    sender_api_id: str | None
    body: str | None
    own_title: str | None
    own_words: str | None
    academy: str
    course: str
    address: str | None
    context_api_id: str | None
    lti_context_id: str
    time_zone: str = "UTC"
    digest: Digest | None = None
    meeting: Meeting | None = None


def outgoing(session: Session, prompt: Prompt) -> Outgoing:
    """Return what a prompt has to say, to whom and by which way."""
    person, context, registration_id, academy, motive = session.execute(
        select(Person, Context, Deployment.registration_id, Academy, Membership.motive)
        .select_from(Membership)
        .join(Person, Person.id == Membership.person_id)
        .join(Context, Context.id == Membership.context_id)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(Academy, Academy.id == Deployment.academy_id)
        .where(Membership.id == prompt.membership_id)
    ).one()
    by = select(Person).join(Membership, Membership.person_id == Person.id)
    sender = session.scalar(by.where(Membership.id == prompt.by_id))
    use = USE_OF.get(prompt.kind, "peer")
    about = prompt.kind if use == "peer" else prompt.facts.get("kind") or "drifting"
    key = Key(use, about, (motive or "") if use != "peer" else "", language_of(person.locale, academy.locale))
    return Outgoing(
        prompt_id=prompt.id,
        key=f"regista-{prompt.id}",
        kind=prompt.kind,
        channel=prompt.channel,
        registration_id=registration_id,
        to_id=prompt.membership_id or 0,
        to_api_id=person.api_id or "",
        to_email=person.email or "",
        to_name=called_name(person),
        first_name=first_name(person),
        language=key.language,
        use=use,
        about=about,
        motive=key.motive,
        helpers=prompt.facts.get("candidates") or 0,
        activity=_title(session, prompt),
        sender=called_name(sender) if sender else None,
        # Only what a tutor has written and read themselves may stand under their name.
        sender_api_id=sender.api_id if sender and prompt.kind == "tutor_message" else None,
        body=prompt.facts.get("body"),
        own_title=own_words(session, academy.id, key.of_title()),
        own_words=own_words(session, academy.id, key),
        academy=academy.name,
        course=context.title or context.label or "",
        address=course_address(session, prompt.context_id),
        context_api_id=context.api_id,
        lti_context_id=context.id_on_platform,
        time_zone=zone_named(person.time_zone, context.time_zone, academy.time_zone).key,
        digest=digest_of(session, prompt) if prompt.kind == DIGEST else None,
        meeting=_meeting(session, prompt, person),
    )


def _meeting(session: Session, prompt: Prompt, person: Person) -> Meeting | None:
    event = session.get(Event, prompt.facts.get("event_id") or 0)
    if event is None:
        return None
    course = time_zone_of(session, event.context_id)
    held = select(Seat.id).where(
        Seat.event_id == event.id, Seat.membership_id == prompt.membership_id, Seat.state == "in"
    )
    return Meeting(
        title=event.title,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        zone=zone_named(person.time_zone, course.key),
        course_zone=course,
        place=event.place,
        # Whoever only waits for a seat has no key to the room.
        link=event.link if session.scalar(held) is not None else None,
        bring=event.bring,
        what=str(prompt.facts.get("what", "")),
        reason=event.reason,
    )


def _title(session: Session, prompt: Prompt) -> str | None:
    activity_id = prompt.facts.get("activity_id")
    if activity_id is None and prompt.match_id is not None:
        activity_id = session.scalar(select(Match.activity_id).where(Match.id == prompt.match_id))
    return session.scalar(select(Activity.title).where(Activity.id == activity_id)) if activity_id else None
