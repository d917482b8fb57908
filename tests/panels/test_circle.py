"""The circle panel: with and without a script, in two languages, and shut to everybody else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from lti_app.db import Database
from lti_app.jobs.circles import tend_company
from lti_app.models import CircleItem, CircleMember, Episode
from lti_app.store import matches
from tests.panels.conftest import Somebody
from tests.panels.lively import ask_bruno
from tests.sweep.course import NOW, Course, offers_help, stalls
from tests.sweep.test_company import comes_in
from tests.sweep.test_loop import the_house

As = Callable[..., Somebody]


@pytest.fixture
def circle(app: Flask, db: Database, course: Course, as_: As) -> tuple[int, list[int]]:
    """Fabio has asked for a circle and four are invited: its id and their memberships."""
    as_(course.others[0]).sends("circle/wish", wants="yes", windows=["evenings"])
    tend_company(the_house(app), course.context, NOW)
    with db.reading() as session:
        rows = session.execute(select(CircleMember.circle_id, CircleMember.membership_id)).all()
    return rows[0][0], sorted(row[1] for row in rows)


def test_fabio_asks_for_a_circle_takes_it_back_and_may_be_left_in_peace(as_: As, course: Course) -> None:
    fabio = as_(course.others[0])
    assert "Would you like to go on together with a few others?" in fabio.opens("circle").text
    answer = fabio.sends("circle/wish", htmx=True, wants="yes", windows=["evenings", "nonsense"])
    assert answer.text.lstrip().startswith('<div id="circle"')
    assert "We are looking for people who suit you." in answer.text
    assert "Taken back." in fabio.sends("circle/wish", wants="forget").text
    assert "nobody will ask you" in fabio.sends("circle/wish", wants="no").text
    assert fabio.sends("circle/wish", wants="maybe").status_code == 400
    # Tutors have no circle, and no tab for one.
    clara = as_(course.clara)
    assert "Circles are for the learners" in clara.opens("circle").text
    assert clara.sends("circle/wish", wants="yes").status_code == 404
    assert "/circle" not in clara.opens("home").text


def test_an_invitation_names_nobody_until_two_have_said_yes(
    as_: As, course: Course, circle: tuple[int, list[int]]
) -> None:
    number, (first, second, third, _fourth) = circle
    page = as_(first, locale="it").opens("circle").text
    assert "Un cerchio per te: in tutto quattro persone." in page
    assert "Ci siete alle stesse ore: dal lunedì al venerdì la sera." in page
    assert 'class="count">1' in as_(second).opens("home").text
    waiting = as_(first).sends(f"circle/{number}/accept", htmx=True)
    assert "Your circle is about to begin." in waiting.text
    begun = as_(second).sends(f"circle/{number}/accept").text
    assert "The two of you" in begun
    assert "Benvenuti nel vostro cerchio." in begun
    asked = as_(third).opens("circle").text
    assert "Two of them have said yes already." in asked
    assert not any(name in asked[asked.index('id="circle"') :] for name in ("Fabio", "Ada", "Hugo", "Irene"))
    assert "That is quite all right." in as_(third).sends(f"circle/{number}/decline").text
    assert as_(third).sends(f"circle/{number}/accept").status_code == 409


def test_what_cannot_be_taken_comes_back_beside_its_field(
    as_: As, course: Course, circle: tuple[int, list[int]], db: Database
) -> None:
    number, (first, second, *_rest) = circle
    as_(first).sends(f"circle/{number}/accept")
    as_(second).sends(f"circle/{number}/accept")
    me = as_(first)
    bad = me.sends(f"circle/{number}/agenda", htmx=True, words="Quiz 2", starts_at="31/12 alle sei")
    assert bad.status_code == 422
    assert "This is not a day and an hour that we can read." in bad.text
    assert 'value="Quiz 2"' in bad.text
    too_long = me.sends(f"circle/{number}/reply", htmx=True, body="w" * 8001)
    assert too_long.status_code == 422
    assert "w" * 8001 in too_long.text
    good = me.sends(f"circle/{number}/agenda", words="Quiz 2", starts_at="2026-11-27T18:30", form_key="k")
    assert "27 November at 6:30" in good.text.replace("\u202f", " ")
    with db.reading() as session:
        # Rome is an hour ahead.
        assert session.scalars(select(CircleItem.starts_at)).one().isoformat() == "2026-11-27T17:30:00+00:00"
        item = session.scalars(select(CircleItem.id)).one()
    assert "Open again" in me.sends(f"circle/{number}/agenda/{item}", done="yes").text
    assert me.sends(f"circle/{number}/check-in", said="fine").status_code == 400
    assert "slowly, but it is going" in me.sends(f"circle/{number}/check-in", said="slowly").text
    hostile = me.sends(f"circle/{number}/reply", body="<script>alert(1)</script> [x](javascript:alert(1))").text
    assert "<script>alert" not in hostile
    assert 'href="javascript' not in hostile


def test_nobody_outside_the_circle_gets_in(as_: As, course: Course, circle: tuple[int, list[int]]) -> None:
    number, (first, second, third, _fourth) = circle
    as_(first).sends(f"circle/{number}/accept")
    as_(second).sends(f"circle/{number}/accept")
    as_(first).sends(f"circle/{number}/reply", body="Il mio segreto", form_key="k")
    for other in (third, course.bruno, course.clara, course.dario, course.eva):
        assert "Il mio segreto" not in as_(other).opens("circle").text
        for act in ("reply", "agenda", "check-in", "report", "agenda/1"):
            answer = as_(other).sends(
                f"circle/{number}/{act}", body="x", words="x", said="stuck", about_id=str(first), done="yes"
            )
            assert answer.status_code == 404, act
    told = as_(second).sends(f"circle/{number}/report", about_id=str(first), words="Mi ha insultato.")
    assert "a person will read this" in told.text
    assert "has reported" in as_(course.clara).opens("desk").text


def test_the_page_looks_again_by_itself_and_is_drawn_anew_only_when_something_happened(
    as_: As, course: Course, db: Database
) -> None:
    with db.writing() as session:
        match_id = ask_bruno(session, course)
    ada = as_(course.ada)
    page = ada.opens("home").text
    address = page.split('hx-get="')[1].split('"')[0].replace("&amp;", "&").removeprefix("/v/r1/")
    assert address.startswith("peer/again/care")
    headers = {"HX-Request": "true", "X-Regista-Visit": ada.token}
    assert ada.client.get(ada.at(address), headers=headers).status_code == 204
    as_(course.bruno).sends(f"peer/answer/{match_id}", say="yes")
    again = ada.client.get(ada.at(address), headers=headers)
    assert again.status_code == 200
    assert again.text.lstrip().startswith('<div id="care"')
    assert ada.client.get(ada.at("peer/again/offers"), headers=headers).status_code == 404


def test_an_offer_is_previewed_just_as_it_will_be_seen(as_: As, course: Course) -> None:
    bruno = as_(course.bruno)
    sent = {
        "activity_id": str(course.quiz_2),
        "words": "Ho un esempio.",
        "windows": "evenings",
        "shows_attempts": "yes",
    }
    card = bruno.sends("peer/preview", htmx=True, **sent).text
    assert "Bruno M." in card
    assert "passed four days ago, after three tries" in card
    assert "“Ho un esempio.”" in card
    # Without a script the button shows it, and the offer is not made yet.
    page = bruno.sends("peer/offer", look="preview", at="home", **sent).text
    assert "“Ho un esempio.”" in page
    assert "Thank you: your offer stands." not in page


def test_ada_calls_all_who_are_here_and_takes_it_back(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2)
        offers_help(session, course.bice, course.quiz_2)
        stalls(session, course, course.ada, course.bruno, course.bice)
        comes_in(session, course.bruno, course.bice)
        episode = session.scalars(select(Episode.id)).one()
    ada = as_(course.ada)
    assert "Bruno and Bice are here at this moment." in ada.opens("home").text
    assert "You asked all who are here: Bruno and Bice." in ada.sends(f"peer/call/{episode}", htmx=True).text
    assert "Ada is here now and asks all who are" in as_(course.bruno).opens("home").text
    assert "Ask Bruno" in ada.sends(f"peer/call-off/{episode}").text
    assert as_(course.bruno).sends(f"peer/call/{episode}").status_code == 404


def test_ada_lets_the_next_be_asked(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        match_id = ask_bruno(session, course)
    ada = as_(course.ada)
    assert "Then ask the next one for me" in ada.opens("home").text
    assert "the next one on your list is asked" in ada.sends(f"peer/then-next/{match_id}", wishes="yes").text
    with db.writing() as session:
        matches.answer(session, match_id, course.bruno, False, NOW)
    page = ada.opens("home").text
    assert "You asked Bice." in page
    assert "As you wished, the next one on your list has been asked." in page
