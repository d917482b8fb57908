"""The academy's first words between two people: for their situation, and never a mark or a try."""

from __future__ import annotations

from flask import g
from flask_babel import force_locale
from flask_babel import gettext as _

from lti_app.store.introductions import Introduction

LANGUAGES = ("en", "it")


def _language(met: Introduction) -> str:
    """Both read the same words: their language where they share one, else the academy's."""
    own = {(locale or "").replace("_", "-").split("-")[0].lower() for locale in met.locales}
    (shared,) = own if len(own) == 1 else (str(g.academy.locale or ""),)
    return shared if shared in LANGUAGES else LANGUAGES[0]


def opening_words(met: Introduction) -> str:
    """Return the words that open the private thread of a match."""
    with force_locale(_language(met)):
        learner, helper = met.learner or _("you who ask"), met.helper or _("you who help")
        meet = _("%(learner)s and %(helper)s, you are in touch about %(activity)s.", learner=learner, helper=helper,
                 activity=met.activity)  # fmt: skip
        if met.kind == "stuck":
            begin = _(
                "%(learner)s, begin with the place where it gets difficult: one example is enough. "
                "%(helper)s, say what made it click for you.",
                learner=learner,
                helper=helper,
            )
        elif met.kind == "overloaded":
            begin = _(
                "%(learner)s, say how much time there is this week. "
                "%(helper)s, what would you do first, and what can wait?",
                learner=learner,
                helper=helper,
            )
        else:
            begin = _(
                "%(learner)s, say where you would like to pick it up again. "
                "%(helper)s, tell how you found your way in: a first small step is a good one.",
                learner=learner,
                helper=helper,
            )
        return " ".join((meet, begin, _("Go easy with ready-made solutions: a hint is worth more.")))
