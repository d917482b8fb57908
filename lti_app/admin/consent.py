"""Canvas's consent: an administrator is sent to Canvas with one question and comes back with a code that works once.

The way back is a page of its own, outside any panel: Canvas lets nobody frame it, so all this happens in a tab.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import TypeVar

from flask import Blueprint, Response, abort, g, render_template, request
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeSerializer

from lms_clients import connect
from lms_clients.base import Capabilities
from lms_clients.canvas import oauth
from lms_clients.errors import LmsError, RefusedAddress
from lms_clients.http import Http
from lti_app.admin import blueprint
from lti_app.claim_fields import web_address
from lti_app.errors import Trouble
from lti_app.house import house
from lti_app.mount import seen_path
from lti_app.sealing import open_text, seal_text
from lti_app.services import options_for
from lti_app.store.connections import save_connection
from lti_app.store.consents import GOOD_FOR, Asked, note_connected, remember, use_up
from lti_app.store.installation import owns_platform

back_blueprint = Blueprint("consent", __name__, url_prefix="/admin/canvas")
COOKIE = "regista_consent"
T = TypeVar("T")


def back_address() -> str:
    """Return the redirect address that the developer key in Canvas must name, letter by letter."""
    return f"{house().settings.public_url}/admin/canvas/back"


def _cookie_path() -> str:
    return seen_path(house().settings, "/admin/canvas/")


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(house().settings.secret_key, salt="regista-consent-1")


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _canvas_address() -> str:
    address = web_address(request.form.get("base_url", "").strip())
    try:
        # Refuses what is no plain https address; private ones are refused when they are asked.
        Http(address or "", options_for(house())).close()
    except RefusedAddress as e:
        words = _("Give the address that people see in the browser, such as https://canvas.example.edu.")
        raise Trouble(_("This is not the address of a Canvas"), words, log_detail=e.detail) from e
    return (address or "").rstrip("/")


@blueprint.post("/services/<int:registration_id>/canvas")
def ask(registration_id: int) -> Response:
    """Send the administrator to Canvas to agree."""
    with house().db.reading() as session:
        if not owns_platform(session, g.academy.id, registration_id):
            abort(404)
    client_id = request.form.get("client_id", "").strip()[:255]
    client_secret = request.form.get("client_secret", "").strip()[:500]
    base_url = _canvas_address()
    if not client_id or not client_secret:
        words = _("Canvas shows both on its page “Developer Keys”: the number, and the key behind “Show Key”.")
        raise Trouble(_("The developer key's number and key are both needed"), words)
    state, browser = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    sealed = seal_text(client_secret, house().settings.secret_key)
    asked = Asked(
        registration_id, g.academy.id, g.visit.person_id or None, _digest(browser), base_url, client_id, sealed
    )
    with house().db.writing() as session:
        remember(session, state, asked, datetime.now(UTC))
    there = oauth.consent_url(base_url, client_id, back_address(), str(_signer().dumps(state)))
    answer = Response(status=303, headers={"Location": there, "Cache-Control": "no-store"})
    answer.set_cookie(
        COOKIE,
        browser,
        max_age=int(GOOD_FOR.total_seconds()),
        path=_cookie_path(),
        secure=house().settings.is_https,
        httponly=True,
        # Sent when Canvas leads back here in the same tab, and to nobody's frame.
        samesite="Lax",
    )
    return answer


def _asked() -> Asked:
    """Return what this browser asked; raises Trouble for a forged, used, old or foreign state."""
    old = Trouble(
        _("This way back from Canvas works once"),
        _("It was used already, or it took too long. Please begin again on Regista's admin page."),
        log_detail="consent state",
    )
    try:
        state = str(_signer().loads(request.args.get("state", "")[:500]))
    except BadSignature as e:
        raise old from e
    with house().db.writing() as session:
        asked = use_up(session, state, datetime.now(UTC))
    if asked is None or not hmac.compare_digest(asked.browser, _digest(request.cookies.get(COOKIE, ""))):
        raise old
    return asked


def _from_canvas(ask_canvas: Callable[[], T]) -> T:
    try:
        return ask_canvas()
    except LmsError as e:
        words = _("Check the developer key in Canvas: it must be on, and name exactly our redirect address.")
        raise Trouble(_("Canvas did not give us access"), words, who="admin", log_detail=f"{e.kind}: {e.detail}") from e


@back_blueprint.get("/back")
def back() -> Response:
    """Take the code that Canvas sends, turn it into a stored secret, and tell what it may and may not do."""
    asked = _asked()
    code = request.args.get("code", "")
    if not code:
        words = _("Nothing was connected. You can begin again on Regista's admin page whenever you like.")
        raise Trouble(_("Canvas was told no"), words, log_detail=request.args.get("error", "")[:80])
    options = options_for(house())
    key = open_text(asked.secret, house().settings.secret_key)
    granted = _from_canvas(
        lambda: oauth.exchange_code(asked.base_url, asked.client_id, key, back_address(), code[:2000], options)
    )
    told = _from_canvas(lambda: _rights(asked.base_url, granted.text))
    now = house().clock.now()
    with house().db.writing() as session:
        sealed = seal_text(granted.text, house().settings.secret_key)
        save_connection(session, asked.registration_id, "canvas", asked.base_url, sealed, told, now)
        note_connected(session, asked, told.identity, now)
    answer = Response(render_template("admin/connected.html", told=told, address=asked.base_url))
    answer.delete_cookie(COOKIE, path=_cookie_path())
    return answer


def _rights(base_url: str, secret: str) -> Capabilities:
    client = connect("canvas", base_url, secret, options=options_for(house()))
    try:
        return client.capabilities()
    finally:
        client.close()
