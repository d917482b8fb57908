"""How this room's pages leave: never kept, framed only by the platform that they answer."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template, request

from lti_app.security import policy
from lti_app.store.origins import origin_of


def asking_origin() -> str | None:
    """Return the origin of the page that sent the browser here, as the browser itself tells it."""
    told = request.headers.get("Origin") or request.headers.get("Referer")
    if not told or not told.isascii() or any(c in told for c in " ;,'\""):
        return None
    try:
        return origin_of(told)
    except ValueError:
        return None


def onward(address: str, status: int) -> Response:
    """Send the browser on, never kept; without a body, which no browser shows."""
    return Response(status=status, headers={"Location": address, "Cache-Control": "no-store"}, mimetype="text/plain")


def page(template: str, *, status: int = 200, framed_by: str | None = None, **values: Any) -> Response:
    """Render a page of this room; ``framed_by`` is the one origin that may frame it where no registration tells."""
    response = make_response(render_template(template, **values), status)
    response.headers["Cache-Control"] = "no-store"
    if framed_by:
        response.headers["Content-Security-Policy"] = policy(framed_by)
    return response
