"""How a connection behaves: who it says it is, how long it waits, how much it takes, whom it may reach."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field


def _jitter() -> float:
    return random.random()  # noqa: S311 - spreads retries, guards nothing


@dataclass(frozen=True, slots=True)
class Options:
    """Spans are seconds, sizes bytes; ``sleep``, ``monotonic`` and ``jitter`` (0 to 1) are replaced in tests.

    ``total_seconds`` bounds one answer up to its last byte, slow drips included; ``max_wait`` is the longest we
    sleep for a throttling LMS before giving up with Throttled. ``detail`` is how many learners at most are asked
    about one by one in a snapshot, ``rotation`` how many of those who did not move are looked at again.
    ``renewed`` is called with the new secret when a token was refreshed, before it is used. ``renewing`` is given the
    secret held and the function that renews one, and returns the secret to use: whoever shares a connection renews one
    after the other there, and takes what somebody else has renewed meanwhile. ``ca_bundle`` is a file of certificates
    to trust in place of the usual ones.
    """

    user_agent: str = "Regista/0.1 (+https://example.org/regista)"
    allow_private: bool = False
    ca_bundle: str | None = None
    connect_seconds: float = 3.0
    read_seconds: float = 30.0
    total_seconds: float = 120.0
    max_bytes: int = 64 * 1024 * 1024
    max_pages: int = 1000
    tries: int = 4
    pause: float = 1.0
    max_wait: float = 30.0
    detail: int = 400
    rotation: int = 5
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = _jitter
    renewed: Callable[[str], None] = field(default=lambda secret: None)
    renewing: Callable[[str, Callable[[str], str]], str] = field(default=lambda held, renew: renew(held))
