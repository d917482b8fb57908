"""What people write, read once at the door: cleaned, measured, and with words for what is wrong."""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _
from flask_babel import ngettext

# Direction overrides can make a text read other than it is written.
DIRECTION_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Field:
    """A value as it will be shown again, and the sentence to put beside it when it cannot be taken."""

    value: str = ""
    fault: str = ""


def new_form_key() -> str:
    """Return a key for one drawing of a form, so that sending it twice says it once."""
    return secrets.token_urlsafe(12)


def form_key() -> str | None:
    """Return the key that came with the form, or None when there was none of a sane size."""
    key = request.form.get("form_key", "")
    return key if 0 < len(key) <= 64 else None


def _is_strange(letter: str) -> bool:
    return letter in DIRECTION_OVERRIDES or (unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\t")


def read_text(name: str, *, most: int, needed: bool = True, lines: bool = True) -> Field:
    """Read the form field ``name``: at most ``most`` characters; without ``lines`` it is folded into one line."""
    raw = request.form.get(name, "").replace("\r\n", "\n").replace("\r", "\n")
    strange = any(_is_strange(letter) for letter in raw)
    value = unicodedata.normalize("NFC", "".join(letter for letter in raw if not _is_strange(letter)))
    value = value.strip() if lines else " ".join(value.split())
    if strange:
        return Field(value, _("There were characters that cannot be shown. We took them out: is this what you mean?"))
    visible = any(unicodedata.category(letter)[0] not in "ZC" for letter in value)
    if needed and not visible:
        return Field(value, _("A few words are enough, but it cannot be empty."))
    over = len(value) - most
    if over > 0:
        fault = ngettext(
            "This is %(num)s character too long. Nothing was lost: shorten it a little and send it again.",
            "This is %(num)s characters too long. Nothing was lost: shorten it a little and send it again.",
            over,
        )
        return Field(value, fault)
    return Field(value)


def read_number(name: str, *, low: int, high: int) -> int | None:
    """Read a whole number of the form, or None when it is missing, not a number or out of bounds."""
    number = _number(request.form.get(name, ""))
    return number if number is not None and low <= number <= high else None


def number_asked(name: str) -> int | None:
    """Return a number of the address, or None."""
    return _number(request.args.get(name, ""))


def _number(raw: str) -> int | None:
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) <= 18 else None
