"""Prompts on their way out: claimed by one worker, written down before they leave, recorded when they have left.

A row "sending" is written before the message goes. Whoever finds one later knows that a worker died in between: the
message may have left, so it is never sent again, and the panel shows its words instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from lti_app.models import (
    Academy,
    Activity,
    Context,
    Delivery,
    Deployment,
    Episode,
    LmsConnection,
    Match,
    Membership,
    Person,
    Prompt,
)
from lti_app.store.channels import CONSOLE, LMS, PANEL, course_address
from lti_app.store.inserts import changed_rows, insert_new
from lti_app.store.names import first_name, full_name
from lti_app.store.stories import tell

CLAIM = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to write: to whom, about what, in which language, and where it leads back to."""

    prompt_id: int
    key: str
    kind: str
    channel: str
    registration_id: int
    to_api_id: str
    first_name: str
    locale: str
    stall_kind: str | None
    helpers: int
    activity: str | None
    sender: str | None
    body: str | None
    address: str | None
    context_api_id: str | None
    lti_context_id: str


def show_in_panel(session: Session, now: datetime) -> int:
    """Count the panel's prompts that are due as sent: they are there whenever the person comes; returns how many."""
    due = update(Prompt).where(Prompt.state == "due", Prompt.channel == PANEL, Prompt.due_at <= now)
    return changed_rows(session, due.values(state="sent", sent_at=now))


def next_due(session: Session, now: datetime, machine: datetime) -> int | None:
    """Return a prompt that is to leave now, or one whose worker died; oldest first."""
    free = or_(Prompt.state == "due", and_(Prompt.state == "claimed", Prompt.claimed_until < machine))
    # A platform that asked for a pause gets it: nothing is lost, it leaves afterwards.
    pausing = (
        select(Context.id)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(LmsConnection, LmsConnection.registration_id == Deployment.registration_id)
        .where(LmsConnection.paused_until > now)
    )
    query = select(Prompt.id).where(free, Prompt.channel.in_((LMS, CONSOLE)), Prompt.due_at <= now)
    query = query.where(Prompt.context_id.not_in(pausing))
    return session.scalar(query.order_by(Prompt.due_at, Prompt.id).limit(1))


def claim(session: Session, prompt_id: int, machine: datetime) -> datetime | None:
    """Claim a prompt by one conditional UPDATE; returns until when it is ours, None when somebody else has it."""
    until = machine + CLAIM
    free = or_(Prompt.state == "due", and_(Prompt.state == "claimed", Prompt.claimed_until < machine))
    statement = update(Prompt).where(Prompt.id == prompt_id, free).values(state="claimed", claimed_until=until)
    return until if changed_rows(session, statement) else None


def is_wanted(session: Session, prompt: Prompt) -> bool:
    """Return whether a prompt still makes sense: its person is here, and what it is about has not been settled."""
    member = session.get(Membership, prompt.membership_id or 0, populate_existing=True)
    if member is None or member.state != "active" or prompt.seen_at is not None or prompt.answered_at is not None:
        return False
    match = session.get(Match, prompt.match_id, populate_existing=True) if prompt.match_id else None
    if prompt.kind == "ask_helper":
        return match is not None and match.state == "asked"
    if prompt.kind in ("nudge", "next_candidate"):
        episode = session.get(Episode, prompt.episode_id or 0, populate_existing=True)
        return episode is not None and episode.ended_at is None
    return True


def begin(session: Session, prompt_id: int, until: datetime, now: datetime) -> Outgoing | None:
    """Write down that a claimed prompt is about to leave and return what to say, or None when nothing is to be sent.

    Nothing: when it is not wanted any more, when it was begun before (its fate is then unsure), or the claim is lost.
    """
    prompt = session.get(Prompt, prompt_id, with_for_update=True, populate_existing=True)
    if prompt is None or prompt.state != "claimed" or prompt.claimed_until != until:
        return None
    if not is_wanted(session, prompt):
        prompt.state, prompt.claimed_until = ("sent" if prompt.seen_at else "withdrawn"), None
        return None
    if insert_new(
        session,
        Delivery,
        prompt_id=prompt.id,
        channel=prompt.channel,
        state="sending",
        subject="",
        body="",
        detail="",
        at=now,
    ):
        return _outgoing(session, prompt)
    settle(session, prompt_id, "unsure", now, detail="a worker stopped while it was being sent")
    return None


def _outgoing(session: Session, prompt: Prompt) -> Outgoing:
    row = session.execute(
        select(Person, Context, Deployment.registration_id, Academy.locale)
        .select_from(Membership)
        .join(Person, Person.id == Membership.person_id)
        .join(Context, Context.id == Membership.context_id)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(Academy, Academy.id == Deployment.academy_id)
        .where(Membership.id == prompt.membership_id)
    ).one()
    person, context, registration_id = row[0], row[1], row[2]
    sender = session.scalar(
        select(Person).join(Membership, Membership.person_id == Person.id).where(Membership.id == prompt.by_id)
    )
    return Outgoing(
        prompt_id=prompt.id,
        key=f"regista-{prompt.id}",
        kind=prompt.kind,
        channel=prompt.channel,
        registration_id=registration_id,
        to_api_id=person.api_id or "",
        first_name=first_name(person),
        locale=person.locale or row[3],
        stall_kind=prompt.facts.get("kind"),
        helpers=prompt.facts.get("candidates") or 0,
        activity=_title(session, prompt),
        sender=full_name(sender) if sender else None,
        body=prompt.facts.get("body"),
        address=course_address(session, prompt.context_id),
        context_api_id=context.api_id,
        lti_context_id=context.id_on_platform,
    )


def _title(session: Session, prompt: Prompt) -> str | None:
    activity_id = prompt.facts.get("activity_id")
    if activity_id is None and prompt.match_id is not None:
        activity_id = session.scalar(select(Match.activity_id).where(Match.id == prompt.match_id))
    return session.scalar(select(Activity.title).where(Activity.id == activity_id)) if activity_id else None


def keep_words(session: Session, prompt_id: int, channel: str, subject: str, body: str) -> None:
    """Keep what is about to be said beside the delivery, for the desk and for the person's own export."""
    row = update(Delivery).where(Delivery.prompt_id == prompt_id, Delivery.channel == channel)
    changed_rows(session, row.values(subject=subject[:500], body=body))


def settle(
    session: Session, prompt_id: int, state: str, now: datetime, *, lms_id: str | None = None, detail: str = ""
) -> None:
    """Record how a sending ended: sent, refused, or unsure; the words of the last two are left to the panel."""
    prompt = session.get(Prompt, prompt_id, with_for_update=True, populate_existing=True)
    if prompt is None:
        return
    row = update(Delivery).where(
        Delivery.prompt_id == prompt_id, Delivery.channel == prompt.channel, Delivery.state == "sending"
    )
    changed_rows(session, row.values(state=state, lms_id=lms_id, detail=detail[:500], at=now))
    prompt.claimed_until = None
    prompt.state, prompt.sent_at = "sent", prompt.sent_at or now
    if state != "sent":
        prompt.channel = PANEL
    elif prompt.kind == "nudge" and prompt.episode_id is not None:
        first = update(Episode).where(Episode.id == prompt.episode_id, Episode.nudged_at.is_(None))
        changed_rows(session, first.values(nudged_at=now))
        tell(session, prompt.episode_id, "nudged", now, channel=prompt.channel)
    session.flush()


def fate(session: Session, prompt_id: int) -> str:
    """Return what became of a prompt that ``begin`` would not send: unsure, or dropped (not wanted any more)."""
    unsure = select(Delivery.id).where(Delivery.prompt_id == prompt_id, Delivery.state == "unsure")
    return "dropped" if session.scalar(unsure) is None else "unsure"


def give_back(session: Session, prompt_id: int, channel: str, until: datetime) -> None:
    """Make a claimed prompt due later because nothing has left yet (the LMS asks us to wait)."""
    prompt = session.get(Prompt, prompt_id, with_for_update=True, populate_existing=True)
    if prompt is None or prompt.state != "claimed":
        return
    session.execute(
        delete(Delivery).where(
            Delivery.prompt_id == prompt_id, Delivery.channel == channel, Delivery.state == "sending"
        )
    )
    prompt.state, prompt.claimed_until, prompt.due_at = "due", None, until
    session.flush()
