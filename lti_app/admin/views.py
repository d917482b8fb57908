"""The page of the academy's admin: platforms, installations that wait, and invitations."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, abort, g, make_response, request, url_for
from flask_babel import gettext as _

from lti_app.admin import blueprint
from lti_app.admin.frame import person_id, render_admin
from lti_app.answers import answer
from lti_app.house import house
from lti_app.invitations import GOOD_FOR, invitation_address
from lti_app.store.installation import decide, installations, let_nameless_look, note_invitation
from lti_app.store.overview import academy_platforms
from lti_app.store.refusals import NotYours


@dataclass(frozen=True, slots=True)
class Said:
    """What a page says of the act that led to it; ``address`` is a fresh invitation."""

    words: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class MadeFeed:
    """A platform's event feed that was just made, and its secret, which is shown once."""

    registration_id: int
    secret: str


def page(made: MadeFeed | None = None, said: Said | None = None) -> str:
    """Draw the admin's page."""
    with house().db.reading() as session:
        return render_admin(
            session,
            "admin/page.html",
            platforms=academy_platforms(session, g.academy.id),
            installations=installations(session, g.academy.id),
            said=said or Said(),
            made=made,
            days=GOOD_FOR.days,
            public_url=house().settings.public_url,
        )


@blueprint.route("", methods=["GET", "POST"], endpoint="room")
def room() -> str:
    """Show the platforms of the academy, what waits for a yes, and how to connect another platform."""
    return page()


@blueprint.post("/invite")
def invite() -> Response:
    """Make an invitation: an address that connects one platform, once, within a week."""
    with house().db.writing() as session:
        note_invitation(session, g.academy.id, person_id(), house().clock.now())
    said = Said(_("Here is your address."), invitation_address(g.academy.name, house().settings))
    # No redirect: it would lose the address, which is kept nowhere.
    return make_response(page(said=said))


@blueprint.post("/installations/<int:deployment_id>")
def installation(deployment_id: int) -> Response:
    """Say yes or no to an installation of the tool."""
    said_yes = {"yes": True, "no": False}.get(request.form.get("decision", ""))
    if said_yes is None:
        abort(400)
    try:
        with house().db.writing() as session:
            decide(session, g.academy.id, deployment_id, yes=said_yes, by_person=person_id(), now=house().clock.now())
    except NotYours:
        abort(404)
    said = Said(_("It may come in from now on.") if said_yes else _("It stays out. You can change that at any time."))
    return answer(fragment=lambda: page(said=said), page=lambda: page(said=said), to=url_for("admin.room"))


@blueprint.post("/nameless")
def nameless() -> Response:
    """Let people look whom the platform does not name, or refuse them."""
    yes = request.form.get("look") == "yes"
    with house().db.writing() as session:
        let_nameless_look(session, g.academy.id, yes=yes, by_person=person_id(), now=house().clock.now())
    # The page that follows is drawn from the academy as the door loaded it.
    g.academy.settings = {**(g.academy.settings or {}), "anonymous": yes}
    said = Said(_("Kept."))
    return answer(fragment=lambda: page(said=said), page=lambda: page(said=said), to=url_for("admin.room"))
