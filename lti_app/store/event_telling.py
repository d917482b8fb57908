"""Who hears of a meeting: everybody on the course of a new one, those who signed up of whatever happens to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Event, Membership, Prompt, Seat
from lti_app.store.channels import PANEL, channels_for
from lti_app.store.inserts import insert_all
from lti_app.store.notifications import notify

SEATED = ("in", "waiting")


def seated(session: Session, event_id: int, states: Collection[str] = SEATED) -> list[int]:
    """Return the active members who have a seat in one of these states."""
    query = select(Seat.membership_id).join(Membership, Membership.id == Seat.membership_id)
    query = query.where(Seat.event_id == event_id, Seat.state.in_(states), Membership.state == "active")
    return list(session.scalars(query.order_by(Seat.at, Seat.id)))


def facts_of(event: Event, **more: Any) -> dict[str, Any]:
    """Return what words about a meeting are made of."""
    return {"event_id": event.id, "title": event.title, "starts_at": event.starts_at.isoformat(), **more}


def tell_new(session: Session, event: Event, now: datetime) -> int:
    """Tell everybody on the course, in their panel, that a meeting was called."""
    members = select(Membership.id).where(Membership.context_id == event.context_id, Membership.state == "active")
    key = f"event_new:{event.id}"
    return notify(session, session.scalars(members), "event_new", key, now, by_id=event.by_id, facts=facts_of(event))


def tell_staff(session: Session, event: Event, now: datetime) -> int:
    """Tell the course's staff that a member proposes a study session."""
    staff = select(Membership.id).where(
        Membership.context_id == event.context_id, Membership.state == "active", Membership.role != "learner"
    )
    facts = facts_of(event, what="proposed")
    return notify(session, session.scalars(staff), "event_new", f"event_new:{event.id}", now,
                  by_id=event.by_id, facts=facts)  # fmt: skip


def tell_seated(
    session: Session,
    event: Event,
    kind: str,
    key: str,
    now: datetime,
    *,
    by_id: int | None = None,
    to: Collection[int] | None = None,
    message: bool = True,
    facts: Mapping[str, Any] | None = None,
) -> int:
    """Tell those who signed up (or ``to``) once, in the panel and, where they let it reach them, by a message."""
    ids = [one for one in (seated(session, event.id) if to is None else to) if one != by_id]
    said = facts_of(event, **(facts or {}))
    told = notify(session, ids, kind, key, now, by_id=by_id, facts=said)
    if message:
        _write(session, event, kind, key, ids, said, now)
    return told


def _write(
    session: Session, event: Event, kind: str, key: str, ids: list[int], facts: Mapping[str, Any], now: datetime
) -> None:
    ways = channels_for(session, ids, kind)
    rows = [
        {
            "key": f"{key}:{one}"[:120], "context_id": event.context_id, "membership_id": one, "kind": kind,
            "channel": ways[one], "facts": dict(facts), "state": "due", "made_at": now, "due_at": now,
        }
        for one in ids
        if ways.get(one, PANEL) != PANEL
    ]  # fmt: skip
    insert_all(session, Prompt, rows)
