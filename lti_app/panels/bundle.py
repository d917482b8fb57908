"""One stylesheet and one script for every page, put together without a build step and kept by browsers for good.

The academy's accent is a pure function of the address, so that a page stays at four requests.
"""

from __future__ import annotations

import gzip
import hashlib
import time
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, g, make_response, request, url_for

from lti_app.panels.accent import HEX, accent_css, accent_name

blueprint = Blueprint("bundle", __name__, url_prefix="/look")

STYLE = "regista.css"
SCRIPTS = ("vendor/htmx-2.0.11.min.js", "panel.js")
# A panel's own style and script, each named after its folder, follow those that all share.
OWN = "panels"
_looked: dict[str, tuple[float, float]] = {}
FONT = "vendor/inter-subset.woff2"


def _static(name: str) -> Path:
    return Path(str(current_app.static_folder)) / name


def _own(ending: str) -> tuple[str, ...]:
    return tuple(f"{OWN}/{path.name}" for path in sorted(_static(OWN).glob(f"*.{ending}")))


def _written_at() -> float:
    """Return a number that changes with the files; it is looked up at most once a second, not for every page."""
    at, told = _looked.get(str(current_app.static_folder), (0.0, 0.0))
    now = time.monotonic()
    if now - at > 1 or not told:
        told = sum(_static(name).stat().st_mtime for name in (STYLE, FONT, *SCRIPTS, *_own("css"), *_own("js")))
        _looked[str(current_app.static_folder)] = (now, told)
    return told


@lru_cache(maxsize=64)
def _style(accent: str, font: str, _written: float) -> bytes:
    parts = [_static(name).read_text(encoding="utf-8") for name in (STYLE, *_own("css"))]
    css = "\n".join(parts).replace(FONT, font)
    return (css + accent_css(accent)).encode()


@lru_cache(maxsize=4)
def _script(_written: float) -> bytes:
    return ";\n".join(_static(name).read_text(encoding="utf-8") for name in (*SCRIPTS, *_own("js"))).encode()


@lru_cache(maxsize=64)
def _squeezed(body: bytes) -> bytes:
    return gzip.compress(body, 9, mtime=0)


@lru_cache(maxsize=64)
def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:12]


@lru_cache(maxsize=4)
def _font_digest(_written: float) -> str:
    return _digest(_static(FONT).read_bytes())


@lru_cache(maxsize=64)
def _style_digest(accent: str, font: str, written: float) -> str:
    return _digest(_style(accent, font, written))


@lru_cache(maxsize=4)
def _script_digest(written: float) -> str:
    return _digest(_script(written))


def font_address() -> str:
    """Return the address of the one font, with its digest."""
    return url_for("static", filename=FONT, v=_font_digest(_written_at()))


def style_address() -> str:
    """Return the address of the stylesheet with this visit's accent."""
    academy = g.get("academy")
    accent = accent_name(academy.accent if academy else None)
    digest = _style_digest(accent, font_address(), _written_at())
    return url_for("panels.bundle.style", digest=digest, accent=accent)


def script_address() -> str:
    """Return the address of htmx and our own script, in one file."""
    return url_for("panels.bundle.script", digest=_script_digest(_written_at()))


def _answer(body: bytes, kind: str, digest: str) -> Response:
    squeeze = "gzip" in request.headers.get("Accept-Encoding", "")
    response = make_response(_squeezed(body) if squeeze else body)
    response.headers["Content-Type"] = f"{kind}; charset=utf-8"
    response.headers["Vary"] = "Accept-Encoding"
    if squeeze:
        response.headers["Content-Encoding"] = "gzip"
    # An old page may ask for an old digest after an upgrade: it gets what there is now, but must not keep it.
    kept = digest == _digest(body)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if kept else "no-store"
    return response


@blueprint.get("/<digest>/<accent>.css")
def style(digest: str, accent: str) -> Response:
    """Serve the design system in an academy's accent."""
    if not HEX.fullmatch(accent):
        abort(404)
    return _answer(_style(accent.lower(), font_address(), _written_at()), "text/css", digest)


@blueprint.get("/<digest>/panel.js")
def script(digest: str) -> Response:
    """Serve the script of every page."""
    return _answer(_script(_written_at()), "text/javascript", digest)
