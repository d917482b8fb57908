"""Looking after the library: what is shown, what is not and why, what stands at the top, what is put away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Response, abort, g, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app.answers import answer
from lti_app.fields import read_text
from lti_app.house import house
from lti_app.limits import takes_files
from lti_app.panels.events.parts import after
from lti_app.panels.files import take_files
from lti_app.panels.library.forms import read_draft, read_outcomes
from lti_app.panels.library.parts import material_page, read, reader, shelf_page
from lti_app.panels.library.views import already, blueprint, form_page, ties
from lti_app.panels.peer.parts import Word
from lti_app.store import library_acts
from lti_app.store.course_choices import keep_choice
from lti_app.store.library import Reader
from lti_app.store.library_acts import MAX_REASON, AlreadyThere
from lti_app.store.refusals import NotYours, TooLate

Act = Callable[[Session, Reader, datetime], object]


def _do(act: Act) -> Word | None:
    try:
        with house().db.writing() as session:
            act(session, reader(), house().clock.now())
    except NotYours:
        abort(404)
    except TooLate:
        return Word(_("In the meantime things have moved on."), _("Here is how they stand now."), "care")
    except AlreadyThere as there:
        return Word(_("It is there already: “%(title)s”.", title=there.title), "", "care")
    return None


def _then(material_id: int, act: Act, said: str) -> Response:
    """Do one thing and show the piece again."""
    word = _do(act)
    return answer(
        fragment=lambda: material_page(material_id, word or Word(said)),
        page=lambda: material_page(material_id, word or Word(said)),
        to=url_for("panels.library.material", material_id=material_id),
        status=409 if word else 200,
    )


@blueprint.route("/<int:material_id>/edit", methods=["GET", "POST"])
def edit(material_id: int) -> str:
    """Show the form of a piece that is to be changed."""
    return form_page(material_id=material_id)


@blueprint.post("/<int:material_id>/change")
@takes_files
def change(material_id: int) -> Response:
    """Change a piece: staff any, a member their own while it waits."""
    with house().db.reading() as session:
        it = read(session, material_id)
    files = take_files(most=1)
    draft = read_draft(ties(), files, has_file=it.upload is not None)
    if not draft.is_good or files.fault:
        return answer(
            fragment=lambda: form_page(draft, files, material_id),
            page=lambda: form_page(draft, files, material_id),
            to="",
            status=422,
        )
    try:
        with house().db.writing() as session:
            library_acts.change(session, reader(), material_id, draft.piece(files), house().clock.now())
    except NotYours:
        abort(404)
    except AlreadyThere as there:
        return already(draft, files, there, material_id)
    word = Word(_("Kept."))
    to = url_for("panels.library.material", material_id=material_id)
    return answer(
        fragment=lambda: material_page(material_id, word), page=lambda: material_page(material_id, word), to=to
    )


@blueprint.post("/<int:material_id>/decide")
def decide(material_id: int) -> Response:
    """Show a suggestion, or decline it with a kind word."""
    yes = request.form.get("yes") == "yes"
    reason = read_text("reason", most=MAX_REASON, needed=not yes, lines=False)
    if reason.fault:
        return answer(
            fragment=lambda: material_page(material_id, reason=reason.value, fault=reason.fault),
            page=lambda: material_page(material_id, reason=reason.value, fault=reason.fault),
            to="",
            status=422,
        )
    said = _("It stands in the library; whoever gave it has been told.")
    if not yes:
        said = _("Declined, with your word. Whoever gave it has been told.")
    return _then(
        material_id,
        lambda session, me, now: library_acts.decide(session, me, material_id, yes, reason.value, now),
        said,
    )


@blueprint.post("/<int:material_id>/forward")
def forward(material_id: int) -> Response:
    """Put a piece at the top, or back among the others."""
    up = request.form.get("forward") == "yes"
    said = _("It stands at the top now.") if up else _("It stands among the others again.")
    return _then(
        material_id, lambda session, me, now: library_acts.put_forward(session, me, material_id, up, now), said
    )


@blueprint.post("/<int:material_id>/away")
def away(material_id: int) -> Response:
    """Put a piece away, or bring it back."""
    gone = request.form.get("away") == "yes"
    said = _("Put away. It can be brought back at any time.") if gone else _("It stands in the library again.")
    return _then(material_id, lambda session, me, now: library_acts.put_away(session, me, material_id, gone, now), said)


@blueprint.post("/from-event/<int:event_id>")
def from_event(event_id: int) -> Response:
    """Put the recording of a meeting into the library."""
    word = _do(lambda session, me, now: library_acts.recording_of(session, me, event_id, now))
    done = Word(_("The recording stands in the library."))
    return after(event_id, word or done, said=(word or done).title, status=409 if word else 200)


@blueprint.post("/outcomes")
def outcomes() -> Response:
    """Keep the learning outcomes that things of this course can be tied to."""
    if not g.visit.is_staff or not g.membership.id:
        abort(404)
    lines, fault = read_outcomes()
    if fault:
        return answer(
            fragment=lambda: shelf_page(outcomes=(lines, fault)),
            page=lambda: shelf_page(outcomes=(lines, fault)),
            to="",
            status=422,
        )
    try:
        with house().db.writing() as session:
            me = g.membership
            keep_choice(session, me.context_id, "outcomes", lines, me.id, house().clock.now(), was=[])
    except NotYours:
        abort(404)
    g.membership.context.settings = {**(g.membership.context.settings or {}), "outcomes": lines}
    word = Word(_("Kept."))
    return answer(fragment=lambda: shelf_page(word), page=lambda: shelf_page(word), to=url_for("panels.library.show"))
