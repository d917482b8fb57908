"""What the community manager's forms say, read once at the door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import request
from flask_babel import gettext as _

from engagement.uplift import planned_size
from lti_app.fields import Field, read_number, read_text
from lti_app.filling import BadPlace, check
from lti_app.letter_words import LANGUAGES
from lti_app.shipped_words import KINDS_OF, USES, motives_of
from lti_app.store.wordings import Key

SHARES = (5, 10, 15, 20)
WORTHS = (10, 15, 20, 25)
MONTHS = (2, 4, 6, 12)
MONTH = timedelta(days=30)
USUAL = 0.5
LONGEST_WORDS = 2000
# Canvas takes 255 characters of a subject, and what is filled in may be longer than its place.
LONGEST_TITLE = 240


@dataclass(frozen=True, slots=True)
class Plan:
    """A holdout as it would be: shares as percentages; ``planned`` held-out episodes are what it takes."""

    share: int
    worth: int
    months: int
    usual: float
    planned: int

    @property
    def in_all(self) -> int:
        """How many new episodes it takes in all, both arms together."""
        return -(-self.planned * 100 // self.share)


@dataclass(frozen=True, slots=True)
class Written:
    """Words as they were sent, with their headline or subject."""

    title: Field
    body: Field

    @property
    def fault(self) -> bool:
        """Whether anything could not be taken."""
        return bool(self.title.fault or self.body.fault)


def read_plan(usual: float | None) -> Plan:
    """Read the plan: 10% for a term where nothing is said; ``usual`` is the share that comes back anyway, if known."""
    share = _one_of("share", SHARES, 10)
    worth, months = _one_of("worth", WORTHS, 15), _one_of("months", MONTHS, 4)
    # A difference must have room above what is usual.
    known = min(usual if usual is not None else USUAL, 0.97 - worth / 100)
    return Plan(share, worth, months, known, planned_size(known, worth / 100, share / 100))


def _one_of(name: str, allowed: tuple[int, ...], otherwise: int) -> int:
    said = read_number(name, low=min(allowed), high=max(allowed))
    return said if said in allowed else otherwise


def ends_at(plan: Plan, now: datetime) -> datetime:
    """Return when a holdout of this plan turns itself off."""
    return now + plan.months * MONTH


def read_key(locale: str) -> Key:
    """Read which words are meant; anything unknown is the first of its kind."""
    said = request.values
    language = said.get("language", "")
    use, kind, motive = said.get("use", ""), said.get("kind", ""), said.get("motive", "")
    use = use if use in USES else USES[0]
    return Key(
        use,
        kind if kind in KINDS_OF[use] else KINDS_OF[use][0],
        motive if motive in motives_of(use) else "",
        language if language in LANGUAGES else locale if locale in LANGUAGES else LANGUAGES[0],
    )


def read_words(key: Key) -> Written:
    """Read headline and words, with what is wrong in them beside; what was written is never lost."""
    return Written(
        _checked(read_text("title", most=LONGEST_TITLE), key.of_title()),
        _checked(read_text("body", most=LONGEST_WORDS), key),
    )


def _checked(written: Field, key: Key) -> Field:
    return written if written.fault else Field(written.value, fault_in(written.value, key))


def fault_in(words: str, key: Key) -> str:
    """Return the sentence about the first place that cannot be filled, or an empty string."""
    try:
        check(words, key.use, key.language)
    except BadPlace as bad:
        if bad.name in "{}" and bad.name:
            return _("There is a lone %(brace)s: a place is written like {name}, with both.", brace=bad.name)
        if bad.nearest:
            return _("We do not know {%(place)s}. Did you mean {%(near)s}?", place=bad.name, near=bad.nearest)
        return _("We do not know {%(place)s}. The places that can be filled in stand below.", place=bad.name)
    return ""
