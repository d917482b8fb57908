"""What staff do with a question."""

from __future__ import annotations

from flask import request
from flask_babel import gettext as _

from lti_app.panels import looking_after
from lti_app.panels.ask.forms import MAX_PLACE, Draft
from lti_app.panels.ask.question import question_page
from lti_app.panels.ask.views import blueprint


def _read_tie() -> tuple[int | None, str]:
    tie = Draft(place=request.form.get("place", "")[:MAX_PLACE])
    return tie.activity_id, tie.section


def _moved() -> str:
    return _("It is among the discussions now.")


looking_after.install(
    blueprint,
    looking_after.Room("ask", lambda thread_id, fault: question_page(thread_id, fault=fault), _read_tie, _moved),
)
