"""Ada chooses, Bruno answers, the two meet; nobody else is let in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from lti_app.db import Database
from lti_app.models import Episode, Feeling, HelpOffer, Match, Milestone, Post, Prompt, Reaction
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.lively import ask_bruno
from tests.sweep.course import NOW, Course, offers_help, stalls

As = Callable[..., Somebody]


@pytest.fixture
def proposed(db: Database, course: Course) -> list[int]:
    with db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2, shows_attempts=True)
        offers_help(session, course.bice, course.quiz_2)
        return stalls(session, course, course.ada, course.bruno, course.bice)


@pytest.fixture
def met(db: Database, course: Course, as_: As) -> int:
    with db.writing() as session:
        match_id = ask_bruno(session, course)
    as_(course.bruno).sends(f"peer/answer/{match_id}", say="yes")
    return match_id


def test_the_card_speaks_of_the_place_and_names_facts_never_marks(as_: As, course: Course, proposed: list[int]) -> None:
    page = as_(course.ada).opens("home").text
    assert "Quiz 2: Pulizia dei dati is a demanding passage." in page
    assert "Ask Bruno" in page
    assert "passed four days ago, after three tries" in page
    assert "You tried Quiz 2: Pulizia dei dati three times in five days, and it has not worked out yet." in page
    assert "You usually come by four days a week; your last visit was nine days ago." in page
    assert "What they will see of you: your name and the activity. Never marks, never tries." in page
    for mark in ("45", "42", "60%", "64"):
        assert f"{mark}%" not in page
    card = page[page.index("card-care") :].partition("</section>")[0]
    assert card.count("button-filled") == 1


def test_the_card_in_italian(as_: As, course: Course, proposed: list[int]) -> None:
    page = as_(course.ada, locale="it").opens("home").text
    assert "Ciao Ada" in page
    assert "Quiz 2: Pulizia dei dati è un passaggio impegnativo." in page
    assert "Scrivi a Bruno" in page
    assert "Hai provato Quiz 2: Pulizia dei dati tre volte in cinque giorni, e non è ancora andata." in page


def test_ada_asks_bruno_and_takes_it_back(as_: As, course: Course, proposed: list[int], db: Database) -> None:
    ada = as_(course.ada)
    answer = ada.sends(f"peer/choose/{proposed[0]}", htmx=True, at="home")
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div id="care"')
    assert "You asked Bruno." in answer.text
    assert "22 November at" in answer.text
    back = ada.sends(f"peer/withdraw/{proposed[0]}", at="home")
    assert "<html" in back.text
    assert "Ask Bruno" in back.text


def test_when_somebody_was_quicker_ada_reads_so_and_may_ask_another(
    as_: As, course: Course, proposed: list[int], db: Database
) -> None:
    with db.writing() as session:
        other = stalls(session, course, course.others[0], course.bruno)[0]
    as_(course.others[0]).sends(f"peer/choose/{other}")
    answer = as_(course.ada).sends(f"peer/choose/{proposed[0]}", htmx=True)
    assert answer.status_code == 409
    assert "This person has just been asked by somebody else." in answer.text
    assert "Ask Bice" in answer.text


def test_not_now_and_not_so(as_: As, course: Course, proposed: list[int], db: Database) -> None:
    ada = as_(course.ada)
    with db.reading() as session:
        episode_id = session.scalars(select(Episode.id)).one()
    answer = ada.sends(f"peer/not-now/{episode_id}", htmx=True)
    assert "All right, not now." in answer.text
    assert "demanding passage" not in ada.opens("home").text
    too_long = ada.sends(f"peer/not-so/{episode_id}", htmx=True, words="w" * 2001)
    assert too_long.status_code == 422
    answer = ada.sends(f"peer/not-so/{episode_id}", htmx=True, words="I was on holiday")
    assert "Thank you for telling us." in answer.text
    with db.reading() as session:
        episode = session.get_one(Episode, episode_id)
        assert episode.outcome == "wrong"
        assert "I was on holiday" in session.scalars(select(Feeling.words)).all()


def test_an_objection_that_is_too_long_comes_back_as_a_draft(
    as_: As, course: Course, proposed: list[int], db: Database
) -> None:
    with db.reading() as session:
        episode_id = session.scalars(select(Episode.id)).one()
    answer = as_(course.ada).sends(f"peer/not-so/{episode_id}", htmx=True, words="w" * 2001)
    assert "w" * 2001 in answer.text
    assert "1 character too long" in answer.text


def test_bruno_is_asked_with_no_more_than_a_name_and_an_activity(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        ask_bruno(session, course)
    page = as_(course.bruno).opens("home").text
    assert "Ada asks you for a hand" in page
    assert "If you say yes, Ada sees your name" in page
    assert "three times" not in page
    assert "nine days" not in page
    assert 'class="count">1' in page


def test_a_no_costs_nothing(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        match_id = ask_bruno(session, course)
    answer = as_(course.bruno).sends(f"peer/answer/{match_id}", htmx=True, say="no")
    assert "That is quite all right." in answer.text
    page = as_(course.ada).opens("home").text
    assert "The person you asked cannot come just now." in page
    assert "Ask Bice" in page


def test_the_two_meet_in_a_thread_that_nobody_else_can_open(
    as_: As, course: Course, met: int, clock: StillClock
) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    first = ada.opens(f"peer/{met}").text
    assert "You and Bruno" in first
    # Both speak Italian, so that is what the academy says first: who, about what, and how to begin.
    assert "Ada e Bruno, siete in contatto per Quiz 2: Pulizia dei dati." in first
    assert "comincia dal punto in cui diventa difficile" in first
    assert not {"42", "45", "41", "tre volte"} & set(first.split("post-academy")[1].split("</div>")[0].split())
    clock.offset = timedelta(minutes=3)
    sent = ada.sends(f"peer/{met}/reply", htmx=True, body="I find **three** duplicates.", form_key="k")
    assert "<strong>three</strong>" in sent.text
    ada.sends(f"peer/{met}/reply", htmx=True, body="I find **three** duplicates.", form_key="k")
    assert "1 new" in bruno.opens("home").text
    page = bruno.opens(f"peer/{met}").text
    assert page.count("<strong>three</strong>") == 1
    assert "1 new" not in bruno.opens("home").text
    for other in (course.bice, course.clara, course.dario, course.eva):
        for path in (f"peer/{met}", f"peer/{met}/reply", f"peer/{met}/leave", f"peer/{met}/report"):
            answer = as_(other).sends(path, body="Me too", words="Me too", helped="yes")
            assert answer.status_code == 404, path
            assert "duplicates" not in answer.text
    # The private thread is no discussion of the course either.
    assert "duplicates" not in as_(course.clara).opens("talk").text


def test_it_helped_and_they_part(as_: As, course: Course, met: int, db: Database) -> None:
    ada = as_(course.ada)
    said = ada.sends(f"peer/{met}/helped", htmx=True, helped="yes")
    assert "Thank you for saying so." in said.text
    assert "Thank you, we are done" in said.text
    done = ada.sends(f"peer/{met}/leave", htmx=True, helped="yes")
    assert "You have said goodbye." in done.text
    with db.reading() as session:
        match = session.get_one(Match, met)
        assert (match.state, match.helped, match.ended_why) == ("ended", True, "helped")
        assert session.scalar(select(func.count()).select_from(Milestone).where(Milestone.kind == "thanked")) == 1


def test_a_report_closes_the_thread_and_reaches_a_person(as_: As, course: Course, met: int, db: Database) -> None:
    ada = as_(course.ada)
    empty = ada.sends(f"peer/{met}/report", htmx=True, words=" ")
    assert empty.status_code == 422
    assert "it cannot be empty" in empty.text
    closed = ada.sends(f"peer/{met}/report", htmx=True, words="He asks for money.")
    assert "a person will read this" in closed.text
    late = as_(course.bruno).sends(f"peer/{met}/reply", htmx=True, body="Hey")
    assert late.status_code == 422
    assert "This conversation has ended" in late.text
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Prompt).where(Prompt.kind == "report")) == 1
        assert session.scalar(select(func.count()).select_from(Post).where(Post.body == "Hey")) == 0


def test_bruno_offers_pauses_and_stops(as_: As, course: Course, db: Database) -> None:
    bruno = as_(course.bruno)
    with db.writing() as session:
        stalls(session, course, course.ada)
    assert "One person is at it right now." in bruno.opens("peer").text
    form = {
        "activity_id": str(course.quiz_2),
        "capacity": "2",
        "windows": ["evenings", "never"],
        "languages": ["it", "xx"],
    }
    kept = bruno.sends("peer/offer", htmx=True, words="d" * 300, **form)
    assert kept.status_code == 422
    assert "20 characters too long" in kept.text
    assert 'value="evenings" checked' in kept.text
    answer = bruno.sends("peer/offer", htmx=True, words="I have an example.", **form)
    assert "Thank you: your offer stands." in answer.text
    assert "up to two at once" in answer.text
    with db.reading() as session:
        offer = session.scalars(select(HelpOffer)).one()
        assert (offer.windows, offer.languages, offer.capacity) == (["evenings"], ["it"], 2)
        offer_id = offer.id
    assert "resting" in bruno.sends("peer/pause", htmx=True, paused="yes").text
    assert "Your offers are open again." in bruno.sends("peer/pause", htmx=True, paused="no").text
    ended = bruno.sends(f"peer/end-offer/{offer_id}", htmx=True)
    assert "Your offer has ended." in ended.text
    assert as_(course.bice).sends(f"peer/end-offer/{offer_id}").status_code == 404


def test_nobody_offers_what_they_have_not_done(as_: As, course: Course) -> None:
    ada = as_(course.ada)
    assert ada.sends("peer/offer", activity_id=str(course.quiz_2), capacity="1").status_code == 404
    assert ada.sends("peer/offer", capacity="1").status_code == 400


def test_one_tap_says_how_it_was_once(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada)
    assert "How was Quiz 2: Pulizia dei dati?" in ada.opens("home").text
    answer = ada.sends("home/feeling", htmx=True, feeling="too_hard", activity_id=str(course.quiz_2))
    assert "Thank you: “too hard”." in answer.text
    assert "How was" not in ada.opens("home").text
    assert ada.sends("home/feeling", feeling="furious", activity_id=str(course.quiz_2)).status_code == 400
    assert (
        as_(course.dario).sends("home/feeling", feeling="too_hard", activity_id=str(course.quiz_2)).status_code == 404
    )


def test_milestones_are_shown_to_others_only_when_the_person_says_so(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        session.add(
            Milestone(
                context_id=course.context, membership_id=course.bruno, key="k", kind="passed",
                activity_id=course.quiz_2, facts={}, reached_at=NOW - timedelta(days=1),
            )
        )  # fmt: skip
    ada, bruno = as_(course.ada), as_(course.bruno)
    assert "Bruno M. passed" not in ada.opens("home").text
    assert "You passed Quiz 2" in bruno.opens("home").text
    assert "Your course mates can see" in bruno.sends("home/milestones", htmx=True, shows="yes").text
    page = ada.opens("home").text
    assert "Bruno M. passed Quiz 2: Pulizia dei dati" in page
    warm = ada.sends("home/warm/1", htmx=True)
    assert 'aria-pressed="true"' in warm.text
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Reaction)) == 1
    assert as_(course.dario).sends("home/warm/1").status_code == 404


def test_clara_sees_how_many_wait_and_how_fresh_the_data_is(as_: As, course: Course, proposed: list[int]) -> None:
    page = as_(course.clara).opens("home").text
    assert "One person waits for you" in page
    assert "Course read" in page or "The course has not been read yet" in page
    assert "demanding passage" not in page
    assert "One person waits for you" not in as_(course.ada).opens("home").text


def test_the_dark_scheme_is_a_choice_and_light_the_default(as_: As, course: Course) -> None:
    ada = as_(course.ada)
    assert 'data-scheme="light"' in ada.opens("home").text
    assert 'data-scheme="dark"' in ada.sends("scheme", scheme="dark").text
    assert 'data-scheme="dark"' in ada.opens("talk").text
    assert ada.sends("scheme", scheme="plaid").status_code == 400
    assert 'data-scheme="light"' in as_(course.bruno).opens("home").text
