"""Regista as a web application; `create_app` is the only wiring."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, g, request
from flask_babel import Babel, get_locale

from lti_app import templating
from lti_app.addresses import Application
from lti_app.clock import Clock
from lti_app.config import Settings
from lti_app.db import Database
from lti_app.house import House
from lti_app.mount import Mount

LANGUAGES = ("en", "it")
ROOT = Path(__file__).resolve().parent


def _locale() -> str:
    visit = g.get("visit")
    if visit is not None:
        return str(visit.locale)
    asked = g.get("locale") or request.accept_languages.best_match(LANGUAGES)
    return str(asked or "en")


def _time_zone() -> str | None:
    zone = g.get("time_zone")
    return str(zone) if zone else None


def create_app(settings: Settings, *, database: Database | None = None, clock: Clock | None = None) -> Flask:
    """Build the app from checked settings; ``database`` and ``clock`` let tests and the demo share theirs."""
    from lti_app import admin, caring, control, desk, errors, feeds, health, lti, moderation, panels, security

    app = Application(__name__, template_folder=str(ROOT.parent / "templates"), static_folder="static")
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_request_bytes,
        MAX_FORM_MEMORY_SIZE=settings.max_request_bytes,
        MAX_FORM_PARTS=200,
        BABEL_DEFAULT_LOCALE=settings.default_locale,
        BABEL_DEFAULT_TIMEZONE=settings.default_time_zone,
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "translations"),
        # Static files carry their digest in the address, so they may be kept for good.
        SEND_FILE_MAX_AGE_DEFAULT=31_536_000,
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True, "extensions": ["jinja2.ext.i18n"]}
    app.jinja_env.globals["get_locale"] = get_locale
    app.extensions["regista"] = House(settings, database or Database(settings.database_url), clock or Clock())
    Babel(app, locale_selector=_locale, timezone_selector=_time_zone)
    templating.install(app)
    errors.install(app)
    caring.install(app)
    security.install(app)
    for room in (lti, panels, desk, moderation, control, admin, feeds, health):
        app.register_blueprint(room.blueprint)
    app.register_blueprint(admin.back_blueprint)
    below = urlsplit(settings.public_url).path
    if below:
        rooms = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()}
        app.wsgi_app = Mount(app.wsgi_app, below, rooms)  # type: ignore[method-assign]
    return app
