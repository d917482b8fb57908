"""A draft for one episode, in the learner's language and the academy's tone; a tutor always reads it first."""

from __future__ import annotations

from flask import g
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app.letter_words import language_of, letter
from lti_app.store.desk_views import DraftFacts
from lti_app.store.wordings import Key, own_words


def draft_for(session: Session, facts: DraftFacts) -> str:
    """Return the words; they never speak of scores or of how sure anybody is."""
    language, motive = language_of(facts.locale, g.academy.locale), facts.motive or ""
    own = own_words(session, g.academy.id, Key("draft", facts.kind, motive, language))
    with force_locale(language):
        *most, last = facts.helpers or ("",)
        values = {
            "name": facts.first_name,
            "activity": facts.activity.title if facts.activity else "",
            "helpers": f"{', '.join(most)} {_('and')} {last}" if most else last,
            "course": g.membership.context.title or "",
            "academy": g.academy.name,
            "tutor": facts.tutor_first_name or g.academy.name,
        }
        return letter(own, "draft", facts.kind, motive, values)
