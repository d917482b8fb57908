"""Asked at once, asked next, gone: when people act together or leave, each outcome is clear and said kindly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from lti_app.db import Database
from lti_app.jobs.circles import tend_company
from lti_app.jobs.sweep import sweep_context
from lti_app.models import Circle, CircleMember, Context, Episode, Match, Membership, Milestone, Person, Prompt, Thread
from lti_app.store import circle_acts, episodes, fairness, matches, policies, prompts
from lti_app.store.refusals import NotYours, Taken, TooLate
from lti_app.store.support import support_for
from tests.sweep.course import NOW, Course, offers_help, stalls
from tests.sweep.test_at_once import at_once
from tests.sweep.test_loop import the_house

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def here(db: Database, course: Course) -> list[int]:
    """Ada has stalled; Bruno and Bice offer help, are proposed, and are in the course at this moment."""
    with db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2)
        offers_help(session, course.bice, course.quiz_2)
        proposed = stalls(session, course, course.ada, course.bruno, course.bice)
        comes_in(session, course.bruno, course.bice)
    return proposed


def comes_in(session: object, *people: int) -> None:
    both = select(Membership.person_id).where(Membership.id.in_(people))
    session.execute(update(Person).where(Person.id.in_(both)).values(seen_at=NOW - MINUTE))  # type: ignore[attr-defined]
    session.execute(update(Membership).where(Membership.id.in_(people)).values(launched_at=NOW - MINUTE))  # type: ignore[attr-defined]


def episode_of(db: Database, member: int) -> int:
    with db.reading() as session:
        return session.scalars(select(Episode.id).where(Episode.membership_id == member)).one()


def calls(db: Database, course: Course) -> int:
    with db.writing() as session:
        return matches.call_all(session, episode_of(db, course.ada), course.ada, NOW)


def answers(db: Database, match_id: int, who: int, accept: bool = True) -> Callable[[], object]:
    def act() -> int | None:
        with db.writing() as session:
            return matches.answer(session, match_id, who, accept, NOW + MINUTE, opening_words="Ciao.")

    return act


def states(db: Database) -> dict[int, str]:
    with db.reading() as session:
        return {row[0]: row[1] for row in session.execute(select(Match.helper_id, Match.state))}


def words_for(db: Database, member: int, at: timedelta = MINUTE) -> set[str]:
    with db.reading() as session:
        return {word.kind for word in support_for(session, member, NOW + at).words}


def test_ada_asks_all_who_are_here_and_both_are_asked_with_her_name_alone(
    db: Database, course: Course, here: list[int]
) -> None:
    with db.reading() as session:
        stall = support_for(session, course.ada, NOW).stall
        assert stall is not None
        assert {one.name for one in stall.here} == {"Bruno M.", "Bice C."}
    assert calls(db, course) == 2
    assert calls(db, course) == 0
    with db.reading() as session:
        stall = support_for(session, course.ada, NOW).stall
        assert stall is not None
        assert {one.name for one in stall.calling} == {"Bruno M.", "Bice C."}
        assert (stall.state, stall.answer_by) == ("asked", NOW + 20 * MINUTE)
        (ask,) = support_for(session, course.bruno, NOW).asks
        assert (ask.name, ask.called, ask.knows) == ("Ada R.", True, ("name", "activity"))
        assert not any(mark in repr(ask) for mark in ("0.45", "42", "failed", "silent"))


def test_both_say_yes_at_once_one_has_it_and_the_other_is_told_kindly(
    db: Database, course: Course, here: list[int]
) -> None:
    calls(db, course)
    results = at_once(answers(db, here[0], course.bruno), answers(db, here[1], course.bice))
    assert sorted(type(result) for result in results if not isinstance(result, int)) == [Taken]
    won, lost = (course.bruno, course.bice) if isinstance(results[0], int) else (course.bice, course.bruno)
    assert states(db) == {won: "accepted", lost: "withdrawn"}
    assert words_for(db, lost) == {"quicker"}
    assert words_for(db, course.ada) == {"introduced"}
    with db.reading() as session:
        assert len(session.scalars(select(Thread.id)).all()) == 1
        assert session.scalars(select(Episode.state)).one() == "helped"


def test_one_says_no_and_the_other_may_still_say_yes(db: Database, course: Course, here: list[int]) -> None:
    calls(db, course)
    answers(db, here[0], course.bruno, accept=False)()
    assert words_for(db, course.ada) == set()
    assert isinstance(answers(db, here[1], course.bice)(), int)
    assert words_for(db, course.bruno) == set()


def test_nobody_answers_in_twenty_minutes_and_ada_may_choose_in_peace(
    db: Database, course: Course, here: list[int]
) -> None:
    calls(db, course)
    with db.writing() as session:
        assert matches.expire_asks(session, NOW + 19 * MINUTE) == 0
        assert matches.expire_asks(session, NOW + 20 * MINUTE) == 1
    assert set(states(db).values()) == {"proposed"}
    assert words_for(db, course.ada, 20 * MINUTE) == {"next_candidate"}
    with pytest.raises(NotYours):
        answers(db, here[0], course.bruno)()


def test_ada_takes_the_call_back_and_one_who_was_not_on_her_card_is_let_go(db: Database, course: Course) -> None:
    gaia = course.others[1]
    with db.writing() as session:
        offers_help(session, gaia, course.quiz_2)
        stalls(session, course, course.ada)
        comes_in(session, gaia)
    assert calls(db, course) == 1
    with db.writing() as session:
        matches.call_off(session, episode_of(db, course.ada), course.ada, NOW)
    assert states(db) == {gaia: "withdrawn"}
    assert calls(db, course) == 1


def test_only_ada_can_call_and_only_while_somebody_is_here(db: Database, course: Course, here: list[int]) -> None:
    episode = episode_of(db, course.ada)
    for other in (course.bruno, course.clara, course.dario, course.eva):
        with pytest.raises(NotYours), db.writing() as session:
            matches.call_all(session, episode, other, NOW)
    with pytest.raises(TooLate), db.writing() as session:
        matches.call_all(session, episode, course.ada, NOW + timedelta(hours=1))
    with db.writing() as session:
        matches.choose(session, here[0], course.ada, NOW)
    with pytest.raises(TooLate):
        calls(db, course)


def test_ada_recovers_while_all_are_asked_and_they_are_thanked(db: Database, course: Course, here: list[int]) -> None:
    calls(db, course)
    with db.writing() as session:
        episodes.this_is_wrong(session, episode_of(db, course.ada), course.ada, "", NOW)
    assert set(states(db).values()) == {"withdrawn"}
    assert words_for(db, course.bruno) == words_for(db, course.bice) == {"thanks"}
    with pytest.raises(TooLate):
        answers(db, here[0], course.bruno)()


def test_whoever_has_no_place_left_cannot_take_a_call(db: Database, course: Course, here: list[int]) -> None:
    calls(db, course)
    with db.writing() as session:
        (other,) = stalls(session, course, course.others[0], course.bruno)
        matches.choose(session, other, course.others[0], NOW)
    with pytest.raises(Taken):
        answers(db, here[0], course.bruno)()
    assert isinstance(answers(db, here[1], course.bice)(), int)


def test_when_bruno_does_not_answer_bice_is_asked_if_ada_wished_so(
    db: Database, course: Course, here: list[int]
) -> None:
    with db.writing() as session:
        matches.choose(session, here[0], course.ada, NOW)
    with pytest.raises(NotYours), db.writing() as session:
        matches.let_move_on(session, here[0], course.bruno, True)
    with db.writing() as session:
        matches.let_move_on(session, here[0], course.ada, True)
        assert matches.expire_asks(session, NOW + 2 * DAY) == 1
    assert states(db) == {course.bruno: "expired", course.bice: "asked"}
    assert words_for(db, course.ada, 2 * DAY) == {"next_asked"}
    # And with Bice's no there is nobody left: Ada is told, and the next sweep looks for others.
    with db.writing() as session:
        matches.answer(session, here[1], course.bice, False, NOW + 2 * DAY)
    assert words_for(db, course.ada, 2 * DAY) == {"next_asked", "next_candidate"}


def test_by_default_nobody_is_asked_in_her_name(db: Database, course: Course, here: list[int]) -> None:
    with db.writing() as session:
        matches.choose(session, here[0], course.ada, NOW)
        matches.answer(session, here[0], course.bruno, False, NOW)
    assert states(db) == {course.bruno: "declined", course.bice: "proposed"}
    assert words_for(db, course.ada) == {"next_candidate"}


@pytest.mark.parametrize("met", [False, True])
def test_bruno_leaves_the_course(app: Flask, db: Database, course: Course, here: list[int], met: bool) -> None:
    house = the_house(app)
    with db.writing() as session:
        matches.choose(session, here[0], course.ada, NOW)
        if met:
            matches.answer(session, here[0], course.bruno, True, NOW)
        session.get_one(Membership, course.bruno).state = "gone"
    assert tend_company(house, course.context, NOW + MINUTE).released == 1
    assert tend_company(house, course.context, NOW + MINUTE).released == 0
    assert states(db)[course.bruno] == ("ended" if met else "withdrawn")
    assert words_for(db, course.ada) == ({"helper_left"} if met else {"next_candidate"})
    with db.reading() as session:
        closed = session.scalars(select(Thread.closed_at)).all()
        assert all(closed)
        assert len(closed) == met
    sweep_context(house, course.context)
    with db.reading() as session:
        stall = support_for(session, course.ada, NOW + MINUTE).stall
        assert stall is not None
        assert "Bice C." in {one.name for one in stall.candidates}


def test_both_are_asked_after_three_days_whether_it_helped_and_thanks_become_a_kudos(
    db: Database, course: Course, here: list[int]
) -> None:
    with db.writing() as session:
        matches.choose(session, here[0], course.ada, NOW)
        matches.answer(session, here[0], course.bruno, True, NOW)
        # Looking at the panel today does not use the question up.
        prompts.seen(session, course.ada, NOW)
    with db.reading() as session:
        due = session.scalars(select(Prompt).where(Prompt.kind == "did_it_help")).all()
        assert {one.membership_id for one in due} == {course.ada, course.bruno}
        assert all(one.due_at >= NOW + 3 * DAY and one.seen_at is None for one in due)
        assert not support_for(session, course.ada, NOW + 2 * DAY).matches[0].ask_if_helped
        assert support_for(session, course.ada, NOW + 3 * DAY).matches[0].ask_if_helped
    with db.writing() as session:
        matches.said_helped(session, here[0], course.ada, True, NOW + 3 * DAY)
        kudos = session.scalars(select(Milestone).where(Milestone.kind == "thanked")).one()
        assert kudos.membership_id == course.bruno
        left = select(Prompt.membership_id).where(Prompt.kind == "did_it_help", Prompt.answered_at.is_(None))
        assert session.scalars(left).all() == [course.bruno]


def test_two_take_the_last_seat_of_a_circle_at_once(db: Database, course: Course) -> None:
    with db.writing() as session:
        circle = Circle(context_id=course.context, state="open", made_at=NOW, times=[], reasons=[])
        session.add(circle)
        session.flush()
        for number, who in enumerate(course.others[:6]):
            state = "in" if number < 4 else "invited"
            session.add(CircleMember(circle_id=circle.id, membership_id=who, state=state, invited_at=NOW))
        circle_id = circle.id

    def joins(who: int) -> Callable[[], object]:
        def act() -> bool:
            with db.writing() as session:
                return circle_acts.accept(session, circle_id, who, NOW)

        return act

    results = at_once(joins(course.others[4]), joins(course.others[5]))
    assert sorted(type(result).__name__ for result in results) == ["Taken", "bool"]


def test_two_sweeps_propose_one_circle(app: Flask, db: Database, course: Course) -> None:
    with db.writing() as session:
        circle_acts.wish(session, course.others[0], True, (), NOW)
    house = the_house(app)
    at_once(*(lambda: tend_company(house, course.context, NOW) for _ in range(3)))
    with db.reading() as session:
        assert len(session.scalars(select(Circle.id)).all()) == 1
        assert len(session.scalars(select(CircleMember.id)).all()) == 4


def test_the_load_is_told_as_it_is_spread(db: Database, course: Course, here: list[int]) -> None:
    with db.reading() as session:
        before = fairness.load_spread(session, course.context, NOW)
    assert (before.helpers, before.free_places, before.busiest, before.evenness) == (2, 2, 0, 1.0)
    with db.writing() as session:
        matches.choose(session, here[0], course.ada, NOW)
        after = fairness.load_spread(session, course.context, NOW)
    assert (after.stalled, after.assigned, after.free_places, after.busiest, after.evenness) == (1, 1, 1, 1, 0.5)


def test_an_academy_leaves_out_a_role_and_a_course_a_group(db: Database, course: Course, here: list[int]) -> None:
    with db.writing() as session:
        context = session.get_one(Context, course.context)
        context.settings = {"policy": {"excluded": [course.bice], "excluded_roles": ["Minor"]}}
        session.get_one(Membership, course.bruno).raw_roles = ["https://academy.example/roles#Minor"]
        session.flush()
        assert policies.policy_of(session, course.context).excluded == {course.bruno, course.bice}
        stall = support_for(session, course.ada, NOW).stall
        assert stall is not None
        assert stall.here == ()
        with pytest.raises(NotYours):
            offers_help(session, course.bruno, course.quiz_1)
