"""Clara's desk: what waits, why, what was tried, and what she does about it; nobody else may."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lti_app.db import Database
from lti_app.models import Delivery, Episode, Membership, Person, Prompt
from lti_app.store import matches
from lti_app.store.desk import desk_case, desk_queue, desk_seen, praise_done, tutor_acted, waiting_for
from lti_app.store.episodes import record_feeling
from lti_app.store.outgoing import outgoing
from lti_app.store.refusals import NotYours, TooLate
from tests.sweep.course import NOW, Course, offers_help, stalls


@pytest.fixture
def episode(db: Database, course: Course) -> int:
    with db.writing() as session:
        stalls(session, course, course.ada)
        return int(session.query(Episode.id).scalar())


def acts(db: Database, episode: int, tutor: int, what: str, body: str = "", **more: object) -> None:
    with db.writing() as session:
        tutor_acted(session, episode, tutor, what, body, NOW, **more)  # type: ignore[arg-type]


def test_the_most_urgent_stands_first(db: Database, course: Course) -> None:
    with db.writing() as session:
        for who, probability, due in (
            (course.ada, 0.6, None),
            (course.others[0], 0.9, NOW + timedelta(days=1)),
            (course.others[1], 0.5, NOW - timedelta(hours=1)),
        ):
            stalls(session, course, who)
            episode = session.query(Episode).filter_by(membership_id=who).one()
            episode.probability, episode.due_at = probability, due
    with db.reading() as session:
        queue = desk_queue(session, course.context, NOW)
    assert [item.face.name for item in queue.items] == ["Gaia Serra", "Fabio Greco", "Ada Rossi"]
    assert (queue.raised, queue.budget, queue.handled) == (3, 3, 0)
    assert [reason.code for reason in queue.items[0].reasons] == ["failed_attempts", "silent"]


def test_clara_sees_what_is_new_since_her_last_look(db: Database, course: Course, episode: int) -> None:
    with db.writing() as session:
        assert desk_queue(session, course.context, NOW, tutor_id=course.clara).items[0].is_new
        desk_seen(session, course.context, course.clara, NOW)
    with db.reading() as session:
        assert not desk_queue(session, course.context, NOW, tutor_id=course.clara).items[0].is_new
        assert desk_queue(session, course.context, NOW, tutor_id=course.carlo).items[0].is_new


def test_no_desk_for_learners_nor_for_other_courses(db: Database, course: Course, episode: int) -> None:
    with db.writing() as session:
        for who in (course.ada, course.bruno, course.dario, course.eva):
            with pytest.raises(NotYours):
                desk_queue(session, course.context, NOW, tutor_id=who)
            with pytest.raises(NotYours):
                desk_case(session, course.context, episode, NOW, tutor_id=who)
            for what in ("message", "voice", "snooze", "wrong"):
                with pytest.raises(NotYours):
                    tutor_acted(session, episode, who, what, "x", NOW)
        for context in (course.dario_context, course.eva_context):
            with pytest.raises(NotYours):
                desk_case(session, context, episode, NOW)
            assert desk_queue(session, context, NOW).items == ()


def test_a_tutor_who_left_the_course_may_do_nothing(db: Database, course: Course, episode: int) -> None:
    with db.writing() as session:
        session.get_one(Membership, course.clara).state = "inactive"
    with pytest.raises(NotYours):
        acts(db, episode, course.clara, "message", "Ciao")


def test_a_phone_call_is_noted_with_its_tutor(db: Database, course: Course, episode: int) -> None:
    acts(db, episode, course.clara, "voice", "Ci siamo sentite.")
    with db.reading() as session:
        case = desk_case(session, course.context, episode, NOW, tutor_id=course.clara)
        assert case.owner is not None
        assert case.owner.name == "Clara Villa"
        assert [(step.what, step.facts.get("note")) for step in case.tried] == [("tutor_voice", "Ci siamo sentite.")]
        assert session.query(Delivery).one().channel == "voice"
        assert desk_queue(session, course.context, NOW).handled == 1


def test_a_snoozed_case_comes_back(db: Database, course: Course, episode: int) -> None:
    acts(db, episode, course.clara, "snooze", until=NOW + timedelta(days=3))
    with db.reading() as session:
        queue = desk_queue(session, course.context, NOW + timedelta(days=2))
        assert (queue.items, [item.until for item in queue.asleep]) == ((), [NOW + timedelta(days=3)])
        assert len(desk_queue(session, course.context, NOW + timedelta(days=3)).items) == 1
    with pytest.raises(ValueError, match="until"):
        acts(db, episode, course.clara, "snooze", until=NOW + timedelta(days=90))


def test_clara_hands_over_to_carlo_and_to_nobody_else(db: Database, course: Course, episode: int) -> None:
    for stranger in (course.bruno, course.dario, course.eva):
        with pytest.raises(NotYours):
            acts(db, episode, course.clara, "hand_over", to_id=stranger)
    acts(db, episode, course.clara, "hand_over", to_id=course.carlo)
    with db.reading() as session:
        (item,) = desk_queue(session, course.context, NOW).items
        assert item.owner is not None
        assert item.owner.name == "Carlo Neri"


def test_clara_says_this_is_wrong(db: Database, course: Course, episode: int) -> None:
    acts(db, episode, course.clara, "wrong", "È in congedo.")
    with pytest.raises(TooLate):
        acts(db, episode, course.clara, "message", "Ciao")
    with db.reading() as session:
        (closed,) = desk_queue(session, course.context, NOW).closed
        assert closed.outcome == "wrong"


@pytest.mark.parametrize(("what", "body"), [("message", "  "), ("message", "x" * 4001), ("dance", "x")])
def test_what_cannot_be_done_is_refused(db: Database, course: Course, episode: int, what: str, body: str) -> None:
    with pytest.raises(ValueError, match=r"body|what"):
        acts(db, episode, course.clara, what, body)
    with db.reading() as session:
        assert session.query(Prompt).count() == 0


def test_the_case_tells_what_ada_said(db: Database, course: Course, episode: int) -> None:
    with db.writing() as session:
        record_feeling(session, course.ada, course.quiz_2, "too_hard", "", NOW - timedelta(days=9))
    with db.reading() as session:
        (said,) = desk_case(session, course.context, episode, NOW).says
    assert said.said == "too_hard"
    assert said.activity is not None
    assert said.activity.title == "Quiz 2: Pulizia dei dati"


def test_the_draft_knows_no_score_and_a_motive_only_where_ada_shares_it(
    db: Database, course: Course, episode: int
) -> None:
    with db.writing() as session:
        session.get_one(Membership, course.ada).motive = "self"
    with db.reading() as session:
        assert desk_case(session, course.context, episode, NOW).draft.motive is None
    with db.writing() as session:
        session.get_one(Membership, course.ada).settings = {"shares_motive": True}
    with db.reading() as session:
        draft = desk_case(session, course.context, episode, NOW, tutor_id=course.clara).draft
    assert (draft.motive, draft.first_name, draft.tutor_first_name) == ("self", "Ada", "Clara")


def test_a_report_reaches_the_desk_and_the_two_never_meet_again(db: Database, course: Course) -> None:
    with db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2)
        (match_id,) = stalls(session, course, course.ada, course.bruno)
        matches.choose(session, match_id, course.ada, NOW)
        matches.answer(session, match_id, course.bruno, True, NOW, opening_words="Ciao!")
        matches.report(session, match_id, course.ada, "Mi ha chiesto il numero.", NOW)
    with db.writing() as session:
        assert matches.blocked_pairs(session, course.context) == {
            (course.ada, course.bruno),
            (course.bruno, course.ada),
        }
        (report,) = desk_queue(session, course.context, NOW).reports
        assert (report.by.name, report.about.name) == ("Ada Rossi", "Bruno Marchi")
        assert report.words == "Mi ha chiesto il numero."
        with pytest.raises(NotYours):
            praise_done(session, report.prompt_id, course.dario, NOW)
        praise_done(session, report.prompt_id, course.clara, NOW)
        assert desk_queue(session, course.context, NOW).reports == ()


def test_whom_clara_wrote_to_is_in_good_hands_and_waits_again_after_a_week_without_a_move(
    db: Database, course: Course, episode: int
) -> None:
    acts(db, episode, course.clara, "message", "Ciao Ada!")
    with db.reading() as session:
        queue = desk_queue(session, course.context, NOW + timedelta(days=6), tutor_id=course.clara)
        assert ([item.face.name for item in queue.in_hand], queue.items) == (["Ada Rossi"], ())
        assert waiting_for(session, course.context, NOW + timedelta(days=6), course.clara) == 0
        queue = desk_queue(session, course.context, NOW + timedelta(days=7), tutor_id=course.clara)
        assert ([item.face.name for item in queue.items], queue.in_hand) == (["Ada Rossi"], ())
        assert waiting_for(session, course.context, NOW + timedelta(days=7), course.clara) == 1


def test_carlos_case_stands_apart_on_claras_desk_and_does_not_count_as_hers(
    db: Database, course: Course, episode: int
) -> None:
    acts(db, episode, course.clara, "hand_over", to_id=course.carlo)
    with db.writing() as session:
        stalls(session, course, course.others[0])
    with db.reading() as session:
        queue = desk_queue(session, course.context, NOW, tutor_id=course.clara)
        assert [(item.face.name, item.is_theirs) for item in queue.items] == [
            ("Fabio Greco", True),
            ("Ada Rossi", False),
        ]
        counts = [waiting_for(session, course.context, NOW, who) for who in (course.clara, course.carlo, None)]
    assert counts == [1, 2, 2]


def test_what_was_put_aside_is_taken_up_again_at_once(db: Database, course: Course, episode: int) -> None:
    acts(db, episode, course.clara, "snooze")
    acts(db, episode, course.clara, "wake")
    acts(db, episode, course.clara, "wake")
    with db.reading() as session:
        queue = desk_queue(session, course.context, NOW)
        assert (len(queue.items), queue.asleep) == (1, ())
        steps = [step.what for step in desk_case(session, course.context, episode, NOW).tried]
    assert steps == ["tutor_snooze", "tutor_wake"]


def test_only_what_clara_wrote_herself_may_go_out_in_her_name(db: Database, course: Course, episode: int) -> None:
    acts(db, episode, course.clara, "message", "Ciao Ada!")
    with db.writing() as session:
        session.get_one(Person, session.get_one(Membership, course.clara).person_id).api_id = "77"
        written = session.query(Prompt).one()
        assert outgoing(session, written).sender_api_id == "77"
        written.kind = "nudge"
        assert outgoing(session, written).sender_api_id is None
