"""Library: what others found useful, and giving something of one's own."""

from __future__ import annotations

from flask import Blueprint, Response, abort, g, url_for
from flask_babel import gettext as _

from lti_app import door
from lti_app.answers import answer
from lti_app.fields import Field, form_key
from lti_app.house import house
from lti_app.limits import takes_files
from lti_app.panels.events.parts import beside
from lti_app.panels.files import Files, take_files
from lti_app.panels.library.forms import Draft, draft_of, read_draft
from lti_app.panels.library.parts import material_page, material_part, read, reader, shelf_page
from lti_app.panels.peer.parts import Word
from lti_app.shell import render_panel
from lti_app.store import library_acts
from lti_app.store.library_acts import AlreadyThere
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.ties import Ties, ties_of

blueprint = Blueprint("library", __name__, url_prefix="/v/<ref>/library")
door.guard(blueprint)


@blueprint.route("", methods=["GET", "POST"])
def show() -> str:
    """Show the library, or what was looked for in it."""
    return shelf_page()


@blueprint.route("/<int:material_id>", methods=["GET", "POST"])
def material(material_id: int) -> str:
    """Show one piece."""
    return material_page(material_id)


def form_page(
    draft: Draft | None = None, files: Files | None = None, material_id: int | None = None, there: int | None = None
) -> str:
    """Draw the form of a new piece, or of one that is changed; ``there`` is the piece that has the address already."""
    with house().db.reading() as session:
        me = reader()
        it = read(session, material_id) if material_id is not None else None
        if it is not None and not (me.is_staff or (it.is_mine and it.state == "waiting")):
            abort(404)
        if draft is None and it is not None:
            draft = draft_of(it)
        if draft is None:
            about = beside(session)
            tie = f"a{about.activity.id}" if about.activity else f"s{about.section}" if about.section else ""
            draft = Draft(about=tie)
        return render_panel(
            session,
            "panels/library/form.html",
            tab="library",
            draft=draft,
            files=files,
            it=it,
            there=there,
            ties=ties_of(session, me.context_id, g.membership.context.settings),
        )


def ties() -> Ties:
    """Return what a piece of this course can be tied to."""
    with house().db.reading() as session:
        return ties_of(session, g.membership.context_id, g.membership.context.settings)


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> str:
    """Show the form of a new piece."""
    return form_page()


@blueprint.post("/give")
@takes_files
def give() -> Response:
    """Give something to the library."""
    files, key = take_files(most=1), form_key()
    draft = read_draft(ties(), files)
    if not draft.is_good or files.fault:
        return answer(fragment=lambda: form_page(draft, files), page=lambda: form_page(draft, files), to="", status=422)
    try:
        with house().db.writing() as session:
            piece = draft.piece(files)
            material_id, state = library_acts.suggest(session, reader(), piece, house().clock.now(), form_key=key)
    except NotYours:
        abort(404)
    except AlreadyThere as there:
        return already(draft, files, there)
    except TooLate:
        abort(409)
    word = Word(_("Thank you: a tutor looks at it first."), _("You hear here as soon as it stands on the shelf."))
    if state == "shown":
        word = Word(_("It stands in the library."))
    to = url_for("panels.library.material", material_id=material_id)
    return answer(
        fragment=lambda: material_page(material_id, word), page=lambda: material_page(material_id, word), to=to
    )


def kept(material_id: int, word: Word) -> Response:
    """Answer with the piece as it stands now."""
    return answer(
        fragment=lambda: material_page(material_id, word),
        page=lambda: material_page(material_id, word),
        to=url_for("panels.library.material", material_id=material_id),
    )


def already(draft: Draft, files: Files, there: AlreadyThere, material_id: int | None = None) -> Response:
    """Answer somebody who gives an address that stands in the library: where it is, and their words kept."""
    words = _("It is there already: “%(title)s”.", title=there.title)
    if not there.shown:
        words = _("Somebody has suggested this address already; a tutor is looking at it.")
    faulty = Draft(draft.kind, draft.title, draft.why, Field(draft.url.value, words), draft.about, draft.outcome)
    shown = there.material_id if there.shown or reader().is_staff else None
    return answer(
        fragment=lambda: form_page(faulty, files, material_id, shown),
        page=lambda: form_page(faulty, files, material_id, shown),
        to="",
        status=409,
    )


@blueprint.post("/<int:material_id>/useful")
def useful(material_id: int) -> Response:
    """Say that a piece was useful, or take it back."""
    try:
        with house().db.writing() as session:
            mine = library_acts.find_useful(session, reader(), material_id, house().clock.now())
    except NotYours:
        abort(404)
    said = _("Noted: it helped you.") if mine else _("Taken back.")
    return answer(
        fragment=lambda: material_part(material_id, said),
        page=lambda: material_page(material_id, Word(said)),
        to=url_for("panels.library.show") + f"#material-{material_id}",
    )
