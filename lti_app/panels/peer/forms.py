"""What people send from the peer panel."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import request

from lti_app.fields import Field, read_number, read_text
from lti_app.store.meetings import MAX_REPORT
from lti_app.store.offers import MAX_CAPACITY, MAX_WORDS, WINDOW_CODES
from lti_app.store.views import OfferView

LANGUAGES = ("it", "en", "fr", "es", "de", "ar")


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer of help as it was sent, or as it stands."""

    activity_id: int | None = None
    capacity: int = 1
    words: Field = field(default_factory=Field)
    languages: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    shows_attempts: bool = False


def read_offer() -> Offer:
    """Read an offer from the form; choices that the form does not hold are left out."""
    return Offer(
        activity_id=read_number("activity_id", low=1, high=2**62),
        capacity=read_number("capacity", low=1, high=MAX_CAPACITY) or 1,
        words=read_text("words", most=MAX_WORDS, needed=False),
        languages=tuple(code for code in LANGUAGES if code in request.form.getlist("languages")),
        windows=tuple(code for code in WINDOW_CODES if code in request.form.getlist("windows")),
        shows_attempts=request.form.get("shows_attempts") == "yes",
    )


def offer_of(offer: OfferView) -> Offer:
    """Return a standing offer as its form shows it."""
    words = Field(offer.words)
    return Offer(offer.activity.id, offer.capacity, words, offer.languages, offer.windows, offer.shows_attempts)


def read_helped() -> bool | None:
    """Read the answer to "did it help?", or None when it was not given."""
    return {"yes": True, "no": False}.get(request.form.get("helped", ""))


def read_report() -> Field:
    """Read what somebody reports; a report needs words, so that a person can act on it."""
    return read_text("words", most=MAX_REPORT)


def read_objection() -> Field:
    """Read the words, if any, that come with "this is not so", or with a wish for more time."""
    return read_text("words", most=MAX_REPORT, needed=False)
