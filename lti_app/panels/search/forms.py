"""What somebody looks for, from the address or from the form that carries the token."""

from __future__ import annotations

import unicodedata

from flask import request

MOST = 200


def read_words() -> str:
    """Read what is looked for, in one line; what cannot be shown is left out, what is too long is cut."""
    raw = request.form.get("q", request.args.get("q", ""))
    kept = "".join(letter if unicodedata.category(letter)[0] != "C" else " " for letter in raw[: MOST * 4])
    return " ".join(unicodedata.normalize("NFC", kept).split())[:MOST]


def read_choice(name: str) -> str:
    """Read a choice that a link or the form made."""
    return request.form.get(name, request.args.get(name, ""))[:40]


def read_id(name: str, otherwise: int | None = None) -> int | None:
    """Read a whole number, ``otherwise`` where there is none."""
    raw = read_choice(name)
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) <= 18 else otherwise
