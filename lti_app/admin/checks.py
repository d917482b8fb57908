"""The self-test in a page: each step tried now, with a plain verdict."""

from __future__ import annotations

from flask import abort, g

from lti_app.admin import blueprint
from lti_app.admin.frame import render_admin
from lti_app.doctor import examine
from lti_app.door import cookie_works
from lti_app.house import house
from lti_app.models import Registration
from lti_app.store.installation import owns_platform


@blueprint.post("/check/<int:registration_id>")
def check(registration_id: int) -> str:
    """Check everything about one platform; it may take half a minute where something does not answer."""
    with house().db.reading() as session:
        if not owns_platform(session, g.academy.id, registration_id):
            abort(404)
        name = session.get_one(Registration, registration_id).name
    verdicts = list(examine(house(), registration_id, cookie_came=cookie_works()))
    with house().db.reading() as session:
        return render_admin(
            session,
            "admin/check.html",
            name=name,
            registration_id=registration_id,
            verdicts=verdicts,
            faults=sum(one.state == "fault" for one in verdicts),
        )
