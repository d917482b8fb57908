"""The practice bar: be somebody else, let time pass, let things happen, turn switches. All of it plain forms."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lti_app.sandbox.deeds import do, possible
from lti_app.sandbox.life import catch_up
from lti_app.sandbox.lms import lms
from lti_app.sandbox.pages.words import done_words
from lti_app.sandbox.session import become, present, speak

blueprint = Blueprint("bar", __name__, url_prefix="/practice")
SPANS = {"tomorrow": timedelta(days=1), "three": timedelta(days=3), "week": timedelta(days=7)}


def _back() -> Response:
    """Return to the page that the form stood on; only ever to a path of this site."""
    path = request.form.get("back", "")
    parts = urlsplit(path)
    sound = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc
    return redirect(path if sound else url_for("practice_pages.course.start"), 303)


@blueprint.post("/be")
def be() -> Response:
    """Be this person from now on."""
    person = lms().person(request.form.get("person", 0, type=int))
    if person is None:
        abort(400)
    answer = _back()
    become(answer, person)
    return answer


@blueprint.post("/time")
def pass_time() -> Response:
    """Let time pass, and let the others do meanwhile what they would have done."""
    span = SPANS.get(request.form.get("span", ""))
    if span is None:
        abort(400)
    here = lms()
    here.pass_time(span)
    happened = catch_up(here)
    flash(_("Time has passed: %(num)s things happened in the course meanwhile.", num=happened))
    return _back()


@blueprint.post("/do")
def happen() -> Response:
    """Let one of the possible things happen."""
    here = lms()
    person = request.form.get("person", 0, type=int)
    if person not in here.course.learners():
        abort(400)
    wanted = (request.form.get("kind"), request.form.get("cmid", type=int))
    deed = next((d for d in possible(here.course, person) if (d.kind, d.cmid) == wanted), None)
    if deed is None:
        flash(_("That is no longer possible: it has happened already."))
        return _back()
    do(here, deed)
    flash(done_words(here.people[person], deed))
    return _back()


@blueprint.post("/switch")
def switch() -> Response:
    """Turn one of the switches."""
    lms().set_switch(request.form.get("name", ""), request.form.get("on") == "1")
    return _back()


@blueprint.post("/speak")
def language() -> Response:
    """Read the interface in another language; the course stays Italian."""
    answer = _back()
    speak(answer, request.form.get("language", ""))
    return answer


@blueprint.post("/read")
def read() -> Response:
    """Put a message away."""
    here, person = lms(), present()
    number = request.form.get("message", 0, type=int)
    if any(h.id == number and h.person == person.id for h in here.course.happened("message")):
        here.happen(person.id, "read", message=number)
    return _back()
