"""A draft for one episode, in the learner's language and the academy's tone; a tutor always reads it first."""

from __future__ import annotations

from flask import g, render_template
from flask_babel import force_locale

from lti_app.store.desk_views import DraftFacts


def draft_for(facts: DraftFacts) -> str:
    """Return the words; they never speak of scores or of how sure anybody is."""
    with force_locale(facts.locale or g.academy.locale):
        words = render_template("words/draft.txt", it=facts, academy=g.academy)
    return "\n\n".join(" ".join(part.split()) for part in words.strip().split("\n\n") if part.strip())
