"""Small signed texts: what travels through a browser and comes back."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from itsdangerous import URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode
from itsdangerous.serializer import Serializer


class Signer(URLSafeTimedSerializer):
    """Signs JSON with a time. It does not try to compress: for texts of this size trying costs more than it saves."""

    def dump_payload(self, obj: Any) -> bytes:
        """Return the payload in the alphabet of addresses."""
        return base64_encode(Serializer.dump_payload(self, obj))


@lru_cache(maxsize=16)
def signer(secret_key: str, purpose: str) -> Signer:
    """Return the signer for one purpose; what was signed for another does not open with it."""
    return Signer(secret_key, salt=purpose)
