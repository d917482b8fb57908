"""Whom peer support leaves out: nobody of them is proposed, asked, or invited into a circle."""

from __future__ import annotations

from flask import Response, abort, g, request, url_for
from flask_babel import gettext as _

from lti_app.answers import answer
from lti_app.control import blueprint
from lti_app.fields import Field, read_number, read_text
from lti_app.house import house
from lti_app.shell import render_panel
from lti_app.store import left_out
from lti_app.store.refusals import NotYours

#: Roles of LTI, as they stand after the #, that may be of people who are no ordinary learners of the course.
ROLES = ("GuestLearner", "NonCreditLearner", "ExternalLearner", "Guest", "Observer", "Alumni", "ProspectiveStudent",
         "Mentor")  # fmt: skip
LONGEST_GROUPS = 2000


def _page(said: str = "", groups: Field | None = None, roles: tuple[str, ...] | None = None) -> str:
    sought = request.values.get("sought", "")[:80]
    with house().db.reading() as session:
        here = left_out.left_out(session, g.visit.academy_id)
        return render_panel(
            session,
            "control/left_out.html",
            tab="control",
            here=here,
            roles=[*ROLES, *(one for one in here.roles if one not in ROLES)],
            chosen_roles=here.roles if roles is None else roles,
            groups=groups or Field("\n".join(one.name for one in here.groups)),
            sought=sought,
            found=left_out.found_people(session, g.visit.academy_id, sought),
            said=said,
        )


@blueprint.route("/left-out", methods=["GET", "POST"], endpoint="left_out")
def left_out_page() -> str:
    """Show whom peer support leaves out, and look for somebody."""
    return _page(_("Kept.") if request.args.get("kept") else "")


@blueprint.post("/left-out/keep")
def left_out_keep() -> Response:
    """Keep which roles and groups are left out."""
    roles = tuple(one[:80] for one in request.form.getlist("roles"))[:40]
    groups = read_text("groups", most=LONGEST_GROUPS, needed=False)
    if groups.fault:
        return answer(
            fragment=lambda: _page("", groups, roles),
            page=lambda: _page("", groups, roles),
            to=url_for("control.left_out"),
            status=422,
        )
    names = [" ".join(line.split()) for line in groups.value.split("\n") if line.strip()]
    with house().db.writing() as session:
        now, by_id = house().clock.now(), g.visit.person_id or None
        left_out.choose_left_out(session, g.visit.academy_id, roles, names, by_id, now)
    said = _("Kept. The next look at each course follows it.")
    return answer(fragment=lambda: _page(said), page=lambda: _page(said), to=url_for("control.left_out", kept="yes"))


@blueprint.post("/left-out/person/<int:person_id>")
def left_out_person(person_id: int) -> Response:
    """Leave one person out, or let them in again."""
    out = read_number("out", low=0, high=1) == 1
    said = _("They are left out from now on.") if out else _("They are in again.")
    try:
        with house().db.writing() as session:
            now, by_id = house().clock.now(), g.visit.person_id or None
            left_out.leave_out(session, g.visit.academy_id, person_id, out, by_id, now)
    except NotYours:
        abort(404)
    except ValueError:
        said = _("So many people are better left out as a group of the LMS.")
    return answer(fragment=lambda: _page(said), page=lambda: _page(said), to=url_for("control.left_out"))
