"""Meetings as people call them, and what the database says of one."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from flask import Flask
from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import Event, Notification, Seat
from tests.panels.conftest import Somebody
from tests.panels.lively import token_of, visit_of
from tests.sweep.course import Course

MEETING = {
    "kind": "qa", "title": "Half an hour on Quiz 2", "on": "2026-11-24", "begins": "18:30", "ends": "19:00",
    "words": "We do it **again** together.", "bring": "your favourite mistake", "place": "Room 3",
    "link": "https://meet.example.org/quiz",
}  # fmt: skip


def calls(who: Somebody, **more: Any) -> int:
    """Call a meeting and return its id."""
    answer = who.sends("events/call", **{**MEETING, **more})
    assert answer.status_code in (200, 303), answer.text
    found = re.search(r"/events/(\d+)", answer.headers.get("Location", "") or answer.text)
    assert found is not None
    return int(found.group(1))


def visiting(app: Flask, course: Course, **changes: Any) -> Somebody:
    """Ada's visit, with some of it changed."""
    visit = replace(visit_of(app, course.ada, locale="en"), **changes)
    return Somebody(app.test_client(), visit, token_of(app, visit), cookie=True)


def told(db: Database, member: int) -> list[str]:
    with db.reading() as session:
        rows = session.scalars(
            select(Notification.kind).where(Notification.membership_id == member).order_by(Notification.id)
        )
        return list(rows)


def event_row(db: Database, event_id: int) -> Event:
    with db.reading() as session:
        row = session.get_one(Event, event_id)
        session.expunge(row)
        return row


def state_of(db: Database, event_id: int, member: int) -> str | None:
    with db.reading() as session:
        return session.scalar(select(Seat.state).where(Seat.event_id == event_id, Seat.membership_id == member))
