"""An episode's story: one row for each thing that happened to it, which is queue, history and statistics at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import EpisodeEvent

# A tutor's own word to the learner, written or spoken.
TUTORS_WORDS = ("tutor_message", "tutor_voice")
# Steps that touched a person: an episode's own opening, changes and end are no attempt to help.
ABOUT_PEOPLE = (
    "nudged",
    "proposed",
    "asked",
    "accepted",
    "declined",
    "expired",
    "match_ended",
    "reported",
    "not_now",
    "asked_time",
    *TUTORS_WORDS,
    "tutor_snooze",
    "hand_over",
)


def tell(session: Session, episode_id: int, what: str, at: datetime, *, by_id: int | None = None, **facts: Any) -> None:
    """Add a row to the story of an episode.

    ``what``: opened, changed, nudged, proposed, asked, accepted, declined, expired, withdrawn, match_ended, reported,
    not_now, said_wrong, asked_time, tutor_message, tutor_voice, tutor_snooze, tutor_wake, tutor_wrong,
    hand_over, ended.
    Facts name people by ``helper_id`` or ``helper_ids``, so that erasing a person leaves no name behind.
    """
    session.add(EpisodeEvent(episode_id=episode_id, what=what, by_id=by_id, facts=facts, at=at))


def story_of(session: Session, episode_id: int) -> list[EpisodeEvent]:
    """Return what happened to one episode, oldest first."""
    query = select(EpisodeEvent).where(EpisodeEvent.episode_id == episode_id)
    return list(session.scalars(query.order_by(EpisodeEvent.at, EpisodeEvent.id)))
