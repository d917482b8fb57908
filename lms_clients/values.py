"""Small readings of what LMSs write: times, numbers, digests."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache

_PLACES = Decimal("0.00001")
_YEAR_3000 = 32_503_680_000

Number = int | float | str | None


def from_epoch(seconds: int | None) -> datetime | None:
    """A moment from epoch seconds; 0, nothing and nonsense mean that none was set."""
    if not seconds or not 0 < seconds < _YEAR_3000:
        return None
    return datetime.fromtimestamp(seconds, UTC)


# A large course repeats itself: equal moments and numbers are one object, which is most of a reading's memory.
@lru_cache(maxsize=4096)
def from_iso(text: str | None) -> datetime | None:
    """A moment from ISO 8601 with a zone; None for nothing, for nonsense and for a time without a zone."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None


@lru_cache(maxsize=4096)
def decimal(value: Number) -> Decimal | None:
    """A score from an integer, a float with binary noise, or text with a point or comma; None for "-" and nothing."""
    if value is None:
        return None
    text = str(value).strip().replace("\u00a0", "").replace(" ", "")
    if "," in text:
        text = text.replace(".", "").replace(",", ".") if text.rfind(",") > text.rfind(".") else text.replace(",", "")
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) >= 10_000_000:
        return None
    return number.quantize(_PLACES).normalize() + 0


def digest(*parts: object) -> str:
    """A short fingerprint, equal for equal parts."""
    return hashlib.blake2s(repr(parts).encode(), digest_size=8).hexdigest()
