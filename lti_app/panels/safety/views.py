"""Report a post to a person, and read what staff did about oneself."""

from __future__ import annotations

from flask import Blueprint, Response, abort, g, url_for
from sqlalchemy.orm import Session

from lti_app import door
from lti_app.answers import answer
from lti_app.house import house
from lti_app.panels.safety.forms import Complaint, read_complaint
from lti_app.shell import render_panel
from lti_app.store import record, reports
from lti_app.store.refusals import NotYours

blueprint = Blueprint("safety", __name__, url_prefix="/v/<ref>")
door.guard(blueprint)


def _post(session: Session, post_id: int) -> reports.Reportable:
    try:
        return reports.reportable(session, g.membership.context_id, post_id, g.membership.id)
    except NotYours:
        abort(404)


def _page(post_id: int, complaint: Complaint | None = None, *, done: bool = False, is_new: bool = True) -> str:
    with house().db.reading() as session:
        return render_panel(
            session,
            "panels/safety/report.html",
            tab="",
            post=_post(session, post_id),
            complaint=complaint or Complaint(),
            reasons=reports.REASONS,
            done=done,
            is_new=is_new,
        )


@blueprint.route("/report/<int:post_id>", methods=["GET", "POST"], endpoint="report")
def show_report(post_id: int) -> str:
    """Show the form that asks a person to look at a post."""
    return _page(post_id)


@blueprint.post("/report/<int:post_id>/send")
def send_report(post_id: int) -> Response:
    """Ask a person to look at a post."""
    complaint = read_complaint()
    if not complaint.is_good:
        again = lambda: _page(post_id, complaint)  # noqa: E731
        return answer(fragment=again, page=again, to="", status=422)
    try:
        with house().db.writing() as session:
            is_new = reports.report_post(
                session, g.membership.context_id, post_id, g.membership.id, complaint.why.value,
                complaint.words.value, house().clock.now(),
            )  # fmt: skip
    except NotYours:
        abort(404)
    done = lambda: _page(post_id, done=True, is_new=is_new)  # noqa: E731
    return answer(fragment=done, page=done, to=url_for(".reported", post_id=post_id))


@blueprint.route("/report/<int:post_id>/sent", methods=["GET", "POST"], endpoint="reported")
def reported(post_id: int) -> str:
    """Say that a person will look."""
    return _page(post_id, done=True)


@blueprint.route("/record", methods=["GET", "POST"], endpoint="record")
def show_record() -> str:
    """Show what staff did that concerns the viewer."""
    with house().db.reading() as session:
        return render_panel(
            session, "panels/safety/record.html", tab="", acts=record.my_record(session, g.membership.id)
        )
