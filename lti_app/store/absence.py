"""A tutor who is away: no new case lands on their desk, and those that wait may go to colleagues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_app.models import Episode, Membership
from lti_app.store.course_facts import STAFF, active_staff
from lti_app.store.pairing import locked_episode
from lti_app.store.stories import tell
from lti_app.store.sweep_values import AWAY_UNTIL

LONGEST = timedelta(days=180)


def away_until(settings: Mapping[str, Any] | None, now: datetime) -> datetime | None:
    """Return until when a tutor is away, or None when they are here."""
    written = (settings or {}).get(AWAY_UNTIL)
    try:
        at = datetime.fromisoformat(written) if isinstance(written, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None and at > now else None


def go_away(
    session: Session, tutor_id: int, context_id: int, until: datetime | None, now: datetime, *, share: bool = False
) -> int:
    """Be away until then (None: be here again) and return how many waiting cases went to colleagues (``share``).

    Raises NotYours for somebody who is no staff here, ValueError for a past or far-away time.
    """
    if until is not None and not now < until <= now + LONGEST:
        raise ValueError("until")
    active_staff(session, tutor_id, context_id)
    tutor = session.get_one(Membership, tutor_id, with_for_update=True, populate_existing=True)
    tutor.settings = {**(tutor.settings or {}), AWAY_UNTIL: until.isoformat() if until else None}
    session.flush()
    return _share(session, tutor_id, context_id, now) if share and until is not None else 0


def _share(session: Session, tutor_id: int, context_id: int, now: datetime) -> int:
    """Hand waiting cases to whoever of the staff is here and has fewest; nobody here, they stay."""
    loads = _loads(session, context_id, now)
    loads.pop(tutor_id, None)
    if not loads:
        return 0
    waiting = select(Episode.id).where(
        Episode.context_id == context_id,
        Episode.owner_id == tutor_id,
        Episode.ended_at.is_(None),
        Episode.tutored_at.is_(None),
    )
    count = 0
    for episode_id in session.scalars(waiting.order_by(Episode.id)).all():
        episode = locked_episode(session, episode_id)
        if episode.ended_at is not None or episode.owner_id != tutor_id:
            continue
        to_id = min(loads, key=lambda who: (loads[who], who))
        loads[to_id] += 1
        episode.owner_id, episode.updated_at = to_id, now
        tell(session, episode_id, "hand_over", now, by_id=tutor_id, to_id=to_id, note="")
        count += 1
    session.flush()
    return count


def _loads(session: Session, context_id: int, now: datetime) -> Counter[int]:
    staff = session.scalars(
        select(Membership).where(
            Membership.context_id == context_id, Membership.role.in_(STAFF), Membership.state == "active"
        )
    ).all()
    # A community manager takes cases only where there is no tutor.
    tutors = [one for one in staff if one.role == "tutor"] or list(staff)
    here = {one.id for one in tutors if away_until(one.settings, now) is None}
    loads: Counter[int] = Counter(dict.fromkeys(here, 0))
    counts = (
        select(Episode.owner_id, func.count())
        .where(Episode.context_id == context_id, Episode.ended_at.is_(None), Episode.owner_id.in_(here))
        .group_by(Episode.owner_id)
    )
    for owner_id, number in session.execute(counts):
        loads[owner_id or 0] += number
    return loads
