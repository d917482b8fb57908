"""What learners did, saved some learners at a time: what is compared must not stand in memory for a whole course."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sqlalchemy.orm import Session

from lms_clients.progress import Access, Attempt, LearnerProgress
from lms_clients.records import CourseSnapshot
from lti_app.store.activities import Place
from lti_app.store.attempts import save_attempts
from lti_app.store.days import save_days
from lti_app.store.progress import save_progress
from lti_app.store.scope import Scope

# So many learners at a time: few enough for memory, enough that the statements do not count.
LEARNERS = 500


def save_work(
    session: Session,
    scope: Scope,
    snapshot: CourseSnapshot,
    ids: Mapping[str, int],
    places: Mapping[str, Place],
    written: dict[str, int],
) -> None:
    """Save progress, tries and days, portion by portion, all in the caller's one transaction."""
    for portion in portions(snapshot, ids):
        save_progress(session, portion, ids, places, written)
        save_attempts(session, portion, ids, places, written)
        save_days(session, scope, portion, ids, places, written)


def portions(snapshot: CourseSnapshot, ids: Mapping[str, int]) -> Iterator[CourseSnapshot]:
    """Yield the snapshot in parts of a few hundred learners each; rows of people without an id are in none."""
    if len(ids) <= LEARNERS:
        yield snapshot
        return
    number_of = {learner_id: at // LEARNERS for at, learner_id in enumerate(ids)}
    count = max(number_of.values()) + 1
    progress: list[list[LearnerProgress]] = [[] for _ in range(count)]
    attempts: list[list[Attempt]] = [[] for _ in range(count)]
    access: list[list[Access]] = [[] for _ in range(count)]
    detailed: list[set[str]] = [set() for _ in range(count)]
    for row in snapshot.progress:
        if (number := number_of.get(row.learner_id)) is not None:
            progress[number].append(row)
    for one in snapshot.attempts:
        if (number := number_of.get(one.learner_id)) is not None:
            attempts[number].append(one)
    for seen in snapshot.access:
        if (number := number_of.get(seen.learner_id)) is not None:
            access[number].append(seen)
    for learner_id in snapshot.detailed & ids.keys():
        detailed[number_of[learner_id]].add(learner_id)
    for number in range(count):
        yield replace(
            snapshot,
            progress=tuple(progress[number]),
            attempts=tuple(attempts[number]),
            access=tuple(access[number]),
            detailed=frozenset(detailed[number]),
        )
