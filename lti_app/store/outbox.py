"""Prompts on their way out: claimed by one worker, written down before they leave, recorded when they have left.

A row "sending" is written before the message goes. Whoever finds one later knows that a worker died in between: the
message may have left, so it is never sent again, and the panel shows its words instead.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from engagement.moments import quiet_until
from lti_app.models import (
    CircleMember,
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
from lti_app.store.channels import CONSOLE, DIGEST, LMS, PANEL, WAYS, channel_for, ways_of
from lti_app.store.course_facts import time_zone_of
from lti_app.store.digest_letters import is_digest_wanted, was_told
from lti_app.store.inserts import changed_rows, insert_new
from lti_app.store.letters import BY_HAND, SIGNED_UP, sent_this_week
from lti_app.store.outgoing import Outgoing, outgoing
from lti_app.store.policies import policy_of
from lti_app.store.reminders import still_wanted
from lti_app.store.scope import zone_named
from lti_app.store.stories import tell

CLAIM = timedelta(minutes=5)


def show_in_panel(session: Session, now: datetime) -> int:
    """Count the panel's prompts that are due as sent: they are there whenever the person comes; returns how many."""
    due = update(Prompt).where(Prompt.state == "due", Prompt.channel == PANEL, Prompt.due_at <= now)
    return changed_rows(session, due.values(state="sent", sent_at=now))


def next_due(session: Session, now: datetime, machine: datetime, resting: Collection[str] = ()) -> int | None:
    """Return a prompt that is to leave now by no ``resting`` way, or one whose worker died; oldest first."""
    free = or_(Prompt.state == "due", and_(Prompt.state == "claimed", Prompt.claimed_until < machine))
    # A platform that asked for a pause gets it: nothing is lost, it leaves afterwards.
    pausing = (
        select(Context.id)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(LmsConnection, LmsConnection.registration_id == Deployment.registration_id)
        .where(LmsConnection.paused_until > now)
    )
    query = select(Prompt.id).where(
        free, Prompt.channel.in_({*WAYS, CONSOLE}.difference(resting)), Prompt.due_at <= now
    )
    query = query.where(or_(Prompt.channel != LMS, Prompt.context_id.not_in(pausing)))
    return session.scalar(query.order_by(Prompt.due_at, Prompt.id).limit(1))


def claim(session: Session, prompt_id: int, machine: datetime) -> datetime | None:
    """Claim a prompt by one conditional UPDATE; returns until when it is ours, None when somebody else has it."""
    until = machine + CLAIM
    free = or_(Prompt.state == "due", and_(Prompt.state == "claimed", Prompt.claimed_until < machine))
    statement = update(Prompt).where(Prompt.id == prompt_id, free).values(state="claimed", claimed_until=until)
    return until if changed_rows(session, statement) else None


def is_wanted(session: Session, prompt: Prompt, now: datetime) -> bool:
    """Return whether a prompt still makes sense: its person is here, and what it is about has not been settled."""
    member = session.get(Membership, prompt.membership_id or 0, populate_existing=True)
    if member is None or member.state != "active" or prompt.seen_at is not None or prompt.answered_at is not None:
        return False
    if prompt.kind == DIGEST:
        return is_digest_wanted(session, prompt, member)
    if prompt.kind in SIGNED_UP:
        return still_wanted(session, prompt, now)
    if prompt.kind == "tutor":
        return _still_waits(session, prompt, member)
    if prompt.kind == "circle_invited":
        invited = session.get(CircleMember, prompt.facts.get("invitation_id") or 0, populate_existing=True)
        return invited is not None and invited.state == "invited" and invited.seen_at is None
    match = session.get(Match, prompt.match_id, populate_existing=True) if prompt.match_id else None
    if prompt.kind == "ask_helper":
        return match is not None and match.state in ("asked", "called")
    if prompt.kind == "did_it_help":
        return match is not None and match.state in ("accepted", "ended")
    if prompt.kind in ("nudge", "next_candidate"):
        episode = session.get(Episode, prompt.episode_id or 0, populate_existing=True)
        return episode is not None and episode.ended_at is None
    return True


def _still_waits(session: Session, prompt: Prompt, tutor: Membership) -> bool:
    """Whether a case still waits for its tutor, who has not looked at the desk since it came."""
    episode = session.get(Episode, prompt.episode_id or 0, populate_existing=True)
    if episode is None or episode.ended_at is not None or episode.tutored_at is not None:
        return False
    looked = (tutor.settings or {}).get("desk_seen_at")
    return episode.owner_id == tutor.id and not (isinstance(looked, str) and looked > prompt.made_at.isoformat())


def begin(session: Session, prompt_id: int, until: datetime, now: datetime) -> Outgoing | str:
    """Write down that a claimed prompt is about to leave and return what to say, or what became of it instead.

    Instead: dropped (not wanted any more), unsure (it was begun before), later (their night, or another way is tried),
    shown (it stays in the panel: they want no message, or have had enough this week).
    """
    prompt = session.get(Prompt, prompt_id, with_for_update=True, populate_existing=True)
    if prompt is None or prompt.state != "claimed" or prompt.claimed_until != until:
        return "dropped"
    if not is_wanted(session, prompt, now):
        prompt.state, prompt.claimed_until = ("sent" if prompt.seen_at else "withdrawn"), None
        return "dropped"
    begun = select(Delivery.id).where(Delivery.prompt_id == prompt.id, Delivery.channel == prompt.channel)
    if session.scalar(begun) is not None:
        settle(session, prompt_id, "unsure", now, detail="a worker stopped while it was being sent")
        return "unsure"
    kept_back = _kept_back(session, prompt, now)
    if kept_back is not None:
        return kept_back
    values = {"subject": "", "body": "", "detail": "", "at": now}
    insert_new(session, Delivery, prompt_id=prompt.id, channel=prompt.channel, state="sending", **values)
    return outgoing(session, prompt)


def _kept_back(session: Session, prompt: Prompt, now: datetime) -> str | None:
    """Hold a prompt back that would come in the night, too often, or by a way that its person has closed since."""
    member = session.get_one(Membership, prompt.membership_id)
    allowed = ways_of(member.settings, prompt.kind)
    if prompt.channel not in allowed and not (prompt.channel == CONSOLE and allowed):
        return _another_way(session, prompt, now)
    if prompt.kind in BY_HAND:
        return None
    policy = policy_of(session, prompt.context_id)
    own = session.scalar(select(Person.time_zone).where(Person.id == member.person_id))
    zone = zone_named(own, time_zone_of(session, prompt.context_id).key).key
    morning = quiet_until(now, zone, policy.quiet_from, policy.quiet_to)
    if morning > now:
        prompt.state, prompt.claimed_until, prompt.due_at = "due", None, morning
        return "later"
    if prompt.kind not in SIGNED_UP and sent_this_week(session, member.id, now) >= policy.weekly_messages:
        prompt.state, prompt.claimed_until, prompt.sent_at, prompt.channel = "sent", None, now, PANEL
        return "shown"
    return None


def _another_way(session: Session, prompt: Prompt, now: datetime) -> str:
    tried = session.scalars(select(Delivery.channel).where(Delivery.prompt_id == prompt.id)).all()
    prompt.channel = channel_for(session, prompt.membership_id or 0, prompt.kind, but=tried)
    prompt.claimed_until = None
    if prompt.channel == PANEL:
        prompt.state, prompt.sent_at = "sent", prompt.sent_at or now
        return "shown"
    prompt.state, prompt.due_at = "due", now
    return "later"


def keep_words(session: Session, prompt_id: int, channel: str, subject: str, body: str) -> None:
    """Keep what is about to be said beside the delivery, for the desk and for the person's own export."""
    row = update(Delivery).where(Delivery.prompt_id == prompt_id, Delivery.channel == channel)
    changed_rows(session, row.values(subject=subject[:500], body=body))


def settle(
    session: Session, prompt_id: int, state: str, now: datetime, *, lms_id: str | None = None, detail: str = ""
) -> None:
    """Record how a sending ended: sent, refused, or unsure.

    What was refused goes by the next way where there is one; else, and where nobody knows, the panel shows the words.
    """
    prompt = session.get(Prompt, prompt_id, with_for_update=True, populate_existing=True)
    if prompt is None:
        return
    row = update(Delivery).where(
        Delivery.prompt_id == prompt_id, Delivery.channel == prompt.channel, Delivery.state == "sending"
    )
    changed_rows(session, row.values(state=state, lms_id=lms_id, detail=detail[:500], at=now))
    prompt.claimed_until = None
    if state == "refused":
        session.flush()
        _another_way(session, prompt, now)
        return
    prompt.state, prompt.sent_at = "sent", prompt.sent_at or now
    was_told(session, prompt, now)
    if state == "sent":
        tell_nudged(session, prompt, now)
    else:
        prompt.channel = PANEL
    session.flush()


def tell_nudged(session: Session, prompt: Prompt, now: datetime) -> None:
    """Record that a light word has reached its learner, where this was one."""
    if prompt.kind != "nudge" or prompt.episode_id is None:
        return
    first = update(Episode).where(Episode.id == prompt.episode_id, Episode.nudged_at.is_(None))
    changed_rows(session, first.values(nudged_at=now))
    tell(session, prompt.episode_id, "nudged", now, channel=prompt.channel)


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
