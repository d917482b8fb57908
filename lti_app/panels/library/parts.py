"""What the pages of the library share."""

from __future__ import annotations

from flask import abort, g, render_template, request
from sqlalchemy.orm import Session

from lti_app.house import house
from lti_app.panels.events.parts import beside
from lti_app.panels.peer.parts import Word
from lti_app.shell import render_panel
from lti_app.store import library
from lti_app.store.library import KINDS, MaterialView, Reader, Wanted
from lti_app.store.refusals import NotYours
from lti_app.store.ties import outcomes_of


def reader() -> Reader:
    """Return who looks."""
    return Reader(g.membership.context_id, g.membership.id, g.visit.is_staff)


def _wanted(session: Session) -> Wanted:
    kind, outcome = request.values.get("kind", ""), request.values.get("outcome", "")
    words = " ".join(request.values.get("q", "").replace("\0", "").split())[:100]
    # After an act the whole of the library is drawn again: its form spoke of one piece.
    if request.url_rule is not None and not request.url_rule.rule.endswith("/library"):
        return Wanted(place=beside(session))
    return Wanted(
        kind=kind if kind in KINDS else "",
        outcome=outcome if outcome in outcomes_of(g.membership.context.settings) else "",
        words=words,
        place=beside(session),
    )


def shelf_page(word: Word | None = None, *, outcomes: tuple[list[str], str] | None = None) -> str:
    """Draw the library."""
    raw = request.args.get("before", "")
    before = int(raw) if raw.isascii() and raw.isdecimal() and len(raw) <= 18 else None
    with house().db.reading() as session:
        me, wanted = reader(), _wanted(session)
        pieces, more = library.shelves(session, me, wanted, before=before)
        first = before is None and not wanted
        return render_panel(
            session,
            "panels/library/page.html",
            tab="library",
            pieces=pieces,
            more=more,
            earlier=before is not None,
            forward=library.featured(session, me) if first else (),
            hand=library.in_hand(session, me) if before is None else (),
            away=library.archived(session, me) if first and me.is_staff else (),
            wanted=wanted,
            about=wanted.place,
            kinds=KINDS,
            outcomes=outcomes or (list(outcomes_of(g.membership.context.settings)), ""),
            word=word,
        )


def read(session: Session, material_id: int) -> MaterialView:
    """Return one piece; answers 404 where it is not theirs to see."""
    try:
        return library.read_material(session, reader(), material_id)
    except NotYours:
        abort(404)


def material_page(material_id: int, word: Word | None = None, *, reason: str = "", fault: str = "") -> str:
    """Draw the page of one piece."""
    with house().db.reading() as session:
        it = read(session, material_id)
        return render_panel(
            session, "panels/library/material.html", tab="library", it=it, word=word, reason=reason, fault=fault
        )


def material_part(material_id: int, said: str = "") -> str:
    """Draw one piece in its list anew."""
    with house().db.reading() as session:
        it = read(session, material_id)
    return render_template("panels/library/_material.html", it=it, said=said, level=request.form.get("level", "h3"))
