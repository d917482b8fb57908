"""The pitfalls of the LMS reference, section 14, on their way into our rows and out of them as values.

Those of the protocols (1, 2, 12 to 19, 22, 23) are in tests/lms_clients; 20 and 24 over HTTP in tests/jobs; 25 in
tests/sweep/test_deliver.py; 26 in tests/feeds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from engagement.recognition import Milestone as Reached
from engagement.recognition import MilestoneKind
from engagement.values import ActivityState as State
from engagement.values import Cohort, Knowledge, Learner
from lms_clients.errors import ProtocolTrouble
from lms_clients.records import Access, ActivityState, CourseSnapshot, EnrolmentState, Gap, GapReason, Part
from lti_app.db import Database
from lti_app.models import Activity, ActivityProgress, Context, Episode, Membership, Milestone, Person
from lti_app.store import courses
from lti_app.store.cohorts import load_cohort
from lti_app.store.milestones import save_milestones
from lti_app.store.snapshots import load_known, save_snapshot
from lti_app.store.stall_card import stall_of
from tests.store.told import (
    ADA,
    BRUNO,
    CLARA,
    ESSAY,
    EVA,
    NOW,
    PAGE,
    QUIZ,
    ago,
    changed,
    course,
    enrolled,
    learner,
    make_academy,
    make_course,
    progress,
)


@pytest.fixture
def context_id(db: Database) -> int:
    with db.writing() as session:
        return make_course(session, make_academy(session))


def save(db: Database, context_id: int, snapshot: CourseSnapshot, at: datetime = NOW) -> None:
    with db.writing() as session:
        save_snapshot(session, context_id, snapshot, at)
        courses.note_success(session, context_id, {}, at, saw_access=Part.ACCESS in snapshot.read)


def with_progress(*rows: Any) -> CourseSnapshot:
    """The course with other rows for those learners and activities."""
    keys = {(row.learner_id, row.activity_id) for row in rows}
    kept = tuple(row for row in course().progress if (row.learner_id, row.activity_id) not in keys)
    return changed(course(), progress=(*kept, *rows))


class Seen:
    """The course as decisions read it."""

    def __init__(self, db: Database, context_id: int, now: datetime = NOW) -> None:
        with db.reading() as session:
            self.cohort: Cohort = load_cohort(session, context_id, now)
            people = session.execute(select(Person.api_id, Membership.id).join(Membership))
            self.members = {str(api_id): member for api_id, member in people}
            rows = session.execute(select(Activity.api_id, Activity.id))
            self.activities = {str(row[0]): int(row[1]) for row in rows}
        self.learners: dict[int, Learner] = {one.id: one for one in self.cohort.learners}

    def of(self, who: str) -> Learner:
        return self.learners[self.members[who]]

    def at(self, who: str, what: str) -> Any:
        return self.of(who).progress[self.activities[what]]


def told(*access: Access) -> CourseSnapshot:
    return changed(course(), access=access)


def test_3_never_zero_and_not_told_are_three_things(db: Database, context_id: int) -> None:
    save(db, context_id, told(Access(ADA, None, never=True), Access(BRUNO, ago(hours=2), never=False)))
    seen = Seen(db, context_id)
    assert (seen.of(ADA).never_seen, seen.of(ADA).last_seen_at) == (True, None)
    assert seen.of(BRUNO).last_seen_at == ago(hours=2)
    assert (seen.of(EVA).never_seen, Knowledge.ACCESS in seen.of(EVA).known) == (None, False)


def test_4_zero_no_score_and_excused_are_three_things(db: Database, context_id: int) -> None:
    zero = progress(ADA, QUIZ, ActivityState.FAILED, score=Decimal(0), score_max=Decimal(10))
    none = progress(BRUNO, QUIZ, ActivityState.NOT_STARTED)
    excused = progress(EVA, QUIZ, ActivityState.EXCUSED)
    save(db, context_id, with_progress(zero, none, excused))
    seen = Seen(db, context_id)
    assert [seen.at(who, QUIZ).score for who in (ADA, BRUNO, EVA)] == [0.0, None, None]
    assert [seen.at(who, QUIZ).state for who in (ADA, BRUNO, EVA)] == [State.FAILED, State.NOT_STARTED, State.EXCUSED]
    assert State.EXCUSED.is_done


def hidden_fail(db: Database, context_id: int, *, visible: bool) -> tuple[int, int, int]:
    """Ada failed the quiz twice; returns episode, membership and activity."""
    row = progress(ADA, QUIZ, ActivityState.FAILED, score=Decimal("4.5"), score_max=Decimal(10))
    save(db, context_id, with_progress(replace(row, score_visible_to_learner=visible)))
    seen = Seen(db, context_id)
    ada, quiz = seen.members[ADA], seen.activities[QUIZ]
    reasons = [
        {"code": "silent", "facts": {"days": 10}, "weight": 0.5},
        {
            "code": "failed_attempts",
            "facts": {"activity_id": quiz, "attempts": 2, "days": 2, "best": 0.45},
            "weight": 1.0,
        },
    ]
    with db.writing() as session:
        episode = Episode(
            context_id=context_id, membership_id=ada, activity_id=quiz, kind="stuck", probability=0.7,
            reasons=reasons, opened_at=NOW, updated_at=NOW,
        )  # fmt: skip
        session.add(episode)
        session.flush()
        return episode.id, ada, quiz


@pytest.mark.parametrize(("visible", "codes"), [(True, {"failed_attempts", "silent"}), (False, {"silent"})])
def test_5_a_hidden_mark_helps_the_tutor_and_is_never_quoted_to_the_learner(
    db: Database, context_id: int, visible: bool, codes: set[str]
) -> None:
    _, ada, _ = hidden_fail(db, context_id, visible=visible)
    # The decision knows it ...
    assert Seen(db, context_id).at(ADA, QUIZ).score == 0.45
    with db.reading() as session:
        card = stall_of(session, session.get_one(Membership, ada), NOW)
        assert card is not None
        # ... and the learner's own card says only what the LMS shows them.
        assert {reason.code for reason in card.reasons} == codes


def test_5_a_milestone_that_rests_on_a_hidden_mark_waits_until_it_is_shown(db: Database, context_id: int) -> None:
    row = progress(BRUNO, QUIZ, ActivityState.PASSED, score=Decimal(9), completed_at=ago(days=5))
    for visible, count in ((False, 0), (True, 1)):
        save(db, context_id, with_progress(replace(row, score_visible_to_learner=visible)))
        seen = Seen(db, context_id)
        reached = Reached(
            learner_id=seen.members[BRUNO], kind=MilestoneKind.PASSED_AFTER_FAILING, key="k",
            activity_id=seen.activities[QUIZ], reached_at=ago(days=5), facts={},
        )  # fmt: skip
        with db.writing() as session:
            save_milestones(session, context_id, [reached], NOW)
            assert len(session.scalars(select(Milestone)).all()) == count


def test_6_what_waits_for_a_mark_waits_for_the_tutor(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    essay = Seen(db, context_id).at(EVA, ESSAY)
    assert (essay.state, essay.needs_grading) == (State.SUBMITTED, True)


@pytest.mark.parametrize("state", [one for one in EnrolmentState if one is not EnrolmentState.ACTIVE])
def test_7_only_active_enrolments_are_looked_at_and_the_others_come_back_with_their_history(
    db: Database, context_id: int, state: EnrolmentState
) -> None:
    save(db, context_id, course())
    before = Seen(db, context_id).of(ADA)
    people = course().learners
    save(db, context_id, changed(course(), learners=(replace(people[0], enrolments=enrolled(state)), *people[1:])))
    assert before.id not in Seen(db, context_id).learners
    # While away nothing more is told of her; what is known of her waits.
    away = changed(course(), learners=people[1:], progress=course().progress[3:], detailed=frozenset({BRUNO, EVA}))
    save(db, context_id, away, NOW + timedelta(days=1))
    save(db, context_id, course(), NOW + timedelta(days=2))
    after = Seen(db, context_id).of(ADA)
    assert (after.id, after.progress, after.active_days) == (before.id, before.progress, before.active_days)


def test_8_her_own_date_beats_that_of_the_class(db: Database, context_id: int) -> None:
    save(db, context_id, with_progress(progress(ADA, QUIZ, ActivityState.NOT_STARTED, due_at=ago(days=-7))))
    seen = Seen(db, context_id)
    assert seen.at(ADA, QUIZ).due_at == ago(days=-7)
    assert seen.at(BRUNO, QUIZ).due_at is None
    assert {one.due_at for one in seen.cohort.activities if one.title == "Quiz 1"} == {ago(days=3)}


def test_9_without_a_date_nothing_is_ever_overdue(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    seen = Seen(db, context_id)
    assert {one.due_at for one in seen.cohort.activities if one.title == "Relazione"} == {None}
    assert seen.at(ADA, ESSAY).due_at is None


def test_10_a_course_without_completion_is_read_by_marks_and_visits_and_says_so(db: Database, context_id: int) -> None:
    gap = Gap(Part.COMPLETION, GapReason.FEATURE_OFF, "completion tracking is off")
    bare = tuple(replace(row, state=ActivityState.UNKNOWN, completed_at=None) for row in course().progress)
    save(db, context_id, changed(course(), read=course().read - {Part.COMPLETION}, gaps=(gap,), progress=bare))
    seen = Seen(db, context_id)
    assert Knowledge.PROGRESS not in seen.of(ADA).known
    assert {Knowledge.SCORES, Knowledge.ACCESS} <= seen.of(ADA).known
    assert seen.at(BRUNO, QUIZ).score == 0.9


def test_11_work_marked_anonymously_is_nobodys_idleness(db: Database, context_id: int) -> None:
    gap = Gap(f"{Part.SUBMISSIONS}:{ESSAY}", GapReason.UNSUPPORTED, "graded anonymously")
    without = tuple(row for row in course().progress if row.activity_id != ESSAY)
    save(db, context_id, changed(course(), progress=without, gaps=(gap,)))
    assert all(Knowledge.SUBMISSIONS not in one.known for one in Seen(db, context_id).learners.values())


def only(people: Iterable[str]) -> CourseSnapshot:
    wanted = set(people)
    return changed(
        course(),
        learners=tuple(one for one in course().learners if one.id in wanted),
        progress=tuple(row for row in course().progress if row.learner_id in wanted),
        detailed=course().detailed & wanted,
        gaps=(Gap(Part.ROSTER, GapReason.TRUNCATED, "more than 1000 pages"),),
    )


def test_20_a_roster_that_was_cut_off_sends_nobody_away_and_wipes_nothing(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    before = Seen(db, context_id)
    save(db, context_id, only({BRUNO, CLARA}), NOW + timedelta(minutes=15))
    after = Seen(db, context_id)
    assert after.learners.keys() == before.learners.keys()
    assert after.of(ADA).progress == before.of(ADA).progress
    # Nothing of this is trusted meanwhile: the roster is what everything hangs on.
    assert all(one.known == frozenset() for one in after.learners.values())


def test_20_an_empty_roster_is_an_error_and_no_exodus(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    with pytest.raises(ProtocolTrouble):
        save(db, context_id, changed(course(), learners=(), progress=(), attempts=(), detailed=frozenset()))
    assert len(Seen(db, context_id).learners) == 3


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        # Rome leaves summer time on 25 October 2026, at 01:00 UTC.
        ("Europe/Rome", datetime(2026, 10, 24, 22, 30, tzinfo=UTC), date(2026, 10, 25)),
        ("Europe/Rome", datetime(2026, 10, 25, 22, 30, tzinfo=UTC), date(2026, 10, 25)),
        ("Europe/Rome", datetime(2026, 10, 25, 23, 30, tzinfo=UTC), date(2026, 10, 26)),
        ("America/New_York", datetime(2026, 11, 1, 3, 30, tzinfo=UTC), date(2026, 10, 31)),
        ("Pacific/Kiritimati", datetime(2026, 10, 24, 10, 30, tzinfo=UTC), date(2026, 10, 25)),
    ],
)
def test_21_a_day_is_the_courses_own_day_across_the_change_of_clocks(
    db: Database, context_id: int, zone: str, at: datetime, day: date
) -> None:
    there = replace(course().course, time_zone=zone)
    save(db, context_id, changed(course(), course=there, access=(Access(EVA, at, never=False),)))
    assert day in Seen(db, context_id).of(EVA).active_days


def test_21_a_due_date_is_a_moment_whatever_the_clocks_do(db: Database, context_id: int) -> None:
    # 23:59 in Rome on the last day of summer time, and on the next day: 25 hours apart.
    first, second = (datetime(2026, 10, 24, 21, 59, tzinfo=UTC), datetime(2026, 10, 25, 22, 59, tzinfo=UTC))
    activities = course().activities
    for due in (first, second):
        save(
            db,
            context_id,
            changed(course(), activities=(activities[0], replace(activities[1], due_at=due), activities[2])),
        )
        assert due in {one.due_at for one in Seen(db, context_id).cohort.activities}


def test_24_a_copied_course_is_a_course_of_its_own(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    with db.writing() as session:
        copy = make_course(session, session.get_one(Context, context_id).deployment_id, 7)
        ref, cursor, known = load_known(session, copy)
        assert (ref.lti_context_id, cursor, dict(known.marks)) == ("7", {}, {})
    fresh = changed(
        course(), course=replace(course().course, ref=replace(course().course.ref, api_id="7")),
        progress=(progress(ADA, PAGE, ActivityState.NOT_STARTED),), attempts=(), access=(), detailed=frozenset({ADA}),
        learners=(learner(ADA, "Ada Bianchi"),),
    )  # fmt: skip
    save(db, copy, fresh)
    with db.reading() as session:
        old, new = load_cohort(session, context_id, NOW), load_cohort(session, copy, NOW)
        assert len(session.scalars(select(Person)).all()) == 4
        assert {one.id for one in old.activities}.isdisjoint(one.id for one in new.activities)
        assert len(old.learners) == 3
        states = session.scalars(
            select(ActivityProgress.state).join(Membership).where(Membership.context_id == copy)
        ).all()
    assert list(states) == ["not_started"]
