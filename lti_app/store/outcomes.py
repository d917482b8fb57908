"""What became of the episodes that lots were drawn for, both arms by the same measure, however an episode ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engagement.episodes import OpenEpisode
from engagement.values import StallKind
from lti_app.models import Episode
from lti_app.store.inserts import changed_rows
from lti_app.store.sweep_values import open_row

#: The outcome that is declared beforehand: came back within this span of the opening.
WINDOW = timedelta(days=14)
# An LMS may tell late of what happened in time.
WATCHED = WINDOW * 2


def watched(session: Session, context_id: int, now: datetime) -> tuple[OpenEpisode, ...]:
    """Return the drawn episodes of a course, open or ended, whose learner has not been seen to move yet.

    They are of the kind that they were of when the lot was drawn.
    """
    query = select(Episode).where(
        Episode.context_id == context_id,
        Episode.arm.is_not(None),
        Episode.moved_at.is_(None),
        Episode.opened_at > now - WATCHED,
    )
    return tuple(
        replace(open_row(row).episode, kind=StallKind((row.stratum or "").rpartition(":")[2] or row.kind))
        for row in session.scalars(query.order_by(Episode.id))
    )


def save_moves(session: Session, moves: Mapping[int, datetime]) -> None:
    """Record when the learners of these episodes first moved again."""
    for episode_id, at in sorted(moves.items()):
        first = update(Episode).where(Episode.id == episode_id, Episode.moved_at.is_(None))
        changed_rows(session, first.values(moved_at=at))
    session.expire_all()
