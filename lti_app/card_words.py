"""The words of a learner's own card: the academy's where it has written some, for this kind, reason and language."""

from __future__ import annotations

from dataclasses import replace

from flask import g
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app.letter_words import language_of, letter
from lti_app.store.names import first_name
from lti_app.store.views import StallView
from lti_app.store.wordings import Key, own_words
from lti_app.wording import spell

#: From so many on, others who stopped at the same place are spoken of: fewer might be recognised.
MANY = 3


def who_helps(count: int) -> str:
    """Return the helpers in words; nothing where there are none."""
    return ngettext("one person", "%(few)s people", count, few=spell(count)) if count else ""


def with_words(session: Session, stall: StallView) -> StallView:
    """Return the viewer's card with its headline and words."""
    me, at = g.membership, stall.activity
    key = Key("card", stall.kind, me.motive or "", language_of(str(get_locale() or ""), g.academy.locale))
    values = {
        "name": first_name(me.person),
        "activity": at.title if at else "",
        "helpers": who_helps(len(stall.candidates)),
        "many": _("many") if stall.others >= MANY else "",
        "course": me.context.title or "",
        "academy": g.academy.name,
    }
    title_key = key.of_title()
    return replace(
        stall,
        title=letter(own_words(session, g.academy.id, title_key), title_key.use, key.kind, key.motive, values),
        words=letter(own_words(session, g.academy.id, key), key.use, key.kind, key.motive, values),
    )
