"""Single claims made safe: text that may be kept, ids, addresses, and the one error that refuses a launch."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit


class BadLaunch(Exception):
    """A launch must be refused; ``code`` chooses the words a person reads, ``detail`` goes to the log only."""

    def __init__(self, code: str, detail: str = "") -> None:
        self.code = code
        self.detail = detail or code
        super().__init__(f"{code}: {self.detail}")


def plain(value: Any, limit: int = 500) -> str | None:
    """Return descriptive text fit to keep, or None when it is no text or says nothing."""
    if not isinstance(value, str):
        return None
    text = value
    if not text.isprintable():
        # PostgreSQL refuses NUL, and lone surrogates cannot be encoded at all.
        text = text.encode("utf-8", "replace").decode()
        text = "".join(c for c in text if c.isprintable())
    return text.strip()[:limit] or None


def identifier(value: Any, what: str) -> str:
    """Return an id as the platform wrote it; BadLaunch unless it is 1 to 255 printable ASCII characters (core 2.1)."""
    if not isinstance(value, str) or not value:
        raise BadLaunch("claim_missing" if value in (None, "") else "claim_type", what)
    if len(value) > 255 or not value.isascii() or not value.isprintable():
        raise BadLaunch("claim_id", what)
    return value


def web_address(value: Any) -> str | None:
    """Return an absolute http(s) address of at most 2,000 characters, or None."""
    return value if isinstance(value, str) and len(value) <= 2000 and _is_web(value) else None


# A platform says the same few addresses at every launch.
@lru_cache(maxsize=2048)
def _is_web(text: str) -> bool:
    if not text.isascii() or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        # Only when it is asked for its number does a port that is none say so.
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
