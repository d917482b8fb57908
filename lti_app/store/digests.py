"""What a record looked like, in few bytes; and an LMS's words and numbers brought into the size of our columns."""

from __future__ import annotations

from base64 import b64encode
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

_encode = msgspec.msgpack.Encoder().encode


def digest(*said: Any) -> str:
    """Return a short digest of what an LMS said, equal in every process; 96 bits are enough within one table."""
    return b64encode(blake2b(_encode(said), digest_size=12).digest()).decode()


def text(said: str | None, limit: int) -> str | None:
    """Return the words cut to ``limit`` characters, without the NUL that PostgreSQL refuses."""
    return None if said is None else said.replace("\x00", "")[:limit]


def number(said: Decimal | None, limit: int = 10**7) -> Decimal | None:
    """Return the number, or None where it is no number or has no place in our columns."""
    return None if said is None or not said.is_finite() or abs(said) >= limit else said


def share(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """Return ``part`` of ``whole`` with six decimals, or None where one is not known."""
    if part is None or not whole or not part.is_finite() or not whole.is_finite():
        return None
    found = part / whole
    return found.quantize(Decimal("0.000001")) if abs(found) < 1000 else None
