"""Voices that rest, and members who carry the community: facilitators and ambassadors."""

from __future__ import annotations

from flask import Response, abort, g, request, url_for
from flask_babel import gettext as _

from lti_app.answers import answer
from lti_app.fields import read_number
from lti_app.house import house
from lti_app.moderation import blueprint
from lti_app.moderation.views import may_decide, queue_page
from lti_app.shell import render_panel
from lti_app.store import mutes, standing
from lti_app.store.refusals import NotYours, TooLate

LONGEST_SEARCH = 80


@blueprint.post("/voice/<int:mute_id>/lift")
def lift(mute_id: int) -> Response:
    """Let a voice speak again before its time."""
    may_decide()
    said = _("They can speak again, and know it.")
    try:
        with house().db.writing() as session:
            mutes.lift_mute(session, g.membership.context_id, mute_id, g.membership.id, house().clock.now())
    except NotYours:
        abort(404)
    except TooLate:
        said = _("That voice does not rest any more.")
    return answer(fragment=lambda: queue_page(said), page=lambda: queue_page(said), to=url_for("moderation.queue"))


def _roles_page(said: str = "") -> str:
    asked = (request.form.get("name") or request.args.get("name") or "")[:LONGEST_SEARCH].strip()
    context_id = g.membership.context_id
    with house().db.reading() as session:
        return render_panel(
            session,
            "moderation/roles.html",
            tab="moderation",
            asked=asked,
            carrying=standing.list_carrying(session, context_id),
            found=standing.find_learners(session, context_id, asked) if asked else (),
            said=said,
        )


@blueprint.route("/roles", methods=["GET", "POST"], endpoint="roles")
def roles() -> str:
    """Show who carries the community, and find those who could."""
    return _roles_page()


@blueprint.post("/roles/give")
def give_role() -> Response:
    """Give a member a role in the community, or take it back."""
    may_decide()
    member_id, role = read_number("member", low=1, high=2**62), request.form.get("role", "")
    if member_id is None or role not in (*standing.ROLES, ""):
        abort(400)
    try:
        with house().db.writing() as session:
            standing.give_role(session, g.membership.context_id, member_id, role, g.membership.id, house().clock.now())
    except NotYours:
        abort(404)
    said = _("Thank you. They read it with their notifications.") if role else _("The role is theirs no more.")
    return answer(fragment=lambda: _roles_page(said), page=lambda: _roles_page(said), to=url_for("moderation.roles"))
