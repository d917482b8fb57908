"""What a newcomer meets above the page: one step of the welcome, or one quiet line to come back to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import g
from sqlalchemy.orm import Session

from lti_app.fields import Field
from lti_app.house import house
from lti_app.letter_words import language_of
from lti_app.store import names, norms, welcome
from lti_app.store.why import WhyView

# Where people are about their own affairs, or where a frame is too low for it, it is one line.
LINE_ON = frozenset({"pulse"})
NOT_ON = frozenset({"welcome", "me", "letters", "desk", "control", "admin"})


@dataclass(frozen=True, slots=True)
class Drafts:
    """What was sent and could not be taken, to be shown again."""

    name: Field = field(default_factory=Field)
    why: Field = field(default_factory=Field)
    said: WhyView = field(default_factory=WhyView)
    hello: Field = field(default_factory=Field)
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """``step``: norms, name, why, hello, or done; ``norms_words`` is empty where the house's own norms hold.

    ``again``: the norms have changed; ``a_line``: only the way back to it; ``looking``: nothing is kept (student view).
    """

    step: str
    number: int
    norms_words: str
    again: bool
    a_line: bool
    looking: bool
    seen_as: str
    chosen: str
    drafts: Drafts


def norms_words(session: Session, version: str) -> str:
    """Return the norms in the reader's language where there is one, else in the other; empty for the house's."""
    told = norms.words_of(session, version)
    own = told.get(language_of(g.visit.locale, g.academy.locale))
    return own or next(iter(told.values()), "")


def version() -> str:
    """Return the name of the norms that hold in this visit's course."""
    return norms.version_of(g.membership.context, g.academy)


def card(session: Session, *, step: str | None = None, drafts: Drafts | None = None, tab: str = "") -> Card | None:
    """Return what to show of the welcome to this visit, None when there is nothing; ``step`` asks for one of them."""
    walk = welcome.walk_of(g.membership)
    wanted = step or walk.due(version())
    if wanted is None:
        return None
    person = g.membership.person
    later = walk.later_until is not None and walk.later_until > house().clock.now()
    return Card(
        step=wanted,
        number=welcome.STEPS.index(wanted) + 1 if wanted in welcome.STEPS else len(welcome.STEPS),
        norms_words=norms_words(session, version()) if wanted == "norms" else "",
        again=walk.closed and wanted == "norms",
        a_line=step is None and (later or tab in LINE_ON),
        looking=g.visit.student_view,
        seen_as=names.shortened(person),
        chosen=person.display_name or "",
        drafts=drafts or Drafts(),
    )


def card_on(session: Session, tab: str) -> Card | None:
    """Return what a page of this tab opens with: for learners only, and after "later" on the first page only."""
    if g.visit.is_staff or tab in NOT_ON:
        return None
    found = card(session, tab=tab)
    if found is None or ((found.looking or (found.a_line and tab not in LINE_ON)) and tab != "home"):
        return None
    return found
