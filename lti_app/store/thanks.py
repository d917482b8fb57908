"""A kind word as it is written down; what a match's "it helped" becomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_app.models import Kudos, Match, Membership, Report
from lti_app.store.course_facts import active_membership
from lti_app.store.inserts import insert_new
from lti_app.store.notifications import notify

REASONS = ("moved", "clear", "welcome", "courage")
#: A tutor's one-tap word for something reached.
WELL_DONE = "well_done"
MAX_WORDS = 600


@dataclass(frozen=True, slots=True)
class About:
    """What a kind word is about, where it is about something."""

    post_id: int | None = None
    match_id: int | None = None
    thread_id: int | None = None
    activity_id: int | None = None


def write_kudos(
    session: Session, giver: Membership, to_id: int, reason: str, words: str, about: About, now: datetime,
    form_key: str | None, *, held: bool = False,
) -> int | None:  # fmt: skip
    """Write a kind word and tell whoever receives it; returns its id, or None when this form was sent before.

    ``held``: a moderator reads it first, and the one it is for hears of it once it is let through.
    """
    kudos_id = insert_new(
        session, Kudos, context_id=giver.context_id, from_id=giver.id, to_id=to_id, reason=reason, words=words,
        post_id=about.post_id, match_id=about.match_id, thread_id=about.thread_id, activity_id=about.activity_id,
        form_key=form_key, created_at=now, held_at=now if held else None,
    )  # fmt: skip
    if kudos_id is None and about.match_id is not None:
        # The thanks of a match are there already ("it helped"): now they have words.
        again = update(Kudos).where(Kudos.from_id == giver.id, Kudos.match_id == about.match_id)
        kudos_id = session.execute(
            again.values(reason=reason, words=words, held_at=now if held else None).returning(Kudos.id)
        ).scalar_one_or_none()
    if kudos_id is None:
        return None
    if held:
        report = Report(
            context_id=giver.context_id, kudos_id=kudos_id, about_id=giver.id, why="held", words=words, made_at=now
        )
        session.add(report)
        session.flush()
    else:
        tell_kudos(session, kudos_id, to_id, giver.id, now)
    return kudos_id


def tell_kudos(session: Session, kudos_id: int, to_id: int, from_id: int | None, now: datetime) -> None:
    """Tell somebody of a kind word."""
    notify(session, [to_id], "kudos", f"kudos:{kudos_id}", now, by_id=from_id, facts={"kudos_id": kudos_id})


def thanks_of_match(session: Session, match: Match, learner_id: int, now: datetime) -> None:
    """Turn a learner's "yes, it helped" into a kind word, once."""
    giver = active_membership(session, learner_id)
    about = About(match_id=match.id, activity_id=match.activity_id)
    there = select(Kudos.id).where(Kudos.from_id == learner_id, Kudos.match_id == match.id)
    if session.scalar(there) is None:
        write_kudos(session, giver, match.helper_id, REASONS[0], "", about, now, None)
