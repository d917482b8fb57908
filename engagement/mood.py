"""When to offer a person to somebody who has said more than once that it does not go well. It offers, never judges."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum


class Mood(StrEnum):
    """Five gentle words for how somebody is."""

    BRIGHT = "bright"
    WELL = "well"
    SO_SO = "so_so"
    TIRED = "tired"
    LOW = "low"


HEAVY = frozenset({Mood.TIRED, Mood.LOW})
LOOK_BACK = timedelta(days=21)
SEVERAL = 3


def offers_a_person(said: Sequence[tuple[Mood, datetime]], now: datetime) -> bool:
    """Return whether the last three moods of three weeks were all heavy ones, and one of them low."""
    if now.tzinfo is None or any(at.tzinfo is None for _mood, at in said):
        raise ValueError("naive time")
    recent = sorted(((at, mood) for mood, at in said if now - LOOK_BACK <= at <= now), reverse=True)[:SEVERAL]
    moods = [mood for _at, mood in recent]
    return len(moods) == SEVERAL and all(mood in HEAVY for mood in moods) and Mood.LOW in moods
