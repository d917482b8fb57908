"""What a tutor does with an episode: write, speak, wait, hand over, or say that it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from engagement.values import Outcome
from lti_app.models import Delivery, Episode, Prompt
from lti_app.store.course_facts import active_staff
from lti_app.store.episodes import end_episode
from lti_app.store.inserts import insert_new
from lti_app.store.pairing import locked_episode
from lti_app.store.prompts import NewPrompt, add
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.stories import tell

SNOOZE = timedelta(days=7)
LONGEST_SNOOZE = timedelta(days=60)
MAX_BODY = 4000


@dataclass(frozen=True, slots=True)
class Act:
    """One thing done at the desk; see ``tutor_acted``."""

    tutor_id: int
    body: str
    now: datetime
    until: datetime | None
    to_id: int | None
    form_key: str | None


def tutor_acted(
    session: Session,
    episode_id: int,
    tutor_id: int,
    what: str,
    body: str,
    now: datetime,
    *,
    until: datetime | None = None,
    to_id: int | None = None,
    form_key: str | None = None,
) -> None:
    """Record what a tutor did with an episode of their own course.

    ``what``: message (``body`` goes out through the next deliver, once per ``form_key``), voice (done by phone or in
    person, ``body`` is a note), snooze (``until``, a week by default), wake (no longer put aside), hand_over
    (``to_id``, a colleague), wrong.
    Raises NotYours when the two are not of one course or the actor is no staff, TooLate when the episode has ended,
    ValueError (naming the field) for an unknown act, an empty message, over 4000 characters or a snooze over 60 days.
    """
    act = ACTS.get(what)
    if act is None:
        raise ValueError("what")
    if len(body) > MAX_BODY:
        raise ValueError("body")
    episode = locked_episode(session, episode_id)
    active_staff(session, tutor_id, episode.context_id)
    if episode.ended_at is not None:
        raise TooLate
    act(session, episode, Act(tutor_id, body.strip(), now, until, to_id, form_key))
    episode.updated_at = now
    session.flush()


def _write(session: Session, episode: Episode, act: Act) -> None:
    if not act.body:
        raise ValueError("body")
    new = NewPrompt(
        key=f"tutor_message:{episode.id}:{act.form_key or act.now.isoformat()}",
        kind="tutor_message",
        context_id=episode.context_id,
        to_id=episode.membership_id,
        episode_id=episode.id,
        by_id=act.tutor_id,
        facts={"body": act.body, "activity_id": episode.activity_id, "kind": episode.kind},
    )
    prompt_id = add(session, new, act.now)
    # The same form sent twice (a double click, a retried request) is one message.
    if prompt_id is not None:
        _reached(session, episode, act, "tutor_message")


def _speak(session: Session, episode: Episode, act: Act) -> None:
    key = f"tutor_voice:{episode.id}:{act.form_key or act.now.isoformat()}"[:120]
    prompt_id = insert_new(
        session,
        Prompt,
        key=key,
        context_id=episode.context_id,
        episode_id=episode.id,
        membership_id=None,
        by_id=act.tutor_id,
        kind="tutor_voice",
        channel="voice",
        facts={"note": act.body},
        state="sent",
        made_at=act.now,
        due_at=act.now,
        sent_at=act.now,
    )
    if prompt_id is None:
        return
    session.add(Delivery(prompt_id=prompt_id, channel="voice", state="sent", at=act.now))
    _reached(session, episode, act, "tutor_voice", note=act.body)


def _reached(session: Session, episode: Episode, act: Act, what: str, **facts: object) -> None:
    episode.tutored_at = act.now
    episode.owner_id = episode.owner_id or act.tutor_id
    episode.due_at = None
    tell(session, episode.id, what, act.now, by_id=act.tutor_id, **facts)


def _snooze(session: Session, episode: Episode, act: Act) -> None:
    until = act.until or act.now + SNOOZE
    if not act.now < until <= act.now + LONGEST_SNOOZE:
        raise ValueError("until")
    episode.desk_snoozed_until = until
    episode.owner_id = episode.owner_id or act.tutor_id
    tell(session, episode.id, "tutor_snooze", act.now, by_id=act.tutor_id, until=until.isoformat())


def _wake(session: Session, episode: Episode, act: Act) -> None:
    if episode.desk_snoozed_until is not None and episode.desk_snoozed_until > act.now:
        episode.desk_snoozed_until = None
        tell(session, episode.id, "tutor_wake", act.now, by_id=act.tutor_id)


def _hand_over(session: Session, episode: Episode, act: Act) -> None:
    if act.to_id is None:
        raise ValueError("to_id")
    active_staff(session, act.to_id, episode.context_id)
    episode.owner_id, episode.desk_snoozed_until = act.to_id, None
    tell(session, episode.id, "hand_over", act.now, by_id=act.tutor_id, to_id=act.to_id, note=act.body)


def _wrong(session: Session, episode: Episode, act: Act) -> None:
    tell(session, episode.id, "tutor_wrong", act.now, by_id=act.tutor_id, note=act.body)
    end_episode(session, episode, Outcome.WRONG, act.now)


ACTS: dict[str, Callable[[Session, Episode, Act], None]] = {
    "message": _write,
    "voice": _speak,
    "snooze": _snooze,
    "wake": _wake,
    "hand_over": _hand_over,
    "wrong": _wrong,
}


def praise_done(session: Session, prompt_id: int, tutor_id: int, now: datetime) -> None:
    """Take a praise or a report off the desk because somebody has seen to it; raises NotYours."""
    prompt = session.get(Prompt, prompt_id, with_for_update=True)
    if prompt is None or prompt.kind not in ("praise", "report", "escalation"):
        raise NotYours
    active_staff(session, tutor_id, prompt.context_id)
    if prompt.answered_at is None:
        prompt.state, prompt.answered_at = "answered", now
        prompt.by_id = tutor_id
        reporter = prompt.facts.get("by_id") if prompt.kind == "report" else None
        if isinstance(reporter, int):
            # Whoever raised it hears that a person has seen to it.
            key = f"heard:{prompt.id}"
            add(session, NewPrompt(key, "heard", prompt.context_id, reporter, match_id=prompt.match_id), now)
    session.flush()
