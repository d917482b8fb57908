"""For whoever speaks of harm: heard even while their voice rests, and shown at once whom they can turn to."""

from __future__ import annotations

from flask import Flask, Response, g, render_template, request
from flask_babel import format_datetime
from flask_babel import gettext as _
from sqlalchemy import select

from engagement.safety import Level, find_signal
from lti_app.answers import wants_fragment
from lti_app.house import house
from lti_app.models import Membership
from lti_app.store.community_settings import community_from
from lti_app.store.hearing import CARE_UNTIL, hear
from lti_app.store.speaking import Muted, Stopped

#: The fields of our forms that hold free words of a person, in every room.
WRITTEN = (
    *("title", "body", "words", "hello", "why", "reason", "notes", "word", "display_name"),
    *("bring", "guests", "place", "files_words", "files_feedback", "options"),
)
#: An answer to a survey's question; its number follows.
SURVEY = "q-"


def written() -> list[str]:
    """Return the words that this request's form brought."""
    if request.method != "POST":
        return []
    names = [*WRITTEN, *(name for name in request.form if name.startswith(SURVEY))]
    return [words for name in names for words in request.form.getlist(name) if words.strip()]


def speaks_of_harm() -> bool:
    """Whether somebody speaks of themselves being in danger in what they have just sent."""
    found: bool | None = g.get("speaks_of_harm")
    if found is None:
        signal = find_signal("\n".join(written()))
        found = g.speaks_of_harm = signal is not None and signal.level is Level.SPEAKS
    return found


def help_contacts() -> str | None:
    """Return whom somebody may turn to whose words spoke of harm a few days ago ("" where the academy named nobody)."""
    me = g.get("membership")
    if me is None:
        return None
    settings = me.settings
    if me.id and speaks_of_harm():
        # What this very request has written down is newer than what the door has read.
        with house().db.reading() as session:
            settings = session.scalar(select(Membership.settings).where(Membership.id == me.id))
    until = (settings or {}).get(CARE_UNTIL)
    if not isinstance(until, str) or until <= house().clock.now().isoformat():
        return None
    return community_from(me.context.settings, g.academy.settings).help_contacts


def stopped_words(stop: Stopped) -> str:
    """Return why nothing can be written just now, and until when."""
    if isinstance(stop, Muted):
        until = format_datetime(stop.until, "d MMMM HH:mm")
        return _("Until %(until)s you can read everything, but not write. The reason: %(reason)s", until=until,
                 reason=stop.reason)  # fmt: skip
    return _("That was a lot in a short time. What you wrote is kept in this browser: send it again in a while.")


def stopped(stop: Stopped) -> str:
    """Hear what somebody wanted to say although it cannot be written now; returns the words that tell them why."""
    me, visit = g.get("membership"), g.get("visit")
    if me is not None and me.id and not (visit and visit.student_view):
        with house().db.writing() as session:
            hear(session, me.context_id, me.id, "\n".join(written()), house().clock.now())
    return stopped_words(stop)


def _with_contacts(response: Response) -> Response:
    """A script that replaces a part of the page gets the help contacts along with it."""
    if wants_fragment() and response.mimetype == "text/html" and speaks_of_harm():
        contacts = help_contacts()
        if contacts is not None:
            card = render_template("_help_contacts.html", contacts=contacts)
            response.set_data(
                response.get_data(as_text=True) + f'<div id="help-now" hx-swap-oob="innerHTML">{card}</div>'
            )
    return response


def install(app: Flask) -> None:
    """Look at every answer to a form."""
    app.after_request(_with_contacts)
