"""How much one request may bring: words are small everywhere, and only forms with files may be large."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, g, request

from lti_app.house import house
from lti_app.uploads import MAX_REQUEST
from lti_app.visit import registration_of

View = TypeVar("View", bound=Callable[..., Any])
MARK = "regista_takes_files"
# A visit whose name is not ours may still send a picture of this size before the token is looked at.
STRANGER = 1024 * 1024


def takes_files(view: View) -> View:
    """Mark a view whose form may bring files; put it under ``@blueprint.post(...)``."""
    setattr(view, MARK, True)
    return view


def brings_files(endpoint: str | None) -> bool:
    """Return whether the view of this endpoint takes files."""
    return bool(getattr(current_app.view_functions.get(endpoint or ""), MARK, False))


def make_room(endpoint: str | None) -> None:
    """Allow a large request where files are taken; before the form is read, so before we know who sends it.

    The visit's name in the address carries our mark, so a stranger cannot make us read sixty megabytes.
    """
    if brings_files(endpoint) and request.mimetype == "multipart/form-data":
        known = registration_of(g.ref, house().settings) is not None
        request.max_content_length = MAX_REQUEST if known else max(STRANGER, house().settings.max_request_bytes)
