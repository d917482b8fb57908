"""Headers that every answer carries, and addresses of static files that change with their content."""

from __future__ import annotations

import hashlib
import secrets
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, g, request, url_for

from lti_app.house import house
from lti_app.store.origins import frame_ancestors

SMALL_FORM = 16 * 1024


def csp_nonce() -> str:
    """Return this request's nonce for inline scripts."""
    nonce: str = g.setdefault("csp_nonce", secrets.token_urlsafe(16))
    return nonce


@lru_cache(maxsize=256)
def _digest(path: str, _mtime: float) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def _is_preview() -> bool:
    # A form that is too large must not be read a second time.
    return (request.content_length or 0) < SMALL_FORM and request.form.get("preview") == "yes"


def allow_own_frames() -> None:
    """Let the page at hand show pages of ours in frames (a preview)."""
    g.own_frames = True


def let_forms_leave() -> None:
    """Let the forms of the page at hand lead to a platform, whichever way it takes (its login, its own hosts).

    Browsers hold every step of such a way against ``form-action``, and a platform's steps are known only to itself.
    """
    g.form_targets = " https: http:" if house().settings.allow_private_addresses else " https:"


def install(app: Flask) -> None:
    """Add the headers, the nonce and ``asset(name)`` (a static address with its digest) to the app."""

    def asset(name: str) -> str:
        path = Path(str(app.static_folder)) / name
        return url_for("static", filename=name, v=_digest(str(path), path.stat().st_mtime))

    app.jinja_env.globals.update(asset=asset, csp_nonce=csp_nonce)

    def add_headers(response: Response) -> Response:
        if "Referrer-Policy" in response.headers and "Location" in response.headers:
            # On its way, with all that it needs (lti/pages.py).
            return response
        if response.mimetype == "text/html":
            visit = g.get("visit")
            registration_id = visit.registration_id if visit else g.get("registration_id")
            ancestors = g.get("frame_ancestors")
            if ancestors is None:
                with house().db.reading() as session:
                    ancestors = frame_ancestors(session, registration_id)
            if visit is not None and visit.student_view and _is_preview() and ancestors != "'none'":
                # Shown by our own page of choices, which stands in the platform's frame itself.
                ancestors = f"{ancestors} 'self'"
            response.headers.setdefault("Content-Security-Policy", policy(ancestors))
            response.headers.setdefault("Cache-Control", "no-store")
        # A panel tells itself, and nobody else, whether one came from another of its pages (panel.js).
        response.headers.setdefault("Referrer-Policy", "same-origin" if g.get("visit") else "no-referrer")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response

    app.after_request(add_headers)


def policy(ancestors: str) -> str:
    """Return the Content-Security-Policy of a page that ``ancestors`` may frame."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{csp_nonce()}'",
            "style-src 'self'",
            "img-src 'self' data:",
            "media-src 'self'",
            "font-src 'self'",
            *(("frame-src 'self'",) if g.get("own_frames") else ()),
            "connect-src 'self'",
            "base-uri 'none'",
            f"form-action 'self'{g.get('form_targets', '')}",
            f"frame-ancestors {ancestors}",
        )
    )
