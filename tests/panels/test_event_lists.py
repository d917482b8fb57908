"""Where meetings are listed: on the home panel, beside an activity, in student view, and at what cost."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from sqlalchemy import event

from lti_app.db import Database
from lti_app.models import ResourceLink
from tests.panels.conftest import Somebody
from tests.panels.meetings import calls, state_of, visiting
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]


def test_the_next_meeting_is_on_the_home_panel_with_one_tap(as_: As, course: Course) -> None:
    event_id = calls(as_(course.clara))
    ada = as_(course.ada)
    home = ada.opens("home").text
    assert 'id="next-event"' in home
    assert "Nov" in home
    part = ada.sends(f"events/{event_id}/join", htmx=True, at="home")
    assert 'id="next-event"' in part.text
    assert "you are coming" in part.text
    assert 'id="next-event"' in ada.sends(f"events/{event_id}/leave", at="home").text
    line = ada.sends(f"events/{event_id}/join", htmx=True, at="list").text
    assert line.startswith("<li") or f'<li id="event-{event_id}"' in line


def test_beside_an_activity_the_room_opens_on_it(app: Flask, as_: As, course: Course, db: Database) -> None:
    clara = as_(course.clara)
    calls(clara, title="About Quiz 2", about=f"a{course.quiz_2}")
    calls(clara, title="About Quiz 1", about=f"a{course.quiz_1}")
    with db.writing() as session:
        link = ResourceLink(
            context_id=course.context, id_on_platform="r", panel="events", activity_id=course.quiz_1, created_at=NOW
        )
        session.add(link)
        session.flush()
        link_id = link.id
    ada = visiting(app, course, resource_link_id=link_id)
    assert "About Quiz 2" not in ada.opens("events").text
    assert "About Quiz 1" in ada.opens("events").text
    assert "About Quiz 2" in ada.opens("events?about=0").text


def test_student_view_looks_and_writes_nothing(app: Flask, as_: As, course: Course, db: Database) -> None:
    event_id = calls(as_(course.clara))
    nobody = visiting(app, course, membership_id=None, student_view=True)
    assert nobody.opens("events").status_code == 200
    assert nobody.opens(f"events/{event_id}").status_code == 200
    assert nobody.opens("events/calendar").status_code == 200
    assert nobody.sends(f"events/{event_id}/join").status_code == 403
    assert state_of(db, event_id, course.ada) is None


def test_a_list_asks_the_same_few_questions_whatever_its_length(
    app: Flask, as_: As, course: Course, db: Database
) -> None:
    def questions() -> int:
        asked: list[str] = []
        note = lambda conn, cursor, statement, *rest: asked.append(statement)  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", note)
        as_(course.ada).opens("events")
        event.remove(db.engine, "before_cursor_execute", note)
        return len(asked)

    clara = as_(course.clara)
    for one in range(2):
        as_(course.bruno).sends(f"events/{calls(clara, title=f'Number {one}')}/join")
    as_(course.ada).opens("events")
    few = questions()
    for one in range(2, 12):
        as_(course.bruno).sends(f"events/{calls(clara, title=f'Number {one}')}/join")
    assert questions() == few
