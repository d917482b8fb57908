"""What newcomers meet, as staff see it, and the norms to be written there: the course's or the whole academy's."""

from __future__ import annotations

from flask import Response, abort, g, request, url_for
from flask_babel import gettext as _

from lti_app import welcoming
from lti_app.answers import answer
from lti_app.fields import Field, read_text
from lti_app.house import house
from lti_app.panels.welcome.rooms import blueprint
from lti_app.shell import render_panel
from lti_app.store import norms
from lti_app.store.refusals import NotYours


def staff_page(sent: dict[str, Field] | None = None, done: str = "") -> str:
    """Draw every step as newcomers see it, and the form of the norms as they stand or as they were just sent."""
    with house().db.reading() as session:
        said = norms.words_of(session, welcoming.version())
        return render_panel(
            session,
            "panels/welcome/staff.html",
            tab="welcome",
            norms_words=welcoming.norms_words(session, welcoming.version()),
            fields=sent or {code: Field(said.get(code, "")) for code in norms.LANGUAGES},
            done=done,
            of_course=norms.KEY in (g.membership.context.settings or {}),
            of_academy=norms.KEY in (g.academy.settings or {}),
            may_everywhere=g.membership.role == "manager",
        )


@blueprint.post("/write")
def write() -> Response:
    """Keep the norms as they were written; whoever accepted others is asked anew."""
    if g.membership.role not in ("tutor", "manager"):
        abort(404)
    sent = {code: read_text(f"norms_{code}", most=norms.MAX_NORMS, needed=False) for code in norms.LANGUAGES}
    if any(field.fault for field in sent.values()):
        return answer(fragment=lambda: staff_page(sent), page=lambda: staff_page(sent), to="", status=422)
    everywhere = request.form.get("where") == "academy"
    words, me = {code: field.value for code, field in sent.items()}, g.membership
    try:
        with house().db.writing() as session:
            norms.write_norms(session, me.context_id, me.id, words, house().clock.now(), everywhere=everywhere)
    except NotYours:
        abort(404)
    _read_again()
    done = kept_words()
    return answer(
        fragment=lambda: staff_page(done=done), page=lambda: staff_page(done=done), to=url_for(".show", kept=1)
    )


def kept_words() -> str:
    """Return the sentence after the norms were kept."""
    return _("Kept. Whoever had agreed to other norms is asked again, gently.")


def _read_again() -> None:
    """Take what has just been kept into this request, which read course and academy before."""
    with house().db.reading() as session:
        fresh = norms.settings_now(session, g.membership.context_id)
    g.membership.context.settings, g.academy.settings = fresh
