"""What the pulse keeps, on both databases: above all what it does not keep."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, inspect, select

from lti_app.db import Database
from lti_app.models import CourseGroup, GroupMember, MoodSaid, Notification, SurveyAnswer, SurveyDone
from lti_app.store import changes, felt, ideas, moods, pulse, remarks, surveys
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.surveys import Asked
from tests.sweep.course import NOW, Course, written

ASKED = (
    Asked("scale", "How clear is it?"),
    Asked("choice", "When?", ("evening", "noon")),
    Asked("words", "What else?"),
)


def make(session: object, course: Course, *, anonymous: bool = True) -> int:
    return surveys.make_survey(
        session, course.context, course.clara, "Half-way", "", ASKED, NOW,  # type: ignore[arg-type]
        anonymous=anonymous, closes_at=NOW + timedelta(days=7), form_key="s",
    )  # fmt: skip


def test_an_anonymous_answer_is_tied_to_nobody_and_results_come_from_five(db: Database) -> None:
    with written(db) as (session, course):
        survey = make(session, course)
        assert make(session, course) == survey
        page = surveys.read_survey(session, course.context, survey, course.ada, NOW)
        scale, choice, words = (one.id for one in page.questions)
        people = [course.ada, course.bruno, course.bice, *course.others[:2]]
        for number, who in enumerate(people):
            assert surveys.outcomes(session, course.context, survey, to_staff=True) is None
            said = {scale: str(number + 1), choice: "noon", words: f"Word {number}"}
            assert surveys.answer_survey(session, course.context, survey, who, said, NOW)
            assert not surveys.answer_survey(session, course.context, survey, who, said, NOW)
        found = surveys.outcomes(session, course.context, survey, to_staff=True)
        assert found is not None
        assert (found[0].mean, found[1].counts) == (3.0, {"evening": 0, "noon": 5})
        assert {one[0] for one in found[2].said} == {f"Word {number}" for number in range(5)}
        assert all(face is None for _words, face in found[2].said)
        learner = surveys.outcomes(session, course.context, survey, to_staff=False)
        assert learner is not None
        assert learner[2].said == ()
        answers = session.scalars(select(SurveyAnswer)).all()
        assert {one.membership_id for one in answers} == {None}
        # Nothing but the answer itself is in its row: no time, no sheet, no order.
        assert {column["name"] for column in inspect(session.connection()).get_columns("survey_answer")} == {
            "key", "question_id", "membership_id", "value",
        }  # fmt: skip
        assert {column["name"] for column in inspect(session.connection()).get_columns("survey_done")} == {
            "survey_id", "membership_id",
        }  # fmt: skip
        in_order = [one.value for one in sorted(answers, key=lambda one: one.key) if one.question_id == words]
        assert sorted(in_order) == [f"Word {number}" for number in range(5)]


def test_a_named_survey_tells_tutors_who_said_it(db: Database) -> None:
    with written(db) as (session, course):
        survey = make(session, course, anonymous=False)
        words = surveys.read_survey(session, course.context, survey, course.ada, NOW).questions[2].id
        for who in (course.ada, course.bruno, course.bice, *course.others[:2]):
            surveys.answer_survey(session, course.context, survey, who, {words: "Mine"}, NOW)
        found = surveys.outcomes(session, course.context, survey, to_staff=True)
        assert found is not None
        assert {face.name for _words, face in found[2].said if face} >= {"Ada Rossi", "Bruno Marchi"}


def test_a_survey_takes_only_what_it_asked_for_and_only_in_time(db: Database) -> None:
    with written(db) as (session, course):
        survey = make(session, course)
        scale = surveys.read_survey(session, course.context, survey, course.ada, NOW).questions[0].id
        for said in ({}, {scale: "9"}, {scale: " "}, {scale + 1: "midnight"}, {scale + 2: "x" * 1001}, {10**9: "1"}):
            with pytest.raises(ValueError, match="answers"):
                surveys.answer_survey(session, course.context, survey, course.ada, said, NOW)
        with pytest.raises(NotYours):
            surveys.answer_survey(session, course.dario_context, survey, course.dario, {scale: "1"}, NOW)
        with pytest.raises(NotYours):
            surveys.answer_survey(session, course.context, survey, course.dario, {scale: "1"}, NOW)
        with pytest.raises(TooLate):
            surveys.answer_survey(session, course.context, survey, course.ada, {scale: "1"}, NOW + timedelta(days=8))
        surveys.close_survey(session, course.context, survey, course.clara, NOW)
        with pytest.raises(TooLate):
            surveys.answer_survey(session, course.context, survey, course.ada, {scale: "1"}, NOW)
        for asked in ((), ASKED * 2, (Asked("choice", "One?", ("only",)),), (Asked("points", "How many?"),)):
            with pytest.raises(ValueError, match="questions"):
                surveys.make_survey(
                    session, course.context, course.clara, "T", "", asked, NOW, anonymous=True,
                    closes_at=NOW + timedelta(days=1),
                )  # fmt: skip
        assert session.scalar(select(func.count()).select_from(SurveyDone)) == 0


def test_the_same_person_who_answers_twice_at_once_is_counted_once(db: Database) -> None:
    with written(db) as (session, course):
        survey = make(session, course)
        scale = surveys.read_survey(session, course.context, survey, course.ada, NOW).questions[0].id
    kept: list[bool] = []

    def send() -> None:
        with db.writing() as session:
            kept.append(surveys.answer_survey(session, course.context, survey, course.ada, {scale: "3"}, NOW))

    threads = [threading.Thread(target=send) for _twice in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(kept) == [False, True]
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(SurveyAnswer)) == 1


def test_moods_of_fewer_than_five_are_not_shown(db: Database) -> None:
    with written(db) as (session, course):
        people = [course.ada, course.bruno, course.bice, *course.others[:2]]
        group = CourseGroup(context_id=course.context, api_id="g", name="Turno A")
        session.add(group)
        session.flush()
        for who in people[:4]:
            session.add(GroupMember(group_id=group.id, membership_id=who))
            moods.say_mood(session, who, "well", "", False, NOW - timedelta(hours=13))
            moods.say_mood(session, who, "low", "", False, NOW)
        (week,) = [one for one in moods.mood_weeks(session, course.context, NOW) if not one.group]
        assert week.counts is None
        moods.say_mood(session, people[4], "bright", "", False, NOW)
        found = {one.group: one.counts for one in moods.mood_weeks(session, course.context, NOW)}
        assert found == {"": {"low": 4, "bright": 1}, "Turno A": None}
        assert moods.shared_moods(session, course.context, NOW) == ()
        moods.say_mood(session, course.ada, "low", "A hard week", True, NOW)
        assert session.scalar(select(func.count()).select_from(MoodSaid)) == 9
        (shared,) = moods.shared_moods(session, course.context, NOW)
        assert (shared.words, shared.face and shared.face.name) == ("A hard week", "Ada Rossi")
        with pytest.raises(NotYours):
            moods.seen_to(session, course.dario_context, shared.id, course.clara, NOW)
        with pytest.raises(NotYours):
            moods.forget_mood(session, course.bruno, shared.id)


def test_how_an_activity_felt_is_shown_from_five_people_and_the_last_word_counts(db: Database) -> None:
    with written(db) as (session, course):
        people = [course.ada, course.bruno, course.bice, course.others[0]]
        for who in people:
            pulse.say_feeling(session, who, course.quiz_2, "too_easy", "", NOW)
            pulse.say_feeling(session, who, course.quiz_2, "too_hard", "", NOW + timedelta(minutes=1))
        pulse.say_feeling(session, course.ada, course.quiz_2, "too_hard", "The third page", NOW + timedelta(minutes=2))
        (one,) = felt.felt(session, course.context)
        assert (one.people, one.counts, one.comments) == (4, None, ())
        pulse.say_feeling(session, course.others[1], course.quiz_2, "just_right", "", NOW)
        (one,) = felt.felt(session, course.context)
        assert one.counts == {"too_hard": 4, "just_right": 1, "too_easy": 0, "no_time": 0}
        assert one.comments == (("too_hard", "The third page"),)
        assert felt.felt(session, course.dario_context) == ()


def test_ideas_rise_by_voices_and_whoever_was_for_it_hears_what_became_of_it(db: Database) -> None:
    with written(db) as (session, course):
        first = remarks.start(session, course.context, course.ada, "idea", "Later", "Words", NOW, form_key="a")
        second = remarks.start(session, course.context, course.bice, "idea", "Sooner", "Words", NOW, form_key="b")
        assert ideas.lend_voice(session, course.context, second, course.bruno, NOW)
        with pytest.raises(NotYours):
            ideas.lend_voice(session, course.context, second, course.bice, NOW)
        with pytest.raises(NotYours):
            ideas.lend_voice(session, course.dario_context, second, course.dario, NOW)
        listed = ideas.list_ideas(session, course.context, course.bruno)
        assert [(one.title, one.voices, one.my_voice) for one in listed] == [("Sooner", 1, True), ("Later", 0, False)]
        assert ideas.set_status(session, course.context, second, course.clara, "done", "There it is.", NOW)
        assert not ideas.set_status(session, course.context, second, course.clara, "done", "There it is.", NOW)
        assert [one.title for one in ideas.list_ideas(session, course.context, course.ada)] == ["Later", "Sooner"]
        told = select(Notification.membership_id).where(Notification.kind == "idea_status")
        assert set(session.scalars(told)) == {course.bice, course.bruno}
        with pytest.raises(NotYours):
            ideas.set_status(session, course.context, first, course.ada, "done", "", NOW)
        with pytest.raises(ValueError, match="status"):
            ideas.set_status(session, course.context, first, course.clara, "loved", "", NOW)


def test_those_who_said_it_hear_what_changed_because_of_them(db: Database) -> None:
    with written(db) as (session, course):
        idea = remarks.start(session, course.context, course.ada, "idea", "Shorter", "Words", NOW, form_key="a")
        ideas.lend_voice(session, course.context, idea, course.bruno, NOW)
        pulse.say_feeling(session, course.bice, course.quiz_2, "too_hard", "", NOW)
        causes = [("idea", idea), ("activity", course.quiz_2)]
        for _twice in range(2):
            changes.write_change(
                session, course.context, course.clara, "Quiz 2 is shorter", "", causes, NOW, form_key="c"
            )
        told = select(Notification.membership_id).where(Notification.kind == "changed_because")
        assert sorted(session.scalars(told)) == sorted([course.ada, course.bruno, course.bice])
        (one,) = changes.list_changes(session, course.context)
        assert [cause.title for cause in one.causes] == ["Shorter", "Quiz 2: Pulizia dei dati"]
        with pytest.raises(NotYours):
            changes.write_change(session, course.context, course.clara, "T", "", [("idea", 10**6)], NOW, form_key="d")
