"""Workers in processes of their own, to be killed at any moment: each syncs one course again and again.

Each round the course says something else (every score is the round's number), so that a mixture of two rounds shows.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from lms_clients.base import Capabilities, KnownState
from lms_clients.records import Access, ActivityState, CourseRef, CourseSnapshot, Source
from lti_app import create_app
from lti_app.config import Settings
from lti_app.house import House
from lti_app.jobs.sync import sync_context
from lti_app.store import portions, runs
from tests.nursery import bear
from tests.store.told import ago, course, learner, progress

LEARNERS = 60
ROUNDS = 1000


def told(number: int) -> CourseSnapshot:
    """The course of one round: everybody's scores, access and group tell the same number."""
    base = course()
    people = [str(1000 + n) for n in range(LEARNERS)]
    works = [activity.id for activity in base.activities]
    score = Decimal(number % ROUNDS)
    return replace(
        base,
        cursor={"round": str(number)},
        learners=tuple(learner(who, f"Persona {who} del giro {number}") for who in people),
        progress=tuple(
            progress(who, work, ActivityState.IN_PROGRESS, score=score, score_max=Decimal(ROUNDS))
            for who in people
            for work in works
        ),
        attempts=(),
        groups=(replace(base.groups[0], name=f"giro {number}", member_ids=frozenset(people)),),
        access=tuple(Access(who, ago(minutes=ROUNDS * 10 - number), never=False) for who in people),
        grades=(),
        detailed=frozenset(people),
        marks=dict.fromkeys(people, str(number)),
    )


class Lms:
    """An LMS whose course is one round further each time."""

    calls = 1

    def snapshot(
        self, course: CourseRef, cursor: Mapping[str, str], known: KnownState | None, now: datetime
    ) -> CourseSnapshot:
        return told(int(cursor.get("round", "0")) + 1)

    def capabilities(self, course: CourseRef | None = None) -> Capabilities:
        return Capabilities(Source.MOODLE)

    def send_message(self, message: Any) -> Any:
        raise NotImplementedError

    def find_message(self, message: Any, since: Any) -> Any:
        raise NotImplementedError

    def create_event(self, event: Any) -> Any:
        raise NotImplementedError

    def update_event(self, lms_id: str, event: Any) -> Any:
        raise NotImplementedError

    def delete_event(self, lms_id: str) -> Any:
        raise NotImplementedError

    def find_event(self, event: Any) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        return


def house_of(database_url: str) -> House:
    settings = Settings(database_url, "sqlite:///unused", "http://127.0.0.1:8000", "a secret for the tests")
    return cast("House", create_app(settings).extensions["regista"])


def work(house: House, context_id: int) -> None:
    while True:
        done = sync_context(house, context_id, connect=lambda house, registration_id: Lms())
        if done is None:
            time.sleep(0.002)


def main(database_url: str, context_id: int, lease: float) -> None:
    """Let workers be born that sync one course."""
    # A killed worker's claim runs out soon enough for a test.
    runs.LEASE = timedelta(seconds=lease)
    # Some die between two portions of one save.
    portions.LEARNERS = LEARNERS // 3
    house = house_of(database_url)
    bear(lambda: work(house, context_id))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
