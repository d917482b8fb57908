"""The tick: it finds what is due and puts it into the queue. It may fire twice, or on five workers at once.

A platform gets turns, not its courses: one turn syncs the one course that has waited longest and, when more wait, goes
to the end of the queue again. So a thousand due courses of one platform never stand before the only one of another.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lti_app.house import House
from lti_app.jobs.calendars import anything_due
from lti_app.jobs.connections import client_for
from lti_app.jobs.digest import make_digests
from lti_app.jobs.engine import Jobs
from lti_app.jobs.handlers import register_handlers
from lti_app.jobs.participation import send_participation
from lti_app.jobs.questions import raise_unanswered
from lti_app.jobs.reminders import remind_due
from lti_app.jobs.sweep import sweep_context
from lti_app.jobs.sync import Connect, SyncSummary, machine_time, sync_context
from lti_app.jobs.uploads import clear_uploads
from lti_app.models import ConsumedState, Match, Prompt
from lti_app.store import news, runs, search_index, words_index
from lti_app.store.matches import expire_asks

log = logging.getLogger(__name__)
# With so many jobs waiting nothing is lost by waiting for the next tick.
FULL = 500


@dataclass(frozen=True, slots=True)
class Tick:
    """What a tick found due."""

    platforms: int = 0
    prompts: bool = False
    expired_asks: int = 0
    used_states: int = 0
    old_news: int = 0
    indexed: int = 0
    lost_files: int = 0
    unanswered: int = 0
    digests: int = 0
    reminded: int = 0


def rest_of(house: House) -> timedelta:
    """Return how long a course rests after a sync, however often people launch."""
    return timedelta(seconds=house.settings.sync_seconds / 5)


def tick(house: House, jobs: Jobs) -> Tick:
    """Put what is due into the queue and clear away what is over; harmless however often it fires."""
    now, machine = house.clock.now(), machine_time()
    # First of all: what these two make due leaves with this very tick.
    digests, reminded = make_digests(house, now), remind_due(house)
    with house.db.reading() as session:
        platforms = runs.due_platforms(session, now, machine, rest_of(house))
        prompts = _prompts_due(session, now)
    prompts = prompts or anything_due(house)
    if platforms or prompts:
        _enqueue(jobs, list(platforms), prompts)
    return Tick(
        platforms=len(platforms),
        reminded=reminded,
        prompts=prompts,
        expired_asks=_expire_asks(house, now),
        used_states=_forget_states(house, machine),
        old_news=_forget_news(house, now),
        indexed=_index_words(house, now),
        lost_files=clear_uploads(house, now),
        unanswered=raise_unanswered(house, now),
        digests=digests,
    )


def _enqueue(jobs: Jobs, platforms: list[int], prompts: bool) -> None:
    if jobs.waiting() > FULL:
        log.warning("the queue is full; the next tick looks again")
        return
    for registration_id in platforms:
        jobs.turn(registration_id)
    if prompts:
        jobs.deliver()


def _prompts_due(session: Session, now: datetime) -> bool:
    waiting = select(Prompt.id).where(Prompt.state == "due", Prompt.due_at <= now)
    dropped = select(Prompt.id).where(Prompt.state == "claimed", Prompt.claimed_until < now)
    return any(session.scalar(query.limit(1)) is not None for query in (waiting, dropped))


def _expire_asks(house: House, now: datetime) -> int:
    with house.db.reading() as session:
        if session.scalar(select(Match.id).where(Match.state.in_(("asked", "called"))).limit(1)) is None:
            return 0
    with house.db.writing() as session:
        return expire_asks(session, now)


def _index_words(house: House, now: datetime) -> int:
    with house.db.reading() as session:
        if not words_index.anything_changed(session) and not search_index.things_wait(session):
            return 0
    with house.db.writing() as session:
        return words_index.index_changed(session, now) + search_index.index_things(session)


def _forget_states(house: House, machine: datetime) -> int:
    over = ConsumedState.expires_at < machine
    with house.db.reading() as session:
        used = session.scalars(select(ConsumedState.state).where(over).limit(1000)).all()
    if used:
        with house.db.writing() as session:
            session.execute(delete(ConsumedState).where(ConsumedState.state.in_(used)))
    return len(used)


def _forget_news(house: House, now: datetime) -> int:
    with house.db.reading() as session:
        if not news.has_old(session, now):
            return 0
    with house.db.writing() as session:
        return news.forget_old(session, now)


def take_turn(house: House, jobs: Jobs, registration_id: int, connect: Connect = client_for) -> SyncSummary | None:
    """Sync and sweep the platform's course that has waited longest; where more wait, it gets another turn."""
    rest = rest_of(house)
    with house.db.reading() as session:
        context_id = runs.next_course(session, registration_id, house.clock.now(), machine_time(), rest)
    if context_id is None:
        return None
    summary = sync_context(house, context_id, due_only=True, connect=connect)
    if summary is None:
        # Another worker has the platform; whoever ends a turn looks for the next course.
        return None
    with house.db.reading() as session:
        more = runs.next_course(session, registration_id, house.clock.now(), machine_time(), rest) is not None
    if more:
        jobs.turn(registration_id)
    if summary.state == "done":
        sweep_context(house, context_id)
        send_participation(house, context_id)
    register_handlers(house, registration_id)
    return summary
