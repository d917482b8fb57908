"""What tutors set for their course as a whole: where panels stand, and whether taking part has a column."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from flask import Response, abort, current_app, g, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from engagement.participation import ONE_IN
from lti_app.answers import answer
from lti_app.desk import blueprint
from lti_app.fields import read_number
from lti_app.house import house
from lti_app.models import Context
from lti_app.shell import render_panel
from lti_app.store.participation import Column, column_of, switch_column, taking_part
from lti_app.store.refusals import NotYours
from lti_app.store.spots import number_spot, spots_of

# The address of an activity carries its number as id=; or somebody types the number alone.
NUMBER = re.compile(r"(?:^|[?&]id=)(\d{1,18})(?:\D|$)")

KEPT = 256
KEPT_SECONDS = 600
_lock = Lock()


@dataclass(frozen=True, slots=True)
class ColumnView:
    """The participation column, and what its number means today: ``whole`` learners of ``learners`` have all of it."""

    column: Column
    one_in: int
    needed: int
    learners: int
    whole: int


def _column(session: Session, context: Context) -> ColumnView:
    needed, learners, whole = _numbers(session, context)
    return ColumnView(column_of(context), ONE_IN, needed, learners, whole)


def _numbers(session: Session, context: Context) -> tuple[int, int, int]:
    """Return how many weeks are enough, of how many learners, and how many have them; read once in ten minutes.

    Every word of a course is counted for it: half a second in one of thousands.
    """
    now = house().clock.now()
    key = (context.id, column_of(context).since, int(now.timestamp() // KEPT_SECONDS))
    kept: OrderedDict[object, tuple[int, int, int]] = current_app.extensions.setdefault(
        "regista-taking-part", OrderedDict()
    )
    found = kept.get(key)
    if found is None:
        taken = taking_part(session, context, now).values()
        needed = max((one.needed for one in taken), default=1)
        found = kept[key] = (needed, len(taken), sum(one.share >= 1 for one in taken))
        with _lock:
            while len(kept) > KEPT:
                kept.popitem(last=False)
    return found


def _page(said: str = "", fault: str = "") -> str:
    with house().db.reading() as session:
        context = session.get_one(Context, g.membership.context_id)
        return render_panel(
            session,
            "desk/course.html",
            tab="desk",
            spots=spots_of(session, context.id),
            view=_column(session, context),
            said=said,
            fault=fault,
        )


def _may_change() -> None:
    if g.membership.role not in ("tutor", "manager") or not g.membership.id:
        abort(403)


@blueprint.route("/course", methods=["GET", "POST"], endpoint="course")
def course() -> str:
    """Show the panels of the course with their snippets, and the participation column."""
    return _page()


@blueprint.post("/course/column")
def column() -> Response:
    """Switch the participation column on or off."""
    _may_change()
    on = request.form.get("on") == "yes"
    with house().db.writing() as session:
        switch_column(session, g.membership.context_id, on=on, by_id=g.membership.id, now=house().clock.now())
    said = (
        _("Switched on. The first numbers are written with the next reading of the course.")
        if on
        else _("Switched off. What stands in the gradebook stays as it is.")
    )
    return answer(fragment=lambda: _page(said), page=lambda: _page(said), to=url_for("desk.course"))


@blueprint.post("/course/number")
def number() -> Response:
    """Keep where a panel stands, as read in the address bar of its page."""
    _may_change()
    link_id, found = read_number("link", low=1, high=2**62), NUMBER.search(request.form.get("address", "")[:2000])
    if link_id is None or found is None:
        fault = _("There is no number in it. Open the panel's own page and copy the whole address.")
        return answer(fragment=lambda: _page(fault=fault), page=lambda: _page(fault=fault), to="", status=422)
    try:
        with house().db.writing() as session:
            number_spot(session, g.membership.context_id, link_id, found[1])
    except NotYours:
        abort(404)
    return answer(fragment=_page, page=_page, to=url_for("desk.course"))
