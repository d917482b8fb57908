"""From a launch to its panel: a visit token in a cookie of the visit's own path, or in a form where there are none."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response
from werkzeug.wrappers import Response as BaseResponse

from lti_app.claims import Launch
from lti_app.config import Settings
from lti_app.cookies import give_cookie
from lti_app.house import house
from lti_app.lti.pages import Onward, page
from lti_app.lti.states import State
from lti_app.mount import seen_path
from lti_app.store.recorded import Recorded
from lti_app.visit import COOKIE, FIELD, Visit, new_ref, seal


@dataclass(frozen=True, slots=True)
class Arrived:
    """A recorded launch; ``by_cookie`` says that this browser brought our login cookie back."""

    recorded: Recorded
    launch: Launch
    state: State
    panel: str
    return_url: str | None
    by_cookie: bool


def visit_of(arrived: Arrived, settings: Settings) -> Visit:
    """Return the visit that begins; its name is new each time, so that nobody can prepare it beforehand."""
    recorded = arrived.recorded
    return Visit(
        ref=new_ref(recorded.registration_id, settings),
        registration_id=recorded.registration_id,
        deployment_id=recorded.deployment_id,
        academy_id=recorded.academy_id,
        person_id=recorded.person_id,
        context_id=recorded.context_id,
        membership_id=recorded.membership_id,
        resource_link_id=recorded.resource_link_id,
        role=recorded.role,
        locale=recorded.locale,
        launch_id=arrived.state.launch_id,
        return_url=arrived.return_url,
        student_view=recorded.student_view,
    )


def _forget_login(response: BaseResponse, arrived: Arrived) -> None:
    give_cookie(response, arrived.state.cookie, "", seconds=0, path=seen_path(house().settings, "/lti/launch"))


def hand_over(arrived: Arrived) -> Response:
    """Send the person to their panel; without a course only an administrator has somewhere to go."""
    recorded = arrived.recorded
    if recorded.context_id is None and recorded.role != "admin":
        response = page("lti/no_course.html", name=arrived.launch.given_name or arrived.launch.name)
        _forget_login(response, arrived)
        return response
    settings = house().settings
    visit = visit_of(arrived, settings)
    token = seal(visit, settings)
    panel = arrived.panel if recorded.context_id is not None else "admin"
    address = seen_path(settings, f"/v/{visit.ref}/{panel}")
    if not arrived.by_cookie:
        return page("lti/handover.html", address=address, field=FIELD, entry=token)
    response = Onward(address, 303)
    path = seen_path(settings, f"/v/{visit.ref}/")
    give_cookie(response, COOKIE, token, seconds=settings.panel_token_seconds, path=path)
    _forget_login(response, arrived)
    return response
