"""What the page of news is told."""

from __future__ import annotations

from flask import request

MOST = 200


def read_seen() -> list[int] | None:
    """Read which notifications are to count as seen; None means all of them."""
    if request.form.get("all") == "yes":
        return None
    sent = request.form.get("ids", "").split(",")[:MOST]
    return [int(one) for one in sent if one.isascii() and one.isdecimal() and len(one) <= 18]
