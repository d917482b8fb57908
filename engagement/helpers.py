"""Who offers help, who is proposed to whom, and how evenly the load is spread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import NamedTuple

from engagement.facts import Motive


@dataclass(frozen=True, slots=True)
class Window:
    """A weekly stretch when somebody is usually around, in the course's time zone; Monday is 0."""

    weekday: int
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Helper:
    """A learner who opted in and may be asked.

    ``topics`` maps an activity to when the helper completed it; ``load`` counts the matches open now,
    ``recent`` those of the last 28 days; ``met`` and ``blocked`` are learner ids.
    """

    learner_id: int
    topics: Mapping[int, datetime]
    capacity: int = 1
    load: int = 0
    recent: int = 0
    paused: bool = False
    languages: frozenset[str] = frozenset()
    groups: frozenset[int] = frozenset()
    windows: tuple[Window, ...] = ()
    motive: Motive | None = None
    last_seen_at: datetime | None = None
    attempts: Mapping[int, int] = field(default_factory=dict)
    met: frozenset[int] = frozenset()
    blocked: frozenset[int] = frozenset()


class Candidate(NamedTuple):
    """A helper proposed for a stall; higher ``score`` is better, ``reasons`` say why in facts.

    A tuple, since a sweep of many courses makes them by the ten thousand.
    """

    stalled_id: int
    helper_id: int
    activity_id: int
    score: float
    reasons: tuple[str, ...] = ()
    rank: int = 0


@dataclass(frozen=True, slots=True)
class LoadReport:
    """How evenly a sweep's first choices load the helpers; ``evenness`` is 1 where all carry the same (1 - Gini)."""

    stalled: int
    assigned: int
    helpers: int
    free_places: int
    busiest: int
    average: float
    evenness: float
