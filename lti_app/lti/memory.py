"""What one process remembers for a few seconds, so that a launch need not ask the database what rarely changes.

A registration from here is only ever a candidate: the transaction that records a launch compares it with the row, so
that a platform switched off a moment ago opens nothing. Keys are kept no longer than the platform's cache headers say.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from flask import current_app

from lti_app.lti.readings import Readings
from lti_app.store.registrations import KnownPlatform
from lti_app.store.returning import Arrivals

EXTENSION = "regista_front_door"
PLATFORM_SECONDS = 5.0
KEY_SECONDS = 60.0
# More registrations or keys than any house has: a flood of names must not fill the memory.
MOST = 10_000
# More people than come to one process within an hour; each takes a kilobyte or two.
MOST_PEOPLE = 4_000


@dataclass(slots=True)
class Memory:
    """Values with the moment (monotonic) until which they are good. Threads may write the same value twice."""

    #: What the last look at somebody's place saw.
    arrivals: Arrivals = field(default_factory=lambda: Arrivals(MOST_PEOPLE))
    readings: Readings = field(default_factory=lambda: Readings(MOST_PEOPLE))
    _platforms: dict[object, tuple[float, KnownPlatform]] = field(default_factory=dict)
    _keys: dict[tuple[str, str], tuple[float, Any]] = field(default_factory=dict)

    def platform(self, name: object) -> KnownPlatform | None:
        """Return a registration by its id, or by its issuer and client id."""
        until, found = self._platforms.get(name, (0.0, None))
        return found if time.monotonic() < until else None

    def keep_platform(self, platform: KnownPlatform) -> None:
        """Remember a registration that was just read."""
        if len(self._platforms) >= MOST:
            self._platforms.clear()
        entry = (time.monotonic() + PLATFORM_SECONDS, platform)
        self._platforms[platform.id] = self._platforms[platform.issuer, platform.client_id] = entry

    def forget_platforms(self) -> None:
        """Forget all registrations: one of them was found to have changed."""
        self._platforms.clear()

    def key(self, jwks_url: str, kid: str) -> Any | None:
        """Return a platform's public key, ready to verify with."""
        until, found = self._keys.get((jwks_url, kid), (0.0, None))
        return found if time.monotonic() < until else None

    def keep_key(self, jwks_url: str, kid: str, key: Any, seconds: float) -> None:
        """Remember a key for at most ``seconds``."""
        if len(self._keys) >= MOST:
            self._keys.clear()
        self._keys[jwks_url, kid] = (time.monotonic() + min(seconds, KEY_SECONDS), key)

    def forget_keys(self) -> None:
        """Forget all keys."""
        self._keys.clear()


def memory() -> Memory:
    """Return the memory of the current app."""
    known = current_app.extensions
    # Looked for first: making one only to throw it away costs more than finding it.
    found: Memory = known[EXTENSION] if EXTENSION in known else known.setdefault(EXTENSION, Memory())
    return found
