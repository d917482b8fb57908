"""Milestones: real things that learners reached, shown to others only where they wish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from lti_app.store.views import ActivityRef, Face


@dataclass(frozen=True, slots=True)
class MilestoneView:
    """One milestone; ``warm`` counts the reactions, ``mine`` and ``i_reacted`` are the viewer's."""

    id: int
    face: Face
    kind: str
    activity: ActivityRef | None
    facts: Mapping[str, Any]
    reached_at: datetime
    warm: int
    mine: bool
    i_reacted: bool


@dataclass(frozen=True, slots=True)
class Together:
    """How many people (three at least) reached the same thing lately, without a name."""

    kind: str
    activity: ActivityRef | None
    people: int
    last_at: datetime


def recent_milestones(
    session: Session, context_id: int, now: datetime, limit: int = 10, *, viewer_id: int | None = None
) -> tuple[MilestoneView, ...]:
    """Return the newest milestones: the viewer's own, and those of members who let them be seen."""
    raise NotImplementedError


def reached_together(session: Session, context_id: int, now: datetime, limit: int = 3) -> tuple[Together, ...]:
    """Return what three or more members reached in the last seven days, most people first."""
    raise NotImplementedError


def show_milestones(session: Session, membership_id: int, shows: bool) -> None:
    """Let others see this member's milestones, or not any more (they do not unless the member says so)."""
    raise NotImplementedError


def react(session: Session, milestone_id: int, membership_id: int, now: datetime) -> bool:
    """Give or take back a warm sign and return whether it is given now; raises NotYours."""
    raise NotImplementedError
