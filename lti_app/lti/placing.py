"""Deep linking: a tutor chooses which panels stand where, and the platform receives them as content items."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Blueprint, Response, g, request
from flask_babel import gettext as _
from flask_babel import ngettext
from itsdangerous import BadSignature, URLSafeTimedSerializer

from lti_app.catalogue import panels
from lti_app.claim_fields import BadLaunch
from lti_app.house import house
from lti_app.lti.choosing import chosen_in, sections_of
from lti_app.lti.content_items import Chosen, content_item, new_mark
from lti_app.lti.handover import Arrived
from lti_app.lti.library import placing_jwt
from lti_app.lti.pages import page
from lti_app.lti.refusals import refuse
from lti_app.mount import seen_path
from lti_app.security import allow_own_frames, let_forms_leave
from lti_app.signing import our_signing_key
from lti_app.store.participation import switch_column
from lti_app.store.places import keep_placed, zone_of
from lti_app.store.registrations import KnownPlatform, active_platform
from lti_app.store.still_placing import closed_because
from lti_app.visit import FIELD, Visit, new_ref, seal

blueprint = Blueprint("placing", __name__)
TICKET_SECONDS = 3600
PICTURE = "/static/lti/panel.svg"


def _serializer() -> URLSafeTimedSerializer:
    # In ASCII: a platform's `data` may hold what no text can be encoded with, and goes back unchanged all the same.
    return URLSafeTimedSerializer(
        house().settings.secret_key, salt="regista-placing-2", serializer_kwargs={"ensure_ascii": True}
    )


def _preview(arrived: Arrived) -> tuple[str, str] | None:
    """Return the way to a learner's view of the course, of whom nothing is kept, and its token; needs a course."""
    recorded = arrived.recorded
    if recorded.context_id is None:
        return None
    visit = Visit(
        ref=new_ref(recorded.registration_id, house().settings),
        registration_id=recorded.registration_id,
        deployment_id=recorded.deployment_id,
        academy_id=recorded.academy_id,
        person_id=0,
        context_id=recorded.context_id,
        membership_id=None,
        resource_link_id=None,
        role="learner",
        locale=recorded.locale,
        launch_id=arrived.state.launch_id,
        student_view=True,
    )
    return seen_path(house().settings, f"/v/{visit.ref}"), seal(visit, house().settings)


def offer_panels(arrived: Arrived) -> Response:
    """Answer a deep linking request with the page on which panels are chosen."""
    placing, recorded = arrived.launch.placing, arrived.recorded
    if placing is None:
        raise BadLaunch("nothing_to_place", "no deep linking request")
    ticket = _serializer().dumps(
        {
            "registration": recorded.registration_id,
            "deployment": arrived.launch.deployment,
            "context": recorded.context_id,
            "member": recorded.membership_id,
            "return_url": placing.return_url,
            "targets": list(placing.targets),
            "several": placing.accept_multiple,
            "column": placing.accept_lineitem,
            # Whether there was data at all matters: an absent one must stay absent.
            "data": [] if placing.data is None else [placing.data],
            "locale": recorded.locale,
            "launch": arrived.state.launch_id,
        }
    )
    g.locale = recorded.locale
    with house().db.reading() as session:
        sections = sections_of(session, recorded.context_id)
    preview = _preview(arrived)
    allow_own_frames()
    return page(
        "lti/choose_panel.html",
        ticket=ticket,
        kinds=panels(),
        sections=sections,
        several=placing.accept_multiple,
        column=placing.accept_lineitem and recorded.context_id is not None,
        course=arrived.launch.course.title if arrived.launch.course else None,
        look=preview[0] if preview else None,
        look_field=FIELD,
        look_token=preview[1] if preview else "",
    )


def _opened() -> dict[str, Any]:
    try:
        ticket: dict[str, Any] = _serializer().loads(request.form.get("ticket", ""), max_age=TICKET_SECONDS)
    except BadSignature as e:
        raise BadLaunch("ticket", type(e).__name__) from e
    g.locale, g.launch_id = ticket["locale"], ticket["launch"]
    return ticket


def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or house().settings.default_time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _choose(ticket: dict[str, Any]) -> tuple[list[Chosen], ZoneInfo]:
    with house().db.reading() as session:
        sections = sections_of(session, ticket["context"])
        zone = _zone(zone_of(session, ticket["context"]))
    return chosen_in(request.form, sections, several=ticket["several"]), zone


def _items(ticket: dict[str, Any]) -> list[dict[str, Any]]:
    """Make the content items and keep what was chosen: the marks must be known before anybody launches."""
    if request.form.get("cancel"):
        return []
    chosen, zone = _choose(ticket)
    settings, now = house().settings, house().clock.now()
    column = bool(ticket["column"] and ticket["context"] and request.form.get("column"))
    marks = [new_mark() for _one in chosen]
    if ticket["context"] is not None:
        with house().db.writing() as session:
            for one, mark in zip(chosen, marks, strict=True):
                kept = one.settings()
                keep_placed(session, mark, ticket["context"], one.panel, one.title, kept, ticket["member"], now)
            if column:
                switch_column(session, ticket["context"], on=True, by_id=ticket["member"], now=now)
    return [
        content_item(
            one,
            mark,
            targets=ticket["targets"],
            settings=settings,
            zone=zone,
            picture=f"{settings.public_url}{PICTURE}",
            column=_("Taking part") if column and number == 0 else "",
        )
        for number, (one, mark) in enumerate(zip(chosen, marks, strict=True))
    ]


def _words(items: list[dict[str, Any]]) -> str:
    if not items:
        return _("Nothing was placed.")
    return ngettext(
        "The panel is in your course. To show it in the page itself, open it and go to Desk, This course.",
        "%(num)s panels are in your course. To show them in the page itself, open one and go to Desk, This course.",
        len(items),
    )


def _answer(ticket: dict[str, Any], registration: KnownPlatform, items: list[dict[str, Any]]) -> str:
    key = our_signing_key(house())
    return placing_jwt(
        items,
        registration,
        deployment=ticket["deployment"],
        data=ticket["data"][0] if ticket["data"] else None,
        message=_words(items),
        private_pem=key.private_pem,
        kid=key.kid,
    )


@blueprint.post("/lti/deep-link")
def deep_link() -> Response:
    """Send the chosen panels to the platform: a page whose form posts itself, with a button where scripts are off."""
    try:
        ticket = _opened()
        with house().db.reading() as session:
            registration = active_platform(session, ticket["registration"])
            place = ticket["registration"], ticket["deployment"], ticket["context"], ticket["member"]
            closed = closed_because(session, *place)
        if registration is None or closed is not None:
            raise BadLaunch(closed or "registration_gone", "closed meanwhile")
    except BadLaunch as e:
        return refuse(e)
    g.registration_id = registration.id
    items = _items(ticket)
    jwt = _answer(ticket, registration, items)
    let_forms_leave()
    return page("lti/placed.html", address=ticket["return_url"], jwt=jwt, titles=[item["title"] for item in items])
