"""Small signed texts: what travels through a browser and comes back."""

from __future__ import annotations

import hmac
import json
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from itsdangerous import URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode, bytes_to_int, int_to_bytes

# By so many seconds may the clock of the machine that signed be ahead of ours: a login takes less than one.
AHEAD = 10
_written = json.JSONEncoder(separators=(",", ":")).encode


class Signer:
    """Signs JSON with a time, in itsdangerous's own words and with its key, which it would derive anew each time.

    It does not try to compress: for texts of this size trying costs more than it saves. Whatever is not plainly good
    is left to itsdangerous, which knows what is wrong with it.
    """

    def __init__(self, secret_key: str, purpose: str) -> None:
        self._whole = URLSafeTimedSerializer(secret_key, salt=purpose)
        self._key = self._whole.make_signer(purpose).derive_key()

    def _mark(self, signed: bytes) -> bytes:
        return base64_encode(hmac.digest(self._key, signed, "sha1"))

    def dumps(self, what: Any) -> str:
        """Return the signed text of ``what``."""
        stamp = base64_encode(int_to_bytes(int(time.time())))
        signed = base64_encode(_written(what).encode()) + b"." + stamp
        return (signed + b"." + self._mark(signed)).decode()

    def loads(self, text: str, *, max_age: int | None = None) -> tuple[Any, datetime]:
        """Return what was signed, and when; raises BadSignature, or SignatureExpired after ``max_age`` seconds."""
        whole = text.encode("utf-8", "replace")
        signed, _, mark = whole.rpartition(b".")
        payload, _, stamp = signed.rpartition(b".")
        if payload[:1] not in (b"", b".") and hmac.compare_digest(mark, self._mark(signed)):
            signed_at = bytes_to_int(base64_decode(stamp))
            if max_age is None or -AHEAD <= time.time() - signed_at <= max_age:
                return json.loads(base64_decode(payload).decode()), datetime.fromtimestamp(signed_at, UTC)
        found: tuple[Any, datetime] = self._whole.loads(whole, max_age=max_age, return_timestamp=True)
        return found


@lru_cache(maxsize=16)
def signer(secret_key: str, purpose: str) -> Signer:
    """Return the signer for one purpose; what was signed for another does not open with it."""
    return Signer(secret_key, purpose)
