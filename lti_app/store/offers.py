"""Offers of help: who would help whom with what, and how to stop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from lti_app.store.views import Offerable, OfferView

# Codes of "when I am usually around", in the order of a form; the template finds the words.
WINDOW_CODES = ("mornings", "afternoons", "evenings", "weekends")
MAX_CAPACITY = 5
MAX_WORDS = 280


def offerable(session: Session, membership_id: int, now: datetime) -> tuple[Offerable, ...]:
    """Return what this learner completed or passed lately and has not offered yet, with how many are at it now.

    Newest first; an activity where nobody is now is left out.
    """
    raise NotImplementedError


def offer_help(
    session: Session,
    membership_id: int,
    activity_id: int,
    *,
    capacity: int,
    words: str,
    languages: Sequence[str],
    windows: Sequence[str],
    now: datetime,
    shows_attempts: bool = False,
) -> int:
    """Record (or change) an offer and return its id.

    ``windows`` are codes of WINDOW_CODES. Raises NotYours when the activity is not of this course or the learner has
    not done it, ValueError (naming the field) for a capacity outside 1..5 or words over 280 characters.
    """
    raise NotImplementedError


def my_offers(session: Session, membership_id: int, now: datetime) -> tuple[OfferView, ...]:
    """Return the offers that have not ended, in the order of the course."""
    raise NotImplementedError


def pause_offers(session: Session, membership_id: int, paused: bool, now: datetime) -> None:
    """Pause or resume all offers of one learner; people already being helped keep their helper."""
    raise NotImplementedError


def end_offer(session: Session, membership_id: int, offer_id: int, now: datetime) -> None:
    """End one offer; it is not proposed to anybody any more, and those already helped keep their helper."""
    raise NotImplementedError
