"""How this room's pages leave: never kept, framed only by the platform that they answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flask import Response, make_response, render_template, request
from werkzeug.datastructures import Headers
from werkzeug.urls import iri_to_uri

from lti_app.security import policy
from lti_app.store.origins import origin_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


_WRITTEN = re.compile(r"[!-~]+")
_ONWARD = (
    ("Content-Length", "0"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)


def asking_origin() -> str | None:
    """Return the origin of the page that sent the browser here, as the browser itself tells it."""
    told = request.headers.get("Origin") or request.headers.get("Referer")
    return origin_of(told) if told else None


class Onward(Response):
    """Sends the browser on, never kept and without a body, which no browser shows.

    Its headers are all there is to it: nobody else (security.py, werkzeug) need look over them.
    """

    default_mimetype = "text/plain"

    def __init__(self, address: str, status: int) -> None:
        super().__init__(status=status)
        self.headers.extend(_ONWARD)
        self.headers.add("Location", address if _WRITTEN.fullmatch(address) else iri_to_uri(address))

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        """Return the headers as they are."""
        return self.headers


def page(template: str, *, status: int = 200, framed_by: str | None = None, **values: Any) -> Response:
    """Render a page of this room; ``framed_by`` is the one origin that may frame it where no registration tells."""
    response = make_response(render_template(template, **values), status)
    response.headers["Cache-Control"] = "no-store"
    if framed_by:
        response.headers["Content-Security-Policy"] = policy(framed_by)
    return response
