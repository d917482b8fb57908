"""Episodes: a stall's life, as its learner and the sweep write it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session


def not_now(session: Session, episode_id: int, membership_id: int, now: datetime) -> None:
    """The learner says "not now": the card sleeps for a week and nobody is asked; raises NotYours."""
    raise NotImplementedError


def this_is_wrong(session: Session, episode_id: int, membership_id: int, words: str, now: datetime) -> None:
    """The learner says "this is not so": the episode ends with that outcome and cools down; raises NotYours.

    Helpers already asked are thanked and let go.
    """
    raise NotImplementedError


def record_feeling(
    session: Session, membership_id: int, activity_id: int | None, said: str, words: str, now: datetime
) -> None:
    """Record a one-tap answer (engagement's Feeling) about an activity of the person's own course; raises NotYours."""
    raise NotImplementedError
