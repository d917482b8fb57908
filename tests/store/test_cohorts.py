from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, select

from engagement.values import ActivityState, Feeling, Knowledge, Learner
from lms_clients.records import Access, EnrolmentState, Gap, GapReason, Part
from lti_app import models
from lti_app.db import Database
from lti_app.models import Context, Episode, HelpOffer, Match, Membership, Person, SyncRun
from lti_app.store import courses
from lti_app.store.cohorts import freshness, load_cohort, load_helpers
from lti_app.store.snapshots import save_snapshot
from tests.store.told import (
    ADA,
    BRUNO,
    ESSAY,
    EVA,
    NOW,
    QUIZ,
    ago,
    changed,
    course,
    enrolled,
    learner,
    make_academy,
    make_course,
)


@pytest.fixture
def context_id(db: Database) -> int:
    with db.writing() as session:
        return make_course(session, make_academy(session))


def save(db: Database, context_id: int, snapshot: Any, now: Any = NOW) -> None:
    with db.writing() as session:
        save_snapshot(session, context_id, snapshot, now)
        courses.note_success(session, context_id, {}, now, saw_access=Part.ACCESS in snapshot.read)


def ids(db: Database) -> dict[str, int]:
    with db.reading() as session:
        rows = session.execute(select(Person.api_id, Membership.id).join(Membership))
        people = {str(row[0]): row[1] for row in rows}
        works = {
            f"activity {row[0]}": row[1] for row in session.execute(select(models.Activity.api_id, models.Activity.id))
        }
        return people | works


def learners(db: Database, context_id: int) -> dict[int, Learner]:
    with db.reading() as session:
        return {one.id: one for one in load_cohort(session, context_id, NOW).learners}


@contextmanager
def counted(db: Database) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(*args: Any) -> None:
        statements.append(args[2])

    event.listen(db.engine, "before_cursor_execute", note)
    yield statements
    event.remove(db.engine, "before_cursor_execute", note)


def test_ada_is_seen_as_the_lms_told_it(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    known = ids(db)
    with db.reading() as session:
        cohort = load_cohort(session, context_id, NOW)
    assert (cohort.time_zone, cohort.as_of) == ("Europe/Rome", NOW)
    assert [activity.title for activity in cohort.activities] == ["Benvenuti", "Quiz 1", "Relazione"]
    quiz = cohort.activities[1]
    assert (quiz.pass_share, quiz.graded, quiz.due_at) == (0.6, True, ago(days=3))
    ada = {one.id: one for one in cohort.learners}[known[ADA]]
    assert (ada.last_seen_at, ada.never_seen, ada.known) == (ago(days=10), False, frozenset(Knowledge))
    assert ada.active_days == {date(2026, 10, 31), date(2026, 11, 8), date(2026, 11, 10)}
    failed = ada.progress[known[f"activity {QUIZ}"]]
    assert (failed.state, failed.failed_attempts, failed.score) == (ActivityState.FAILED, 2, 0.45)


def test_only_active_learners_are_in_the_cohort(db: Database, context_id: int) -> None:
    away = (
        *course().learners[:2],
        learner(EVA, "Eva", enrolments=enrolled(EnrolmentState.SUSPENDED)),
        course().learners[3],
    )
    save(db, context_id, changed(course(), learners=away))
    known = ids(db)
    assert set(learners(db, context_id)) == {known[ADA], known[BRUNO]}


def test_before_the_first_sync_nothing_is_known_of_anybody(db: Database, context_id: int) -> None:
    with db.writing() as session:
        save_snapshot(session, context_id, course(), NOW)
    assert {one.known for one in learners(db, context_id).values()} == {frozenset()}


def test_a_missing_permission_hides_what_hangs_on_it_from_everybody(db: Database, context_id: int) -> None:
    gap = Gap(Part.ACCESS, GapReason.PERMISSION, "moodle/user:viewdetails")
    save(db, context_id, changed(course(), gaps=(gap,), read=course().read - {Part.ACCESS}, access=()))
    for one in learners(db, context_id).values():
        assert not {Knowledge.ACCESS, Knowledge.DAYS} & one.known
        assert Knowledge.PROGRESS in one.known


def test_a_failed_page_about_ada_leaves_bruno_known(db: Database, context_id: int) -> None:
    gap = Gap(Part.COMPLETION, GapReason.ERROR, "no answer", learner_id=ADA)
    save(db, context_id, changed(course(), gaps=(gap,)))
    known, people = ids(db), learners(db, context_id)
    assert Knowledge.PROGRESS not in people[known[ADA]].known
    assert Knowledge.PROGRESS in people[known[BRUNO]].known


def test_a_learner_whose_detail_was_never_read_is_not_judged_on_it(db: Database, context_id: int) -> None:
    save(db, context_id, changed(course(), detailed=frozenset({ADA, BRUNO})))
    eva = learners(db, context_id)[ids(db)[EVA]]
    assert eva.known == {Knowledge.ACCESS, Knowledge.DAYS, Knowledge.DUE_DATES}


def test_an_lms_that_never_says_whether_eva_came_leaves_it_open(db: Database, context_id: int) -> None:
    save(db, context_id, changed(course(), access=(Access(ADA, ago(days=1)), Access(EVA, None, never=None))))
    eva = learners(db, context_id)[ids(db)[EVA]]
    assert (eva.last_seen_at, eva.never_seen) == (None, None)
    assert Knowledge.ACCESS not in eva.known


def test_a_launch_is_an_access_of_its_own(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    with db.writing() as session:
        session.get_one(Membership, ids(db)[ADA]).launched_at = ago(minutes=5)
    assert learners(db, context_id)[ids(db)[ADA]].last_seen_at == ago(minutes=5)


def test_what_she_said_last_counts_and_a_snooze_is_remembered(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    known = ids(db)
    with db.writing() as session:
        quiz = known[f"activity {QUIZ}"]
        for said, at in (("too_easy", ago(days=9)), ("too_hard", ago(days=1)), ("not_now", ago(hours=1))):
            session.add(models.Feeling(membership_id=known[ADA], activity_id=quiz, said=said, at=at))
        session.add(
            Episode(
                context_id=context_id, membership_id=known[ADA], kind="stuck", probability=0.6, reasons=[],
                opened_at=NOW, updated_at=NOW, snoozed_until=ago(days=-7),
            )
        )  # fmt: skip
    ada = learners(db, context_id)[known[ADA]]
    assert (ada.feeling, ada.feeling_about, ada.snoozed_until) == (Feeling.TOO_HARD, quiz, ago(days=-7))


def test_hidden_and_vanished_work_is_not_asked_of_anybody(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    save(db, context_id, changed(course(), activities=course().activities[:2]))
    known = ids(db)
    with db.writing() as session:
        session.get_one(models.Activity, known[f"activity {QUIZ}"]).visible = False
    with db.reading() as session:
        cohort = load_cohort(session, context_id, NOW)
    assert [activity.title for activity in cohort.activities] == ["Benvenuti"]
    assert all(set(one.progress) <= {cohort.activities[0].id} for one in cohort.learners)


def test_days_are_known_from_when_the_looks_came_close(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    save(db, context_id, course(), ago(hours=-12))
    assert learners(db, context_id)[ids(db)[ADA]].days_known_from == date(2026, 11, 21)
    save(db, context_id, course(), ago(days=-4))
    assert learners(db, context_id)[ids(db)[ADA]].days_known_from == date(2026, 11, 25)


def test_a_cohort_takes_as_many_queries_for_three_people_as_for_three_hundred(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    with counted(db) as few:
        learners(db, context_id)
    save(
        db,
        context_id,
        changed(course(), learners=course().learners + tuple(learner(str(n), "P") for n in range(900, 1200))),
    )
    with counted(db) as many:
        assert len(learners(db, context_id)) == 303
    assert len(many) == len(few) <= 15


def test_bruno_who_offered_help_is_a_helper_with_his_room_and_his_history(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    known = ids(db)
    with db.writing() as session:
        for who in (BRUNO, EVA):
            session.add(
                HelpOffer(
                    membership_id=known[who], activity_id=known[f"activity {QUIZ}"], capacity=2, languages=["it"],
                    windows=["evenings"], offered_at=NOW,
                )
            )  # fmt: skip
        episode = Episode(
            context_id=context_id, membership_id=known[ADA], kind="stuck", probability=0.6, reasons=[],
            opened_at=NOW, updated_at=NOW,
        )  # fmt: skip
        session.add(episode)
        session.flush()
        session.add(
            Match(
                context_id=context_id, episode_id=episode.id, helper_id=known[BRUNO],
                activity_id=known[f"activity {QUIZ}"], state="accepted", proposed_at=NOW, answered_at=NOW,
            )
        )  # fmt: skip
    with db.reading() as session:
        helpers = load_helpers(session, context_id, NOW)
    # Eva offered, but has not passed the quiz: an offer alone makes nobody a helper.
    assert [helper.learner_id for helper in helpers] == [known[BRUNO]]
    bruno = helpers[0]
    assert bruno.topics == {known[f"activity {QUIZ}"]: ago(days=5)}
    assert (bruno.capacity, bruno.load, bruno.recent, bruno.met) == (2, 1, 1, frozenset({known[ADA]}))
    assert (bruno.languages, bruno.attempts) == (frozenset({"it"}), {known[f"activity {QUIZ}"]: 1})
    assert len(bruno.windows) == 5


def test_a_helper_who_pauses_or_was_reported_says_so(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    known = ids(db)
    with db.writing() as session:
        quiz = known[f"activity {QUIZ}"]
        session.add(HelpOffer(membership_id=known[BRUNO], activity_id=quiz, offered_at=NOW, paused_at=NOW))
        episode = Episode(
            context_id=context_id, membership_id=known[ADA], kind="stuck", probability=0.6, reasons=[],
            opened_at=NOW, updated_at=NOW,
        )  # fmt: skip
        session.add(episode)
        session.flush()
        session.add(
            Match(
                context_id=context_id, episode_id=episode.id, helper_id=known[BRUNO], activity_id=quiz, state="ended",
                proposed_at=NOW, answered_at=NOW, ended_at=NOW, ended_why="reported", reported_by_id=known[ADA],
            )
        )  # fmt: skip
    with db.reading() as session:
        bruno = load_helpers(session, context_id, NOW)[0]
    assert bruno.paused
    assert bruno.blocked == {known[ADA]}


def test_the_desk_is_told_since_when_the_lms_does_not_answer_and_what_is_missing(db: Database, context_id: int) -> None:
    gaps = (
        Gap(Part.GRADES, GapReason.PERMISSION, "moodle/grade:viewall"),
        Gap(Part.COMPLETION, GapReason.ERROR, "no answer", learner_id=ADA),
        Gap(Part.COMPLETION, GapReason.ERROR, "no answer", learner_id=EVA),
    )
    save(db, context_id, changed(course(), gaps=gaps))
    with db.writing() as session:
        for at, state in ((ago(days=1), "failed"), (ago(hours=-1), "failed"), (ago(hours=-2), "failed")):
            session.add(SyncRun(context_id=context_id, started_at=at, state=state, error="unreachable"))
    with db.reading() as session:
        told = freshness(session, context_id)
    assert (told.as_of, told.failing_since, told.error) == (NOW, ago(hours=-1), "unreachable")
    assert [(gap.part, gap.reason, gap.people) for gap in told.gaps] == [
        ("completion", "error", 2),
        ("grades", "permission", 0),
    ]


def test_a_course_that_was_never_read_has_no_date(db: Database, context_id: int) -> None:
    with db.reading() as session:
        told = freshness(session, context_id)
    assert (told.as_of, told.gaps, told.failing_since) == (None, (), None)


def test_holidays_that_cannot_be_read_are_left_out(db: Database, context_id: int) -> None:
    with db.writing() as session:
        session.get_one(Context, context_id).settings = {
            "holidays": [["2026-12-23", "2027-01-06"], ["never"], 5, ["2026-13-01", "2026-13-02"]]
        }
    with db.reading() as session:
        (holiday,) = load_cohort(session, context_id, NOW).holidays
    assert holiday.first_on == date(2026, 12, 23)


def test_essays_wait_for_the_tutor(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    eva = learners(db, context_id)[ids(db)[EVA]]
    essay = eva.progress[ids(db)[f"activity {ESSAY}"]]
    assert (essay.state, essay.needs_grading, essay.submitted_at) == (ActivityState.SUBMITTED, True, ago(days=4))
