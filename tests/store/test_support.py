"""What a person sees of peer support, and what nobody else may."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lti_app.db import Database
from lti_app.models import Episode, Match, Membership, Person, Post, Prompt, Thread
from lti_app.store import episodes, matches, offers, prompts
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.support import support_for
from tests.sweep.course import NOW, Course, offers_help, stalls


@pytest.fixture
def proposed(db: Database, course: Course) -> list[int]:
    """Ada has stalled at Quiz 2; Bruno and Bice would help."""
    with db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2, shows_attempts=True)
        offers_help(session, course.bice, course.quiz_2)
        return stalls(session, course, course.ada, course.bruno, course.bice)


def test_ada_reads_where_she_stopped_and_who_would_help(db: Database, course: Course, proposed: list[int]) -> None:
    with db.reading() as session:
        stall = support_for(session, course.ada, NOW).stall
    assert stall is not None
    assert stall.activity is not None
    assert stall.activity.title == "Quiz 2: Pulizia dei dati"
    assert stall.state == "offered"
    assert [(candidate.name, candidate.initials) for candidate in stall.candidates] == [
        ("Bruno M.", "BM"),
        ("Bice C.", "BC"),
    ]
    assert [candidate.passed_days_ago for candidate in stall.candidates] == [4, 8]
    assert stall.shared == ("name", "activity")
    assert stall.passed == 6


def test_ada_reads_the_reasons_heaviest_first_and_never_the_bare_weights(
    db: Database, course: Course, proposed: list[int]
) -> None:
    with db.reading() as session:
        stall = support_for(session, course.ada, NOW).stall
    assert stall is not None
    assert [reason.code for reason in stall.reasons] == ["failed_attempts", "silent"]
    assert stall.reasons[0].activity is not None
    assert stall.reasons[0].activity.title == "Quiz 2: Pulizia dei dati"


def test_bruno_lets_his_attempts_be_seen_and_bice_does_not(db: Database, course: Course, proposed: list[int]) -> None:
    with db.reading() as session:
        stall = support_for(session, course.ada, NOW).stall
    assert stall is not None
    assert [candidate.attempts for candidate in stall.candidates] == [3, None]


def test_bruno_is_here_now_when_he_has_just_asked_for_a_page(db: Database, course: Course, proposed: list[int]) -> None:
    with db.writing() as session:
        person = session.query(Person).filter_by(name="Bruno Marchi").one()
        person.seen_at = NOW - timedelta(minutes=2)
        session.get_one(Membership, course.bruno).launched_at = NOW - timedelta(hours=1)
    with db.reading() as session:
        stall = support_for(session, course.ada, NOW).stall
    assert stall is not None
    assert [candidate.here_now for candidate in stall.candidates] == [True, False]


def test_bruno_who_paused_is_not_shown_any_more(db: Database, course: Course, proposed: list[int]) -> None:
    with db.writing() as session:
        offers.pause_offers(session, course.bruno, True, NOW)
    with db.writing() as session:
        stall = support_for(session, course.ada, NOW).stall
        assert stall is not None
        assert [candidate.name for candidate in stall.candidates] == ["Bice C."]
        with pytest.raises(TooLate):
            matches.choose(session, proposed[0], course.ada, NOW)


def test_bruno_reads_who_asks_and_nothing_of_her_scores(db: Database, course: Course, proposed: list[int]) -> None:
    with db.writing() as session:
        matches.choose(session, proposed[0], course.ada, NOW)
    with db.reading() as session:
        view = support_for(session, course.bruno, NOW)
    (ask,) = view.asks
    assert (ask.name, ask.activity.title, ask.knows) == ("Ada R.", "Quiz 2: Pulizia dei dati", ("name", "activity"))
    assert ask.answer_by == NOW + timedelta(hours=48)
    told = repr(view)
    assert "failed_attempts" not in told
    assert "0.45" not in told
    assert "0.64" not in told
    assert "Rossi" not in told


def test_nobody_but_bruno_reads_that_ada_asked(db: Database, course: Course, proposed: list[int]) -> None:
    with db.writing() as session:
        matches.choose(session, proposed[0], course.ada, NOW)
    with db.reading() as session:
        for other in (course.bice, course.others[0], course.dario, course.eva, course.clara):
            view = support_for(session, other, NOW)
            assert (view.stall, view.asks, view.matches, view.words) == (None, (), (), ())


def test_bruno_says_yes_and_the_two_of_them_have_a_thread_with_an_opening_line(
    db: Database, course: Course, proposed: list[int]
) -> None:
    with db.writing() as session:
        matches.choose(session, proposed[0], course.ada, NOW)
    with db.writing() as session:
        thread_id = matches.answer(
            session, proposed[0], course.bruno, True, NOW, opening_words="Ada, Bruno: benvenuti."
        )
    with db.reading() as session:
        thread = session.get_one(Thread, thread_id)
        (post,) = session.query(Post).filter_by(thread_id=thread_id).all()
        ada, bruno = (support_for(session, member, NOW) for member in (course.ada, course.bruno))
        assert (thread.kind, thread.match_id, thread.activity_id) == ("match", proposed[0], course.quiz_2)
        assert (post.voice, post.author_id, post.body) == ("academy", None, "Ada, Bruno: benvenuti.")
    assert [(match.thread_id, match.mine, match.name, match.unread) for match in ada.matches] == [
        (thread_id, "learner", "Bruno M.", 0)  # the academy's opening line waits for nobody
    ]
    assert [(match.thread_id, match.mine, match.name) for match in bruno.matches] == [(thread_id, "helper", "Ada R.")]
    assert ada.stall is not None
    assert (ada.stall.state, ada.stall.candidates) == ("helped", ())
    assert [word.kind for word in ada.words] == ["introduced"]


def test_a_second_yes_opens_no_second_thread(db: Database, course: Course, proposed: list[int]) -> None:
    with db.writing() as session:
        matches.choose(session, proposed[0], course.ada, NOW)
    threads = []
    for _ in range(2):
        with db.writing() as session:
            threads.append(matches.answer(session, proposed[0], course.bruno, True, NOW, opening_words="Ciao."))
    assert threads[0] == threads[1]
    with db.reading() as session:
        assert session.query(Thread).count() == 1
        assert session.query(Post).count() == 1


def test_bruno_says_no_without_penalty_and_ada_may_pick_bice(db: Database, course: Course, proposed: list[int]) -> None:
    with db.writing() as session:
        matches.choose(session, proposed[0], course.ada, NOW)
    with db.writing() as session:
        assert matches.answer(session, proposed[0], course.bruno, False, NOW) is None
    with db.writing() as session:
        view = support_for(session, course.ada, NOW)
        assert view.stall is not None
        assert [candidate.name for candidate in view.stall.candidates] == ["Bice C."]
        assert [word.kind for word in view.words] == ["next_candidate"]
        assert "Bruno" not in repr(view)
        assert support_for(session, course.bruno, NOW).asks == ()
        matches.choose(session, proposed[1], course.ada, NOW)
    with db.reading() as session:
        assert len(support_for(session, course.bice, NOW).asks) == 1


def test_two_days_without_an_answer_move_on_to_the_next(db: Database, course: Course, proposed: list[int]) -> None:
    later = NOW + timedelta(hours=48)
    with db.writing() as session:
        matches.choose(session, proposed[0], course.ada, NOW)
        assert matches.expire_asks(session, later - timedelta(minutes=1)) == 0
    with db.writing() as session:
        assert matches.expire_asks(session, later) == 1
        assert matches.expire_asks(session, later) == 0
    with db.writing() as session, pytest.raises(TooLate):
        matches.answer(session, proposed[0], course.bruno, True, later)
    with db.reading() as session:
        stall = support_for(session, course.ada, later).stall
        assert stall is not None
        assert (stall.state, [candidate.name for candidate in stall.candidates]) == ("offered", ["Bice C."])


def test_ada_takes_her_question_back_and_may_ask_again(db: Database, course: Course, proposed: list[int]) -> None:
    with db.writing() as session:
        matches.choose(session, proposed[0], course.ada, NOW)
        matches.withdraw(session, proposed[0], course.ada, NOW + timedelta(minutes=1))
    with db.writing() as session:
        assert support_for(session, course.bruno, NOW).asks == ()
        matches.choose(session, proposed[0], course.ada, NOW + timedelta(minutes=2))
    with db.reading() as session:
        assert len(support_for(session, course.bruno, NOW).asks) == 1
        states = [prompt.state for prompt in session.query(Prompt).filter_by(kind="ask_helper").order_by(Prompt.id)]
        assert states == ["withdrawn", "due"]


def test_ada_asks_one_at_a_time(db: Database, course: Course, proposed: list[int]) -> None:
    with db.writing() as session:
        matches.choose(session, proposed[0], course.ada, NOW)
        matches.choose(session, proposed[0], course.ada, NOW)
        with pytest.raises(TooLate):
            matches.choose(session, proposed[1], course.ada, NOW)


def test_dario_eva_and_the_other_learners_can_do_nothing_with_adas_match(
    db: Database, course: Course, proposed: list[int]
) -> None:
    strangers = (course.dario, course.eva, course.others[0], course.clara, course.bice)
    with db.writing() as session:
        matches.choose(session, proposed[0], course.ada, NOW)
        episode_id = session.query(Episode.id).scalar()
        for who in strangers:
            for act in (
                lambda who: matches.choose(session, proposed[0], who, NOW),
                lambda who: matches.answer(session, proposed[0], who, True, NOW),
                lambda who: matches.withdraw(session, proposed[0], who, NOW),
                lambda who: matches.end_match(session, proposed[0], who, True, NOW),
                lambda who: matches.report(session, proposed[0], who, "x", NOW),
                lambda who: matches.said_helped(session, proposed[0], who, True, NOW),
                lambda who: matches.has_read(session, proposed[0], who, NOW),
                lambda who: episodes.not_now(session, episode_id, who, NOW),
                lambda who: episodes.this_is_wrong(session, episode_id, who, "", NOW),
            ):
                with pytest.raises(NotYours):
                    act(who)
        assert session.get_one(Match, proposed[0]).state == "asked"


def test_a_match_that_does_not_exist_is_nobodys(db: Database, course: Course) -> None:
    with db.writing() as session:
        for act in (matches.choose, matches.withdraw, matches.has_read):
            with pytest.raises(NotYours):
                act(session, 4711, course.ada, NOW)


def test_this_is_wrong_closes_the_card_and_thanks_bruno(db: Database, course: Course, proposed: list[int]) -> None:
    with db.writing() as session:
        matches.choose(session, proposed[0], course.ada, NOW)
        episode = session.query(Episode).one()
        episodes.this_is_wrong(session, episode.id, course.ada, "Ero in ferie.", NOW)
        episodes.this_is_wrong(session, episode.id, course.ada, "Ero in ferie.", NOW)
    with db.reading() as session:
        episode = session.query(Episode).one()
        bruno = support_for(session, course.bruno, NOW)
        assert (episode.state, episode.outcome) == ("ended", "wrong")
        assert support_for(session, course.ada, NOW).stall is None
        assert bruno.asks == ()
        assert [(word.kind, word.by) for word in bruno.words] == [("thanks", None)]
        assert {match.state for match in session.query(Match)} == {"withdrawn"}


def test_not_now_lets_the_card_sleep_for_a_week(db: Database, course: Course, proposed: list[int]) -> None:
    with db.writing() as session:
        episodes.not_now(session, session.query(Episode.id).scalar(), course.ada, NOW)
    with db.reading() as session:
        assert support_for(session, course.ada, NOW + timedelta(days=6)).stall is None
        assert support_for(session, course.ada, NOW + timedelta(days=7)).stall is not None


def test_what_was_shown_in_the_panel_is_seen_once(db: Database, course: Course, proposed: list[int]) -> None:
    with db.writing() as session:
        matches.choose(session, proposed[0], course.ada, NOW)
    with db.writing() as session:
        assert prompts.seen(session, course.bruno, NOW) == 1
        assert prompts.seen(session, course.bruno, NOW) == 0
        assert prompts.seen(session, course.dario, NOW) == 0


def test_a_tap_about_another_course_is_refused(db: Database, course: Course) -> None:
    with db.writing() as session:
        episodes.record_feeling(session, course.ada, course.quiz_2, "too_hard", "", NOW)
        with pytest.raises(NotYours):
            episodes.record_feeling(session, course.dario, course.quiz_2, "too_hard", "", NOW)
        with pytest.raises(ValueError, match="said"):
            episodes.record_feeling(session, course.ada, course.quiz_2, "meh", "", NOW)
