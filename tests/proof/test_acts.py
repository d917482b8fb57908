"""What a tutor does at the desk is seen at once: in the case, in the queue, and on the tab."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from lti_app.db import Database
from lti_app.models import Delivery, Episode, Membership, Prompt
from tests.panels.conftest import Somebody
from tests.panels.test_script import database_url
from tests.sweep.course import NOW, Course, stalls

As = Callable[..., Somebody]
DAY = f"{NOW + timedelta(days=3):%-d %B}"
__all__ = ["database_url"]


@pytest.fixture
def cases(db: Database, course: Course) -> list[int]:
    """Fabio's and Gaia's cases, both Clara's."""
    with db.writing() as session:
        for who in course.others[:2]:
            stalls(session, course, who)
        session.execute(update(Episode).values(owner_id=course.clara))
        return list(session.scalars(select(Episode.id).order_by(Episode.id)))


def number_on_the_tab(text: str) -> str:
    found = re.search(r'id="count-desk" hx-swap-oob="true">(?:<span class="count">(\d+))?', text)
    assert found is not None
    return found.group(1) or ""


def test_clara_writes_and_is_led_to_the_next_who_waits(as_: As, course: Course, cases: list[int]) -> None:
    clara = as_(course.clara)
    done = clara.sends(f"desk/{cases[0]}/act", htmx=True, what="message", body="Ciao!", form_key="k").text
    assert "It is on its way." in done
    assert "Next in line: Gaia Serra" in done
    assert number_on_the_tab(done) == "1"
    assert done.index("In good hands") < done.index("Closed this week" if "Closed this week" in done else "desk-case")
    last = clara.sends(f"desk/{cases[1]}/act", htmx=True, what="voice", note="Al telefono.", form_key="v").text
    assert "Nobody else waits for you." in last
    assert number_on_the_tab(last) == ""


def test_a_message_on_its_way_is_looked_at_again_until_it_has_gone(
    as_: As, course: Course, cases: list[int], db: Database
) -> None:
    clara = as_(course.clara)
    clara.sends(f"desk/{cases[0]}/act", htmx=True, what="message", body="Ciao!", form_key="k")
    waiting = clara.sends(f"desk/{cases[0]}/messages", htmx=True).text
    assert "on its way" in waiting
    assert 'hx-trigger="load delay:3s"' in waiting
    with db.writing() as session:
        prompt = session.scalars(select(Prompt).where(Prompt.kind == "tutor_message")).one()
        session.add(Delivery(prompt_id=prompt.id, channel="lms", state="sent", at=NOW))
    gone = clara.sends(f"desk/{cases[0]}/messages", htmx=True).text
    assert "sent with the learning platform" in gone
    assert "hx-trigger" not in gone


@pytest.mark.parametrize(("what", "label"), [("voice", "What came of it"), ("wrong", "What did we get wrong?")])
def test_a_note_that_is_too_long_stays_in_its_own_box(
    as_: As, course: Course, cases: list[int], what: str, label: str
) -> None:
    answer = as_(course.clara).sends(f"desk/{cases[0]}/act", htmx=True, what=what, note="x" * 4001)
    assert answer.status_code == 422
    assert "x" * 4001 in answer.text.partition(label)[2].partition("</form>")[0]
    assert "xxxx" not in answer.text.partition('name="body"')[2].partition("</textarea>")[0]


def test_what_is_put_aside_says_until_when_and_can_be_taken_up_again(as_: As, course: Course, cases: list[int]) -> None:
    clara = as_(course.clara)
    aside = clara.sends(f"desk/{cases[0]}/act", htmx=True, what="snooze", days="3").text
    assert f"comes back on {DAY}" in aside
    assert f"Put aside until {DAY}" in clara.opens(f"desk/{cases[0]}").text
    again = clara.sends(f"desk/{cases[0]}/act", htmx=True, what="wake").text
    assert "It waits on your desk again." in again
    assert number_on_the_tab(again) == "2"


def test_others_learn_nothing_of_what_was_written(as_: As, course: Course, cases: list[int]) -> None:
    for who in (course.ada, course.dario, course.eva):
        assert as_(who).sends(f"desk/{cases[0]}/messages", htmx=True).status_code == 404


def test_an_administrator_may_look_and_is_offered_nothing_to_do(
    app: Flask, as_: As, course: Course, cases: list[int], db: Database
) -> None:
    with db.writing() as session:
        session.execute(update(Membership).where(Membership.id == course.clara).values(role="admin"))
    page = as_(course.clara, role="admin").opens(f"desk/{cases[0]}").text
    assert "Fabio Greco" in page
    assert 'name="what"' not in page
