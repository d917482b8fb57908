"""Bruno has passed and may help; he decides how many, when, and when to stop."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from lti_app.db import Database
from lti_app.models import HelpOffer
from lti_app.store import matches, milestones, offers
from lti_app.store.refusals import NotYours
from lti_app.store.support import support_for
from tests.sweep.course import NOW, Course, offers_help, stalls


def test_bruno_is_asked_about_what_he_has_just_passed(db: Database, course: Course) -> None:
    with db.reading() as session:
        (one,) = offers.offerable(session, course.bruno, NOW)
    assert (one.activity.title, one.here_now, one.stalled_here) == ("Quiz 2: Pulizia dei dati", 1, 0)


def test_whoever_is_stalled_is_counted_without_a_name(db: Database, course: Course) -> None:
    with db.writing() as session:
        stalls(session, course, course.ada)
        (one,) = offers.offerable(session, course.bruno, NOW)
    assert (one.here_now, one.stalled_here) == (1, 1)


def test_what_was_passed_long_ago_or_offered_already_is_not_asked_again(db: Database, course: Course) -> None:
    with db.writing() as session:
        assert offers.offerable(session, course.bruno, NOW + timedelta(days=60)) == ()
        offers_help(session, course.bruno, course.quiz_2)
        assert offers.offerable(session, course.bruno, NOW) == ()


def test_ada_cannot_offer_what_she_has_not_passed(db: Database, course: Course) -> None:
    with db.writing() as session:
        for who in (course.ada, course.clara, course.dario, course.eva):
            with pytest.raises(NotYours):
                offers_help(session, who, course.quiz_2)


@pytest.mark.parametrize(
    ("capacity", "words", "field"), [(0, "", "capacity"), (6, "", "capacity"), (1, "x" * 281, "words")]
)
def test_too_much_is_refused_by_name(db: Database, course: Course, capacity: int, words: str, field: str) -> None:
    with db.writing() as session, pytest.raises(ValueError, match=field):
        offers.offer_help(
            session, course.bruno, course.quiz_2, capacity=capacity, words=words, languages=[], windows=[], now=NOW
        )


def test_offering_twice_changes_the_one_offer(db: Database, course: Course) -> None:
    with db.writing() as session:
        first = offers_help(session, course.bruno, course.quiz_2)
        assert offers_help(session, course.bruno, course.quiz_2, capacity=3) == first
    with db.reading() as session:
        assert session.query(HelpOffer).one().capacity == 3


def test_pause_and_exit_in_one_click_and_the_person_helped_keeps_the_helper(db: Database, course: Course) -> None:
    with db.writing() as session:
        offer_id = offers_help(session, course.bruno, course.quiz_2)
        (match_id,) = stalls(session, course, course.ada, course.bruno)
        matches.choose(session, match_id, course.ada, NOW)
        matches.answer(session, match_id, course.bruno, True, NOW)
        offers.pause_offers(session, course.bruno, True, NOW)
        assert [offer.paused for offer in offers.my_offers(session, course.bruno, NOW)] == [True]
        for stranger in (course.ada, course.dario, course.eva):
            with pytest.raises(NotYours):
                offers.end_offer(session, stranger, offer_id, NOW)
        offers.end_offer(session, course.bruno, offer_id, NOW)
        assert offers.my_offers(session, course.bruno, NOW) == ()
        assert len(support_for(session, course.ada, NOW).matches) == 1


def test_my_offers_tell_how_many_i_help_and_helped(db: Database, course: Course) -> None:
    with db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2, capacity=2)
        (one,) = stalls(session, course, course.ada, course.bruno)
        (two,) = stalls(session, course, course.others[0], course.bruno)
        for match_id, who in ((one, course.ada), (two, course.others[0])):
            matches.choose(session, match_id, who, NOW)
            matches.answer(session, match_id, course.bruno, True, NOW)
        matches.end_match(session, one, course.ada, True, NOW)
        (offer,) = offers.my_offers(session, course.bruno, NOW)
    assert (offer.load, offer.helped) == (1, 2)


def test_it_helped_becomes_a_thank_you_that_bruno_sees(db: Database, course: Course) -> None:
    with db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2)
        (match_id,) = stalls(session, course, course.ada, course.bruno)
        matches.choose(session, match_id, course.ada, NOW)
        matches.answer(session, match_id, course.bruno, True, NOW)
        matches.said_helped(session, match_id, course.ada, True, NOW)
        matches.said_helped(session, match_id, course.ada, True, NOW)
    with db.reading() as session:
        (mine,) = milestones.recent_milestones(session, course.context, NOW, viewer_id=course.bruno)
        assert (mine.kind, mine.mine) == ("thanked", True)
        assert milestones.recent_milestones(session, course.context, NOW, viewer_id=course.ada) == ()


def test_milestones_are_shown_where_their_learner_wishes(db: Database, course: Course) -> None:
    with db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2)
        (match_id,) = stalls(session, course, course.ada, course.bruno)
        matches.choose(session, match_id, course.ada, NOW)
        matches.answer(session, match_id, course.bruno, True, NOW)
        matches.said_helped(session, match_id, course.ada, True, NOW)
        milestones.show_milestones(session, course.bruno, True)
        (seen,) = milestones.recent_milestones(session, course.context, NOW, viewer_id=course.ada)
        assert milestones.react(session, seen.id, course.ada, NOW)
        (seen,) = milestones.recent_milestones(session, course.context, NOW, viewer_id=course.ada)
        assert (seen.warm, seen.i_reacted, seen.face.name) == (1, True, "Bruno M.")
        assert not milestones.react(session, seen.id, course.ada, NOW)
        for stranger in (course.dario, course.eva):
            with pytest.raises(NotYours):
                milestones.react(session, seen.id, stranger, NOW)
            with pytest.raises(NotYours):
                milestones.recent_milestones(session, course.context, NOW, viewer_id=stranger)
        milestones.show_milestones(session, course.bruno, False)
        with pytest.raises(NotYours):
            milestones.react(session, seen.id, course.ada, NOW)


def test_evenings_are_weekday_evenings() -> None:
    windows = offers.windows_of(["evenings", "nonsense"])
    assert [window.weekday for window in windows] == [0, 1, 2, 3, 4]
    assert windows[0].start == time(18)
