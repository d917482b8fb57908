"""How one platform's own services are read: its web services, and the events that it sends by itself."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from flask import abort, g, request

from lti_app.admin import blueprint
from lti_app.admin.consent import back_address
from lti_app.admin.frame import render_admin
from lti_app.house import house
from lti_app.security import let_forms_leave
from lti_app.store.feeds import feed_lines, remove_feed, save_feed, secret_digest
from lti_app.store.installation import owns_platform
from lti_app.store.overview import academy_platforms


@dataclass(frozen=True, slots=True)
class Made:
    """The secret of a feed that was made just now; it stands nowhere else."""

    secret: str = field(default="", repr=False)


def services_page(registration_id: int, made: Made | None = None) -> str:
    """Draw the page of one platform's services; another academy's is not there."""
    with house().db.reading() as session:
        mine = {one.registration_id: one for one in academy_platforms(session, g.academy.id)}
        if registration_id not in mine:
            abort(404)
        feeds = {one.registration_id: one for one in feed_lines(session, g.academy.id)}
        return render_admin(
            session,
            "admin/services.html",
            platform=mine[registration_id],
            feed=feeds.get(registration_id),
            made=made or Made(),
            public_url=house().settings.public_url,
            back_address=back_address(),
        )


@blueprint.route("/services/<int:registration_id>", methods=["GET", "POST"], endpoint="services")
def services(registration_id: int) -> str:
    """Show how a platform's services are read."""
    # The form of a Canvas leads through our own page to that Canvas.
    let_forms_leave()
    return services_page(registration_id)


@blueprint.post("/services/<int:registration_id>/feed")
def feed(registration_id: int) -> str:
    """Make a platform's feed, give it a new secret, or close it."""
    secret = secrets.token_urlsafe(32)
    closes = request.form.get("what") == "close"
    with house().db.writing() as session:
        if not owns_platform(session, g.academy.id, registration_id):
            abort(404)
        if closes:
            remove_feed(session, registration_id)
        else:
            now = house().clock.now()
            save_feed(session, registration_id, secrets.token_urlsafe(9), secret_digest(secret), now)
    return services_page(registration_id, Made() if closes else Made(secret))
