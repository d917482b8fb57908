"""The launch: everything is checked before anything is kept, then one transaction records it and hands over."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime

from flask import Blueprint, Response, g, request
from sqlalchemy.exc import IntegrityError, OperationalError

from lti_app.claim_fields import BadLaunch
from lti_app.claims import Launch
from lti_app.house import house
from lti_app.lti.addresses import is_ours, same_origin
from lti_app.lti.checks import Expected, Token, check_nonce, check_parties, check_times, take_apart
from lti_app.lti.handover import Arrived, hand_over
from lti_app.lti.library import validate_token
from lti_app.lti.memory import memory
from lti_app.lti.pages import page
from lti_app.lti.placing import offer_panels
from lti_app.lti.platform_keys import key_for
from lti_app.lti.readings import Reading, read
from lti_app.lti.refusals import platform_error, refuse
from lti_app.lti.states import State, digest, is_bound, nonce_of, open_state
from lti_app.store.launches import PlatformChanged, note_waiting, record_launch
from lti_app.store.origins import origin_of
from lti_app.store.recorded import Recorded
from lti_app.store.registrations import KnownPlatform, active_platform, client_ids_of
from lti_app.store.returning import come_back, may_come_back
from lti_app.store.weighing import weigh

blueprint = Blueprint("launch", __name__)
BINDING = "binding"


def _form() -> dict[str, str]:
    """Return the fields of the post; one that comes twice could be read differently by two readers."""
    if any(len(values) > 1 for values in request.form.listvalues()):
        raise BadLaunch("state", "a field came twice")
    return request.form.to_dict()


def _known(state: State) -> KnownPlatform:
    found = memory().platform(state.registration_id)
    if found is None:
        with house().db.reading() as session:
            found = active_platform(session, state.registration_id)
        if found is None:
            raise BadLaunch("registration_gone", f"registration {state.registration_id}")
        memory().keep_platform(found)
    return found


def _trusted(token: Token, platform: KnownPlatform) -> frozenset[str]:
    """Return the audiences beside ours that may stand in a token; only one that names several needs them."""
    if not isinstance(token.claims.get("aud"), list):
        return frozenset()
    settings = house().settings
    with house().db.reading() as session:
        ours = client_ids_of(session, platform.issuer) | {settings.public_url, f"{settings.public_url}/lti/launch"}
    return ours | ({platform.auth_audience} if platform.auth_audience else set())


def _from_our_own_page() -> bool:
    """Return whether the browser says that our own page posted this: a stranger's page cannot say so."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return same_origin(request.headers.get("Origin"), house().settings.public_url)


def _is_bound_by_storage(state: State, form: Mapping[str, str]) -> bool:
    # The binding comes out of the platform's storage, read there by our page; whoever forges a launch knows the binding
    # of a login of their own, so it counts only when it is our page that brings it.
    return bool(state.storage) and _from_our_own_page() and is_bound(state, form.get(BINDING))


def _checked(form: Mapping[str, str], state: State, registration: KnownPlatform) -> Reading:
    """Return what was said after every check that needs no row, the cheap ones before the platform's keys are read."""
    settings = house().settings
    token: Token = take_apart(form.get("id_token", ""))
    nonce, trusted = nonce_of(state, settings), _trusted(token, registration)
    expected = Expected(registration.issuer, registration.client_id, nonce, trusted)
    check_parties(token.claims, expected)
    check_nonce(token.claims, expected)
    check_times(token.claims, time.time())
    key = key_for(house(), registration.jwks_url, token.kid)
    claims = validate_token(form, registration, token=token, key=key, nonce=expected.nonce, bound=True)
    reading = read(claims, registration.id, memory().readings)
    _agree(reading.launch, state, registration)
    return reading


def _agree(launch: Launch, state: State, registration: KnownPlatform) -> None:
    """Check that the launch is the one that its login announced; from here on the way back may be offered."""
    if same_origin(launch.return_url, registration.issuer, registration.auth_login_url):
        g.return_url = launch.return_url
    g.locale = {"it": "it", "en": "en"}.get((launch.locale or "")[:2].lower())
    if digest(launch.target) != state.target or not is_ours(launch.target, house().settings):
        raise BadLaunch("target", "target_link_uri is not the one of the login")
    if state.deployment and state.deployment != launch.deployment:
        raise BadLaunch("deployment_unknown", "deployment is not the one of the login")
    if launch.placing is not None:
        if launch.role not in ("tutor", "manager", "admin"):
            raise BadLaunch("not_staff", f"role {launch.role}")
        insecure = not launch.placing.return_url.startswith("https://")
        if insecure and not house().settings.allow_private_addresses:
            raise BadLaunch("claim_type", "deep_link_return_url is not https")


def _record_shortly(state: State, platform: KnownPlatform, said: Reading, now: datetime) -> Recorded | None:
    known, words = memory().arrivals, said.words
    with house().db.driver() as driver:
        return come_back(driver, platform, arrivals=known, state_id=state.id, words=words, now=now) or weigh(
            driver, platform, said.launch, arrivals=known, state_id=state.id, panel=said.panel, words=words, now=now
        )


def _record(state: State, platform: KnownPlatform, said: Reading) -> Recorded:
    now = house().clock.now()
    for attempt in (1, 2, 3):
        try:
            if may_come_back(said.launch):
                found = _record_shortly(state, platform, said, now)
                if found is not None:
                    return found
            with house().db.writing() as session:
                return record_launch(session, platform, said.launch, state_id=state.id, panel=said.panel, now=now)
        except (OperationalError, IntegrityError):
            # PostgreSQL ends one of two transactions that wait for each other (a sync of the same course), or one that
            # writes what another has written since it looked; ask again.
            if attempt == 3:
                raise
    raise AssertionError("unreachable")


@blueprint.post("/lti/launch")
def launch() -> Response:
    """Receive an LTI message, check it, record it and hand over to the panel."""
    try:
        form = _form()
        if "error" in form:
            raise platform_error(form["error"])
        state = open_state(form.get("state", ""), house().settings)
        g.launch_id = state.launch_id
        registration = _known(state)
        g.registration_id = registration.id
        by_cookie = is_bound(state, request.cookies.get(state.cookie))
        if not by_cookie and not _is_bound_by_storage(state, form):
            if state.storage and BINDING not in form:
                return _ask_storage(form, state, registration)
            raise BadLaunch("browser", "the browser that began this login is not the one that ended it")
        try:
            return _enter(state, registration, _checked(form, state, registration), by_cookie)
        except PlatformChanged:
            memory().forget_platforms()
            registration = _known(state)
            return _enter(state, registration, _checked(form, state, registration), by_cookie)
    except BadLaunch as e:
        if e.code == "registration_gone":
            # The login believed in it; the next one is to look whether it was connected anew.
            memory().forget_platforms()
        return refuse(e)


@blueprint.get("/lti/launch")
def launch_by_hand() -> Response:
    """Tell somebody who opened the launch address itself where panels are opened."""
    return refuse(BadLaunch("token_missing", "GET"))


def _ask_storage(form: Mapping[str, str], state: State, registration: KnownPlatform) -> Response:
    """Answer with the page that looks into the platform's storage and posts the launch again, with the binding."""
    take_apart(form.get("id_token", ""))
    response = page(
        "lti/storage_get.html",
        form={"id_token": form.get("id_token", ""), "state": form["state"]},
        target=state.storage,
        origin=origin_of(registration.auth_login_url),
        key=state.cookie,
    )
    # Without it the browser would hide from us that our own page posts.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _enter(state: State, platform: KnownPlatform, said: Reading, by_cookie: bool) -> Response:
    launch = said.launch
    try:
        recorded = _record(state, platform, said)
    except BadLaunch as e:
        if e.code == "deployment_unknown":
            _knock(state, launch)
        raise
    arrived = Arrived(recorded, launch, state, said.panel, g.get("return_url"), by_cookie)
    return offer_panels(arrived) if launch.placing is not None else hand_over(arrived)


def _knock(state: State, launch: Launch) -> None:
    with house().db.writing() as session:
        registration = active_platform(session, state.registration_id)
        if registration is not None:
            note_waiting(session, registration, launch, house().clock.now())
