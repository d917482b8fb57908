"""How a page answers somebody who has just done something."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, g, make_response, redirect, request


def wants_fragment() -> bool:
    """Whether htmx asks, and so replaces a part of the page instead of the whole."""
    return bool(request.environ.get("HTTP_HX_REQUEST") == "true")


def way_back() -> str:
    """Return the page of this very visit from which a form says it came, or "" (never another address)."""
    back, own = request.form.get("back", ""), f"/v/{g.get('ref', '')}/"
    if not back.startswith(own):
        back = back.removeprefix(request.root_path)
    good = back.startswith(own) and not any(sign in back for sign in ("//", "\\", ".."))
    return request.root_path + back if good and back.isprintable() and len(back) <= 300 else ""


def answer(*, fragment: Callable[[], str], page: Callable[[], str], to: str, status: int = 200) -> Response:
    """Answer with the fragment (htmx), a 303 to ``to`` (the cookie will carry the token), or the page itself.

    Without a cookie a redirect would lose the token, so the page is the answer to the form. A ``status`` of 4xx keeps
    what was written: the page or the fragment is drawn again with the fault beside its field.
    """
    if wants_fragment():
        return make_response(fragment(), status)
    if status < 400 and g.get("cookie_works"):
        return make_response(redirect(to, code=303))
    return make_response(page(), status)
