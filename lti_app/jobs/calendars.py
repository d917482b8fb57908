"""Keep the LMS's calendar in step with the course's meetings: created, changed and taken out, and never twice there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from lms_clients.base import CalendarEvent, Delivery, DeliveryState, LmsClient
from lms_clients.errors import LmsError, NextStep
from lms_clients.records import CourseRef
from lti_app.house import House
from lti_app.jobs.connections import client_for
from lti_app.store import calendar_turns
from lti_app.store.calendar_turns import Task

log = logging.getLogger("regista.calendars")
Connect = Callable[[House, int], LmsClient]
WAIT = timedelta(minutes=5)
MOST = 200
#: After these the same question may find another answer by itself; after all others a person has to do something.
AGAIN = frozenset({NextStep.WAIT, NextStep.TRY_AGAIN, NextStep.PAUSE_PLATFORM, NextStep.REFRESH_TOKEN})


def anything_due(house: House) -> bool:
    """Return whether an entry waits."""
    with house.db.reading() as session:
        return calendar_turns.next_due(session, house.clock.now(), datetime.now(UTC)) is not None


def keep_calendars(house: House, *, connect: Connect = client_for) -> int:
    """Bring every entry that is due in step and return how many were looked at; any number of workers may run it."""
    count = 0
    for _ in range(MOST):
        now, machine = house.clock.now(), datetime.now(UTC)
        with house.db.reading() as session:
            entry_id = calendar_turns.next_due(session, now, machine)
        if entry_id is None:
            break
        with house.db.writing() as session:
            task = calendar_turns.claim(session, entry_id, now, machine)
        if task is not None:
            count += 1
            _work(house, task, connect)
    return count


def _work(house: House, task: Task, connect: Connect) -> None:
    try:
        client = connect(house, task.registration_id)
        try:
            _keep(house, task, client)
        finally:
            client.close()
    except LmsError as error:
        log.warning("calendar entry %s: %s: %s", task.entry_id, error.kind, error.detail)
        with house.db.writing() as session:
            if error.next_step in AGAIN or task.in_doubt:
                wait = timedelta(seconds=error.retry_after) if error.retry_after else WAIT
                calendar_turns.later(session, task, wait, house.clock.now(), error.kind)
            else:
                calendar_turns.done(session, task, "refused", lms_id=task.lms_id, detail=error.code or error.kind)


def _keep(house: House, task: Task, client: LmsClient) -> None:
    event = _event(task)
    if task.in_doubt and task.lms_id is None:
        seen = client.find_event(event)
        if seen.state not in (DeliveryState.SENT, DeliveryState.REFUSED):
            # Nobody can tell: writing again might make two of it.
            _done(house, task, "refused", None, "in_doubt")
            return
        lms_id = seen.lms_id if seen.state is DeliveryState.SENT else None
        with house.db.writing() as session:
            if not calendar_turns.found(session, task, lms_id):
                return
        task = replace(task, lms_id=lms_id, written=task.sequence if lms_id else -1, in_doubt=False)
    if task.lms_id is not None and not _bring_up_to_date(house, task, client, event):
        return
    if not task.wanted:
        _done(house, task, "gone", None)
        return
    with house.db.writing() as session:
        if not calendar_turns.begin(session, task):
            return
    _settle(house, replace(task, in_doubt=True), client.create_event(event))


def _bring_up_to_date(house: House, task: Task, client: LmsClient, event: CalendarEvent) -> bool:
    """Change or take out what the LMS has; returns whether the entry is out of it now and the work goes on."""
    if task.wanted and task.written == task.sequence:
        _done(house, task, "there", task.lms_id)
        return False
    lms_id = task.lms_id or ""
    if task.wanted:
        changed = client.update_event(lms_id, event)
        if changed.state is not DeliveryState.UNSUPPORTED:
            _settle(house, task, changed)
            return False
    gone = client.delete_event(lms_id)
    if gone.state is not DeliveryState.SENT:
        _settle(house, task, gone)
        return False
    with house.db.writing() as session:
        return calendar_turns.taken_out(session, task)


def _settle(house: House, task: Task, made: Delivery) -> None:
    """Record what became of a call; one in doubt is looked at again, a creation by looking it up first."""
    if made.state in (DeliveryState.SENT, DeliveryState.QUEUED):
        _done(house, task, "there", made.lms_id)
    elif made.state is DeliveryState.UNKNOWN:
        with house.db.writing() as session:
            calendar_turns.later(session, task, WAIT, house.clock.now(), made.reason)
    else:
        _done(house, task, "refused", task.lms_id, made.reason)


def _done(house: House, task: Task, state: str, lms_id: str | None, detail: str = "") -> None:
    with house.db.writing() as session:
        calendar_turns.done(session, task, state, lms_id=lms_id, detail=detail)


def _event(task: Task) -> CalendarEvent:
    course = CourseRef(api_id=task.context_api_id, lti_context_id=task.lti_context_id)
    return CalendarEvent(course, task.title, task.starts_at, task.ends_at, task.description, key=str(task.entry_id))
