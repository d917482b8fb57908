"""The login: the platform says that somebody is coming, and we send the browser back to it with a state.

Cookies come first. A browser that shows us inside another site's page is asked once whether it keeps our (partitioned)
cookie, before the platform is asked: a login hint often works only once, so afterwards would be too late. Where it does
not, the binding goes into the platform's own storage, and where there is none, into a new tab of our own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request
from werkzeug.wrappers import Response as BaseResponse

from lti_app.claim_fields import BadLaunch
from lti_app.cookies import give_cookie
from lti_app.house import house
from lti_app.lti.addresses import is_ours, launch_url
from lti_app.lti.library import login_address
from lti_app.lti.memory import memory
from lti_app.lti.pages import Onward, page
from lti_app.lti.refusals import refuse
from lti_app.lti.states import STATE_SECONDS, new_state, nonce_of, seal_state
from lti_app.mount import seen_path
from lti_app.security import let_forms_leave
from lti_app.store.origins import origin_of
from lti_app.store.registrations import KnownPlatform, platforms_of

blueprint = Blueprint("login", __name__)
FIELDS = ("iss", "login_hint", "target_link_uri", "lti_message_hint", "client_id", "lti_deployment_id")
STORAGE = "lti_storage_target"
TRIED = "regista_tried"
# Says that this browser kept a partitioned cookie on this platform's pages; holds nothing about anybody.
KEEPS_COOKIES = "regista_keeps"
MONTH = 30 * 86_400
LARGEST = 8 * 1024
FRAME_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True)
class Asked:
    """The platform's login parameters, present and of bounded size."""

    values: Mapping[str, str]
    storage: str

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> Asked:
        """Read them; raises BadLaunch where one is missing or leads elsewhere."""
        known = {name: values.get(name, "") for name in FIELDS}
        missing = [name for name in ("iss", "login_hint", "target_link_uri") if not known[name]]
        if missing or any(len(value) > LARGEST for value in known.values()):
            raise BadLaunch("login_incomplete", f"missing {', '.join(missing)}" if missing else "too long")
        if not is_ours(known["target_link_uri"], house().settings):
            raise BadLaunch("target", "target_link_uri of the login is not ours")
        storage = values.get(STORAGE, "")
        return cls(
            {name: value for name, value in known.items() if value},
            storage if FRAME_NAME.fullmatch(storage) else "",
        )


def _registration(values: Mapping[str, str]) -> KnownPlatform:
    client_id = values.get("client_id")
    if client_id is not None and (kept := memory().platform((values["iss"], client_id))):
        return kept
    with house().db.reading() as session:
        found = platforms_of(session, values["iss"])
    if client_id is not None:
        found = [row for row in found if row.client_id == client_id]
    if not found:
        raise BadLaunch("platform_unknown", f"iss {values['iss'][:200]!r} client_id {str(client_id)[:80]!r}")
    if len(found) > 1:
        raise BadLaunch("client_needed", f"iss {values['iss'][:200]!r} has {len(found)} registrations")
    memory().keep_platform(found[0])
    return found[0]


def _in_foreign_frame() -> bool | None:
    """Return whether the browser shows us inside another site's page; None when it does not say."""
    site, dest = request.headers.get("Sec-Fetch-Site"), request.headers.get("Sec-Fetch-Dest")
    if site is None or dest is None:
        return None
    return site == "cross-site" and dest in ("iframe", "frame", "embed", "object")


def _path_for(asked: Asked) -> str:
    """Choose how this browser will be recognised when it comes back: cookie, try, storage or tab."""
    framed = _in_foreign_frame()
    if not framed and not (framed is None and asked.storage):
        return "cookie"
    if request.cookies.get(KEEPS_COOKIES) == "1":
        return "cookie"
    if framed and TRIED not in request.args:
        return "try"
    if asked.storage:
        return "storage"
    return "tab" if framed else "cookie"


@blueprint.route("/lti/login", methods=["GET", "POST"])
def login() -> BaseResponse:
    """Begin a login (OpenID Connect third-party initiated login, by GET or POST)."""
    try:
        said = request.form if request.method == "POST" else request.args
        asked = Asked.from_values(said.to_dict())
        registration = _registration(asked.values)
        g.registration_id = registration.id
        return _answer(asked, registration)
    except BadLaunch as e:
        return refuse(e)


def _answer(asked: Asked, registration: KnownPlatform) -> BaseResponse:
    path = _path_for(asked)
    if path == "try":
        return _try_cookies(asked)
    if path == "tab":
        let_forms_leave()
        return page("lti/new_tab.html", values=asked.values)
    settings = house().settings
    state, binding = new_state(
        registration.id,
        asked.values["target_link_uri"],
        asked.values.get("lti_deployment_id", "")[:255],
        asked.storage if path == "storage" else "",
    )
    address = login_address(
        asked.values,
        registration,
        state=seal_state(state, settings),
        nonce=nonce_of(state, settings),
        launch_url=launch_url(settings),
    )
    if path == "storage":
        let_forms_leave()
        response: BaseResponse = page(
            "lti/storage_put.html",
            values=asked.values,
            target=asked.storage,
            origin=origin_of(registration.auth_login_url),
            key=state.cookie,
            value=binding,
            following=address,
        )
    else:
        response = Onward(address, 302)
    give_cookie(response, state.cookie, binding, seconds=STATE_SECONDS, path=seen_path(settings, "/lti/launch"))
    return response


def _try_cookies(asked: Asked) -> Response:
    """Give the browser a cookie and come by once more, to see before anything else whether it kept it."""
    values = {**asked.values, TRIED: "1"} | ({STORAGE: asked.storage} if asked.storage else {})
    response = Onward(f"{house().settings.public_url}/lti/login?{urlencode(values)}", 303)
    give_cookie(response, KEEPS_COOKIES, "1", seconds=MONTH, path=seen_path(house().settings, "/lti/login"))
    return response
