"""What a course allows: thresholds, budgets and quiet rules, as its people have set them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from engagement.facts import StallKind


@dataclass(frozen=True, slots=True)
class Policy:
    """What the course allows: thresholds, budgets and quiet rules.

    Shares and probabilities run from 0 to 1; ``quiet_from`` and ``quiet_to`` are local hours of the person addressed;
    ``late_from`` is the share of the course after which alerts are damped; ``weekly_most``, where set, is the course's
    weekly budget instead of ``weekly_share`` and ``weekly_floor``.
    """

    threshold: float = 0.45
    weekly_share: float = 0.15
    weekly_floor: int = 3
    weekly_most: int | None = None
    cool_down_days: int = 14
    candidates: int = 3
    match_timeout_hours: int = 48
    silent_days: int = 7
    failed_attempts: int = 3
    tutor_weekly: int = 10
    wrong_days: int = 28
    feeling_days: int = 7
    stale_hours: int = 72
    late_from: float = 0.8
    urgent_hours: int = 24
    calm_hours: int = 72
    escalate_hours: int = 48
    quiet_from: time = time(21)
    quiet_to: time = time(8)
    match_kinds: frozenset[StallKind] = frozenset({StallKind.STUCK, StallKind.DRIFTING})
    excluded: frozenset[int] = frozenset()
    shown_per_place: int = 3
    weekly_messages: int = 3
