"""Addresses of files: an <img> sends no header, and often no cookie, so the address itself says whose visit it is.

It is signed for one file, one visit and a few hours. Whether the person may see the file is asked at every fetch.
"""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime

from flask import g, request, url_for

from lti_app.house import house
from lti_app.store.uploads import Viewer

# The same for an hour, so that browsers can keep what they have; good for some hours after.
STEP = 3600
LIFE = 4


def _now() -> int:
    # Real time, as for the visit's token: the demonstration's clock is moved by hand.
    return int(datetime.now(UTC).timestamp())


def _sign(key: str, ref: str, viewer: Viewer, until: int) -> str:
    secret = f"regista-file-1:{house().settings.secret_key}".encode()
    said = f"{key}|{ref}|{viewer.context_id}|{viewer.membership_id}|{viewer.is_staff:d}|{until}"
    return base64.urlsafe_b64encode(hmac.digest(secret, said.encode("utf-8", "replace"), "sha256")[:18]).decode()


def file_address(key: str) -> str:
    """Return the address of a file for this request's visit."""
    me = g.get("membership")
    if me is None:
        return "#"
    viewer = Viewer(me.context_id, me.id or 0, g.visit.is_staff)
    until = (_now() // STEP + LIFE) * STEP
    who = f"{viewer.context_id}.{viewer.membership_id}.{viewer.is_staff:d}.{until}"
    return url_for("panels.files.show", key=key, ref=g.ref, who=who, sign=_sign(key, g.ref, viewer, until))


def viewer_of(key: str, ref: str) -> Viewer | None:
    """Return for whom the address of this request was made, or None when it was forged or is too old."""
    parts = request.args.get("who", "").split(".")
    if len(parts) != 4 or not all(part.isascii() and part.isdecimal() and len(part) <= 18 for part in parts):
        return None
    context_id, membership_id, staff, until = map(int, parts)
    viewer = Viewer(context_id, membership_id, staff == 1)
    good = hmac.compare_digest(request.args.get("sign", "").encode(), _sign(key, ref, viewer, until).encode())
    return viewer if good and until > _now() else None
