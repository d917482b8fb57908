"""Several people, workers or sweeps at the same moment: one wins, the other is told kindly, nothing is doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable

from flask import Flask
from sqlalchemy import func, select

from lti_app.db import Database
from lti_app.jobs.sweep import decide_all, record, see, sweep_context
from lti_app.models import Episode, Match, Milestone, Prompt, Thread
from lti_app.store import matches
from lti_app.store.episodes import this_is_wrong
from lti_app.store.refusals import Refusal, Taken, TooLate
from tests.sweep.course import NOW, Course, offers_help, stalls
from tests.sweep.test_loop import helpers_offer, the_house


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run all acts together and return what each gave, or the refusal it met."""
    barrier = threading.Barrier(len(acts))
    results: list[object] = [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            results[place] = act()
        except Refusal as refusal:
            results[place] = refusal

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def chooses(db: Database, match_id: int, who: int) -> Callable[[], object]:
    def act() -> None:
        with db.writing() as session:
            matches.choose(session, match_id, who, NOW)

    return act


def test_two_ask_bruno_who_has_one_place_and_one_of_them_is_told(db: Database, course: Course) -> None:
    for round_ in range(5):
        first, second = course.others[0 + round_ % 2], course.others[2]
        with db.writing() as session:
            offers_help(session, course.bruno, course.quiz_2)
            session.query(Episode).delete()
            (one,) = stalls(session, course, first, course.bruno)
            (two,) = stalls(session, course, second, course.bruno)
        results = at_once(chooses(db, one, first), chooses(db, two, second))
        assert sorted(type(result).__name__ for result in results) == ["NoneType", "Taken"]
        with db.reading() as session:
            assert session.scalar(select(func.count()).select_from(Match).where(Match.state == "asked")) == 1


def test_five_ask_a_helper_with_two_places(db: Database, course: Course) -> None:
    with db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2, capacity=2)
        asked = [(stalls(session, course, who, course.bruno)[0], who) for who in course.others[:5]]
    results = at_once(*(chooses(db, match_id, who) for match_id, who in asked))
    assert [type(result) for result in results].count(Taken) == 3
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Match).where(Match.state == "asked")) == 2


def test_ada_clicks_two_candidates_at_once_and_asks_one(db: Database, course: Course) -> None:
    with db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2)
        offers_help(session, course.bice, course.quiz_2)
        one, two = stalls(session, course, course.ada, course.bruno, course.bice)
    results = at_once(chooses(db, one, course.ada), chooses(db, two, course.ada))
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "TooLate"]


def test_ada_takes_it_back_while_bruno_says_yes(db: Database, course: Course) -> None:
    with db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2)
        (match_id,) = stalls(session, course, course.ada, course.bruno)
        matches.choose(session, match_id, course.ada, NOW)

    def says_yes() -> object:
        with db.writing() as session:
            return matches.answer(session, match_id, course.bruno, True, NOW, opening_words="Ciao!")

    def takes_back() -> object:
        with db.writing() as session:
            return matches.withdraw(session, match_id, course.ada, NOW)

    yes, back = at_once(says_yes, takes_back)
    with db.reading() as session:
        state = session.get_one(Match, match_id).state
        threads = session.query(Thread).count()
    if isinstance(yes, Refusal):
        assert (state, threads, back) == ("proposed", 0, None)
    else:
        assert isinstance(back, TooLate)
        assert (state, threads) == ("accepted", 1)


def test_bruno_double_clicks_yes_in_two_windows(db: Database, course: Course) -> None:
    with db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2)
        (match_id,) = stalls(session, course, course.ada, course.bruno)
        matches.choose(session, match_id, course.ada, NOW)

    def says_yes() -> object:
        with db.writing() as session:
            return matches.answer(session, match_id, course.bruno, True, NOW, opening_words="Ciao!")

    one, two = at_once(says_yes, says_yes)
    assert one == two
    with db.reading() as session:
        assert session.query(Thread).count() == 1


def test_two_sweeps_at_once_open_and_say_everything_once(app: Flask, course: Course) -> None:
    helpers_offer(app, course)
    house = the_house(app)
    at_once(*(lambda: sweep_context(house, course.context) for _ in range(3)))
    with house.db.reading() as session:
        assert session.query(Episode).count() == 1
        assert session.query(Match).count() == 2
        assert session.query(Prompt).filter(Prompt.kind.in_(("nudge", "tutor"))).count() == 2
        keys = session.execute(select(Milestone.membership_id, Milestone.key)).all()
        assert len(keys) == len(set(keys))


def test_ada_says_this_is_wrong_while_the_sweep_is_thinking(app: Flask, course: Course) -> None:
    house = the_house(app)
    sweep_context(house, course.context)
    helpers_offer(app, course)
    with house.db.reading() as session:
        seen = see(session, course.context, NOW)
    decided = decide_all(seen, NOW)
    assert decided.candidates
    with house.db.writing() as session:
        this_is_wrong(session, session.scalars(select(Episode.id)).one(), course.ada, "", NOW)
    with house.db.writing() as session:
        summary = record(session, course.context, seen, decided, NOW)
    assert (summary.opened, summary.proposed, summary.prompts) == (0, 0, 0)


def test_everybody_acts_at_once_and_the_rows_still_agree(app: Flask, course: Course) -> None:
    house = the_house(app)
    with house.db.writing() as session:
        for helper in (course.bruno, course.bice):
            offers_help(session, helper, course.quiz_2)
        proposals = [stalls(session, course, who, course.bruno, course.bice) for who in course.others[:4]]
    acts: list[Callable[[], object]] = [
        chooses(house.db, match_id, who)
        for who, pair in zip(course.others[:4], proposals, strict=True)
        for match_id in pair
    ]
    acts += [lambda: sweep_context(house, course.context), lambda: sweep_context(house, course.context)]
    at_once(*acts)
    with house.db.reading() as session:
        live = session.execute(
            select(Match.helper_id, func.count()).where(Match.state == "asked").group_by(Match.helper_id)
        ).all()
        assert all(count == 1 for _, count in live)
        assert len(live) == 2
        by_episode = session.execute(
            select(Match.episode_id, func.count()).where(Match.state == "asked").group_by(Match.episode_id)
        ).all()
        assert all(count == 1 for _, count in by_episode)
