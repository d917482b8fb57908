"""A practice LMS: launches the tool as a Moodle would, with a recorded course that goes on living.

It stands beside Regista and knows nothing of it but its addresses.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Flask, Response, url_for
from flask_babel import Babel

from lti_app.clock import Clock
from lti_app.sandbox import pages, platform, services
from lti_app.sandbox.life import catch_up
from lti_app.sandbox.lms import EXTENSION, Lms, PracticeLms, Tool
from lti_app.sandbox.pages.words import FILTERS, days_words, deed_words, mark_words, part_words
from lti_app.sandbox.platform.tools import FIRST_TYPE
from lti_app.sandbox.session import language

__all__ = ["PracticeLms", "Tool", "create_practice_lms"]

HERE = Path(__file__).resolve().parent
LARGEST_REQUEST = 1_000_000
# Frames go to whatever tool is registered, and forms post to it.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; frame-src http: https:; "
    "form-action http: https:; base-uri 'none'; frame-ancestors 'self'"
)


def create_practice_lms(*, data_dir: Path, public_url: str, clock: Clock, tool: Tool) -> PracticeLms:
    """Build the practice LMS; its state is one SQLite file in ``data_dir`` and goes on where it was.

    ``clock`` is moved to where the community's time was left. ``public_url`` is the issuer.
    """
    lms = Lms(data_dir=data_dir, public_url=public_url, clock=clock, tool=tool)
    app = _app(lms)
    with app.app_context():
        catch_up(lms)
    return PracticeLms(
        app=app,
        lms=lms,
        issuer=lms.url,
        academy_name=str(lms.course.single["core_webservice_get_site_info"]["sitename"]),
        client_id=lms.client_id,
        deployment_id=FIRST_TYPE,
        auth_login_url=f"{lms.url}/mod/lti/auth.php",
        auth_token_url=f"{lms.url}/mod/lti/token.php",
        jwks_url=f"{lms.url}/mod/lti/certs.php",
        ws_token=lms.ws_token,
        manager_subs=[str(lms.cast.manager)],
    )


def _app(lms: Lms) -> Flask:
    root = HERE.parent
    app = Flask(__name__, template_folder=str(root.parent / "templates"), static_folder="static")
    app.config.update(
        SECRET_KEY=lms.ledger.keep_first("cookie_key", lms.keys.kid + lms.ws_token),
        SESSION_COOKIE_NAME=f"practice_note_{lms.port}",
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=LARGEST_REQUEST,
        BABEL_DEFAULT_TIMEZONE="Europe/Rome",
        BABEL_TRANSLATION_DIRECTORIES=str(root / "translations"),
        SEND_FILE_MAX_AGE_DEFAULT=31_536_000,
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True, "extensions": ["jinja2.ext.i18n"]}
    app.extensions[EXTENSION] = lms
    Babel(app, locale_selector=language)
    app.jinja_env.globals.update(
        asset=_asset, deed_words=deed_words, mark_words=mark_words, part_words=part_words, days_words=days_words
    )
    app.jinja_env.filters.update(FILTERS)
    for room in (pages, platform, services):
        app.register_blueprint(room.blueprint)
    app.after_request(_headers)
    return app


def _asset(name: str) -> str:
    digest = hashlib.sha256((HERE / "static" / name).read_bytes()).hexdigest()[:12]
    return url_for("static", filename=name, v=digest)


def _headers(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response
