from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, select

from lms_clients.errors import ProtocolTrouble
from lms_clients.records import Access, ActivityState, EnrolmentState, Gap, GapReason, Part, Role
from lti_app.db import Database
from lti_app.models import (
    ActiveDay,
    Activity,
    ActivityProgress,
    Attempt,
    CourseGroup,
    GroupMember,
    Membership,
    Person,
    ResourceLink,
    SyncGap,
)
from lti_app.store import proofs
from lti_app.store.snapshots import load_known, save_snapshot
from tests.store.told import (
    ADA,
    BRUNO,
    CLARA,
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
    progress,
)


@pytest.fixture
def context_id(db: Database) -> int:
    with db.writing() as session:
        return make_course(session, make_academy(session))


def save(db: Database, context_id: int, snapshot: Any, now: Any = NOW) -> Any:
    with db.writing() as session:
        return save_snapshot(session, context_id, snapshot, now)


def member(session: Any, api_id: str) -> Membership:
    query = select(Membership).join(Person, Person.id == Membership.person_id).where(Person.api_id == api_id)
    return session.scalars(query).one()


def test_a_first_snapshot_brings_in_people_activities_progress_and_history(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    with db.reading() as session:
        ada = member(session, ADA)
        assert (ada.role, ada.state, ada.last_access_at) == ("learner", "active", ago(days=10))
        assert member(session, CLARA).role == "tutor"
        person = session.get_one(Person, ada.person_id)
        assert (person.name, person.id_on_platform) == ("Ada Bianchi", ADA)
        quiz = session.scalars(select(Activity).where(Activity.api_id == QUIZ)).one()
        assert (quiz.kind, quiz.section, quiz.pass_points) == ("quiz", "Settimana 1", Decimal(6))
        row = session.scalars(select(ActivityProgress).filter_by(membership_id=ada.id, activity_id=quiz.id)).one()
        assert (row.state, row.score, row.attempts) == ("failed", Decimal("4.5"), 2)
        tries = session.scalars(select(Attempt).filter_by(membership_id=ada.id).order_by(Attempt.number)).all()
        assert [t.score_share for t in tries] == [Decimal("0.3"), Decimal("0.45")]
        assert member(session, BRUNO).grade_share == Decimal("0.45")
        days = {
            day.day.isoformat(): day.proofs
            for day in session.scalars(select(ActiveDay).filter_by(membership_id=ada.id))
        }
        assert days == {
            "2026-10-31": proofs.COMPLETION,
            "2026-11-08": proofs.ATTEMPT,
            "2026-11-10": proofs.ATTEMPT | proofs.ACCESS,
        }


def test_the_same_snapshot_again_writes_no_row(db: Database, context_id: int) -> None:
    assert save(db, context_id, course()).rows > 0
    again = save(db, context_id, changed(course(), taken_at=ago(minutes=-15)), ago(minutes=-15))
    assert again.written
    assert again.rows == 0


def test_only_what_moved_is_written(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    passed = progress(ADA, QUIZ, ActivityState.PASSED, attempts=3, score=Decimal(8), score_max=Decimal(10))
    rows = tuple(passed if (p.learner_id, p.activity_id) == (ADA, QUIZ) else p for p in course().progress)
    counts = save(db, context_id, changed(course(), progress=rows))
    assert {name: count for name, count in counts.written.items() if count} == {"progress": 1}


def test_saving_takes_the_same_number_of_statements_for_two_people_and_for_two_hundred(
    db: Database, context_id: int
) -> None:
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    save(db, context_id, course())
    few = len(statements)
    many = tuple(learner(str(1000 + n), f"Persona {n}") for n in range(200))
    statements.clear()
    save(db, context_id, changed(course(), learners=course().learners + many))
    assert len(statements) <= few


def test_a_display_name_that_ada_chose_stays_and_her_name_in_the_lms_is_followed(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    with db.writing() as session:
        session.get_one(Person, member(session, ADA).person_id).display_name = "Adina"
    people = (learner(ADA, "Ada Bianchi Rossi"), *course().learners[1:])
    save(db, context_id, changed(course(), learners=people))
    with db.reading() as session:
        person = session.get_one(Person, member(session, ADA).person_id)
        assert (person.name, person.display_name) == ("Ada Bianchi Rossi", "Adina")


def test_ada_who_launched_before_the_first_sync_is_not_doubled(db: Database, context_id: int) -> None:
    with db.writing() as session:
        context_person = Person(registration_id=1, id_on_platform=ADA, name="Ada B.", created_at=NOW)
        session.add(context_person)
        session.flush()
        session.add(
            Membership(
                context_id=context_id,
                person_id=context_person.id,
                role="learner",
                launched_at=ago(hours=1),
                created_at=NOW,
            )
        )
    save(db, context_id, course())
    with db.reading() as session:
        ada = member(session, ADA)
        assert (ada.person_id, ada.launched_at) == (context_person.id, ago(hours=1))
        assert len(session.scalars(select(Membership)).all()) == 4


def test_an_id_that_turns_out_to_be_somebody_who_launched_becomes_one_person(db: Database, context_id: int) -> None:
    nameless = tuple(replace(who, lti_sub=None) for who in course().learners)
    save(db, context_id, changed(course(), learners=nameless))
    with db.writing() as session:
        known = member(session, ADA).id
        launched = Person(registration_id=1, id_on_platform="sub-of-ada", created_at=NOW)
        session.add(launched)
    told = (learner(ADA, "Ada Bianchi", lti_sub="sub-of-ada"), *nameless[1:])
    save(db, context_id, changed(course(), learners=told))
    with db.reading() as session:
        ada = member(session, ADA)
        assert (ada.id, ada.person_id, ada.state) == (known, launched.id, "active")


def test_test_students_never_enter(db: Database, context_id: int) -> None:
    ghosts = (learner("98", "Test Student", Role.TEST_STUDENT), learner("99", "Preview", is_test=True))
    save(db, context_id, changed(course(), learners=course().learners + ghosts))
    with db.reading() as session:
        assert session.scalar(select(Person.id).where(Person.api_id.in_(["98", "99"]))) is None


@pytest.mark.parametrize("state", [EnrolmentState.SUSPENDED, EnrolmentState.CONCLUDED, EnrolmentState.DELETED])
def test_eva_who_is_suspended_leaves_and_comes_back_with_her_history(
    db: Database, context_id: int, state: EnrolmentState
) -> None:
    save(db, context_id, course())
    away = (*course().learners[:2], learner(EVA, "Eva D’Amico", enrolments=enrolled(state)), course().learners[3])
    save(db, context_id, changed(course(), learners=away, detailed=frozenset()))
    with db.reading() as session:
        assert member(session, EVA).state == str(state)
    save(db, context_id, changed(course(), detailed=frozenset(), progress=(), attempts=()))
    with db.reading() as session:
        eva = member(session, EVA)
        assert eva.state == "active"
        assert session.scalars(select(ActivityProgress).filter_by(membership_id=eva.id)).one().needs_grading is True


def test_whoever_is_missing_from_the_roster_left_unless_the_roster_was_cut_off(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    short = changed(course(), learners=course().learners[:2], detailed=frozenset())
    cut = Gap(Part.ROSTER, GapReason.TRUNCATED, "only 2 of 4 came")
    save(db, context_id, changed(short, gaps=(cut,)))
    with db.reading() as session:
        assert member(session, EVA).state == "active"
    save(db, context_id, short)
    with db.reading() as session:
        assert (member(session, EVA).state, member(session, CLARA).state) == ("deleted", "deleted")


def test_the_manager_of_whom_only_launches_told_does_not_leave_with_the_roster(db: Database, context_id: int) -> None:
    with db.writing() as session:
        person = Person(registration_id=1, id_on_platform="900", created_at=NOW)
        session.add(person)
        session.flush()
        session.add(
            Membership(context_id=context_id, person_id=person.id, role="manager", launched_at=NOW, created_at=NOW)
        )
    save(db, context_id, course())
    with db.reading() as session:
        there = session.scalars(select(Membership).filter_by(person_id=person.id)).one()
        assert (there.role, there.state) == ("manager", "active")


def test_a_tutor_whom_the_roster_calls_a_learner_stays_a_tutor_after_a_launch(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    with db.writing() as session:
        tutor = member(session, BRUNO)
        tutor.role, tutor.launched_at = "tutor", NOW
    told = (course().learners[0], learner(BRUNO, "Bruno C."), *course().learners[2:])
    save(db, context_id, changed(course(), learners=told))
    with db.reading() as session:
        assert member(session, BRUNO).role == "tutor"


def test_an_empty_roster_of_a_course_with_people_is_refused(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    with pytest.raises(ProtocolTrouble, match="empty"):
        save(db, context_id, changed(course(), learners=()))
    with db.reading() as session:
        assert member(session, ADA).state == "active"


def test_what_was_not_read_is_kept_and_none_of_it_becomes_zero(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    blind = changed(
        course(),
        read=course().read - {Part.GRADES, Part.COMPLETION, Part.ATTEMPTS, Part.GROUPS, Part.ACCESS},
        progress=(progress(ADA, QUIZ, ActivityState.UNKNOWN),),
        attempts=(),
        groups=(),
        access=(),
        grades=(),
    )
    save(db, context_id, blind)
    with db.reading() as session:
        ada = member(session, ADA)
        quiz = session.scalars(select(Activity).where(Activity.api_id == QUIZ)).one()
        row = session.scalars(select(ActivityProgress).filter_by(membership_id=ada.id, activity_id=quiz.id)).one()
        assert (row.state, row.score, row.attempts, ada.last_access_at) == ("failed", Decimal("4.5"), 2, ago(days=10))
        assert len(session.scalars(select(ActivityProgress)).all()) == 5
        assert len(session.scalars(select(Attempt)).all()) == 3
        assert len(session.scalars(select(GroupMember)).all()) == 2
        assert member(session, BRUNO).grade_share == Decimal("0.45")


def test_a_failed_page_about_ada_keeps_what_was_known_of_her_and_bruno_moves_on(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    gap = Gap(Part.COMPLETION, GapReason.ERROR, "no answer", learner_id=ADA)
    rows = (progress(BRUNO, QUIZ, ActivityState.PASSED, score=Decimal(10), score_max=Decimal(10)),)
    save(db, context_id, changed(course(), progress=rows, attempts=course().attempts[2:], gaps=(gap,)))
    with db.reading() as session:
        ada, bruno = member(session, ADA), member(session, BRUNO)
        assert len(session.scalars(select(ActivityProgress).filter_by(membership_id=ada.id)).all()) == 3
        assert len(session.scalars(select(Attempt).filter_by(membership_id=ada.id)).all()) == 2
        assert session.scalars(select(ActivityProgress).filter_by(membership_id=bruno.id)).one().score == Decimal(10)
        assert session.scalars(select(SyncGap)).one().membership_id == ada.id


def test_an_attempt_that_the_teacher_deleted_goes_and_a_reset_row_too(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    rest = tuple(p for p in course().progress if (p.learner_id, p.activity_id) != (ADA, QUIZ))
    save(db, context_id, changed(course(), attempts=course().attempts[1:], progress=rest))
    with db.reading() as session:
        assert {
            t.number for t in session.scalars(select(Attempt).filter_by(membership_id=member(session, ADA).id))
        } == {2}
        assert len(session.scalars(select(ActivityProgress)).all()) == 4


def test_an_activity_that_vanished_is_kept_as_gone_and_may_come_back(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    save(db, context_id, changed(course(), activities=course().activities[:2]))
    with db.reading() as session:
        assert session.scalars(select(Activity).where(Activity.api_id == ESSAY)).one().gone_at == NOW
    save(db, context_id, course())
    with db.reading() as session:
        assert session.scalars(select(Activity).where(Activity.api_id == ESSAY)).one().gone_at is None


def test_our_own_panel_in_the_course_page_is_no_work_of_the_course(db: Database, context_id: int) -> None:
    with db.writing() as session:
        session.add(ResourceLink(context_id=context_id, id_on_platform="77", created_at=NOW))
    panel = replace(course().activities[0], id="80", lti_link_id="77")
    label = replace(course().activities[0], id="81", tracked=False)
    save(db, context_id, changed(course(), activities=(*course().activities, panel, label)))
    with db.reading() as session:
        assert set(session.scalars(select(Activity.api_id))) == {"2", QUIZ, ESSAY}


def test_groups_follow_the_course_page(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    moved = replace(course().groups[0], name="Gruppo Alfa", member_ids=frozenset({BRUNO, EVA}))
    save(db, context_id, changed(course(), groups=(moved,)))
    with db.reading() as session:
        assert session.scalars(select(CourseGroup.name)).all() == ["Gruppo Alfa"]
        there = set(session.scalars(select(GroupMember.membership_id)))
        assert there == {member(session, BRUNO).id, member(session, EVA).id}
    save(db, context_id, changed(course(), groups=()))
    with db.reading() as session:
        assert session.scalars(select(CourseGroup)).all() == []


def test_a_gap_that_stays_keeps_since_when_and_one_that_closed_goes(db: Database, context_id: int) -> None:
    gap = Gap(Part.GRADES, GapReason.PERMISSION, "moodle/grade:viewall")
    save(db, context_id, changed(course(), gaps=(gap,)))
    save(db, context_id, changed(course(), gaps=(gap,)), ago(hours=-1))
    with db.reading() as session:
        assert session.scalars(select(SyncGap)).one().since == NOW
    save(db, context_id, course())
    with db.reading() as session:
        assert session.scalars(select(SyncGap)).all() == []


def test_hostile_words_and_impossible_numbers_find_no_way_in(db: Database, context_id: int) -> None:
    people = (learner(ADA, "Ada\x00 " + "x" * 600), *course().learners[1:])
    odd = progress(
        ADA, QUIZ, ActivityState.FAILED, score=Decimal("NaN"), score_max=Decimal("1e30"), raw_state="y" * 200
    )
    save(db, context_id, changed(course(), learners=people, progress=(odd,)))
    with db.reading() as session:
        ada = member(session, ADA)
        assert len(session.get_one(Person, ada.person_id).name or "") == 255
        row = session.scalars(select(ActivityProgress).filter_by(membership_id=ada.id)).one()
        assert (row.score, row.score_max) == (None, None)


def test_a_day_is_the_courses_own_day_and_a_later_access_adds_one(db: Database, context_id: int) -> None:
    late = NOW.replace(hour=23, minute=30)  # half past midnight in Rome
    save(db, context_id, course())
    save(db, context_id, changed(course(), access=(Access(ADA, late, never=False),)), late)
    with db.reading() as session:
        days = session.scalars(select(ActiveDay.day).filter_by(membership_id=member(session, ADA).id))
        assert "2026-11-21" in {day.isoformat() for day in days}
        assert member(session, ADA).last_access_at == late


def test_a_mark_that_completes_an_essay_is_not_the_learners_day(db: Database, context_id: int) -> None:
    marked = progress(
        EVA, ESSAY, ActivityState.COMPLETED, submitted_at=ago(days=4), graded_at=ago(days=1), completed_at=ago(days=1)
    )
    save(db, context_id, changed(course(), progress=(marked,)))
    with db.reading() as session:
        days = session.scalars(select(ActiveDay.day).filter_by(membership_id=member(session, EVA).id)).all()
        assert [day.isoformat() for day in days] == ["2026-11-16"]


def test_what_the_client_left_behind_comes_back_to_it(db: Database, context_id: int) -> None:
    save(db, context_id, course())
    with db.reading() as session:
        ref, _, known = load_known(session, context_id)
        assert (ref.api_id, ref.lti_context_id) == ("2", "2")
        assert known.marks == {ADA: "a1", BRUNO: "b1", EVA: "e1"}
        assert known.read_at[ADA] == NOW
