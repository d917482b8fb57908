"""What staff do with a discussion."""

from __future__ import annotations

from flask_babel import gettext as _

from lti_app.panels import looking_after
from lti_app.panels.talk.forms import read_tie
from lti_app.panels.talk.room import blueprint, thread_page


def _moved() -> str:
    return _("It is among the questions now.")


looking_after.install(
    blueprint,
    looking_after.Room("talk", lambda thread_id, fault: thread_page(thread_id, fault=fault), read_tie, _moved),
)
