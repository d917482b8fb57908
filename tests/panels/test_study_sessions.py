"""Who may call what: members propose study sessions, the staff says yes or no, the course has its rule."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from lti_app.db import Database
from lti_app.models import AuditEntry, Event, Membership
from tests.panels.conftest import Somebody
from tests.panels.meetings import MEETING, calls, event_row, told
from tests.sweep.course import Course

As = Callable[..., Somebody]


def test_members_propose_study_sessions_and_the_staff_says_yes(as_: As, course: Course, db: Database) -> None:
    ada, bruno, clara = as_(course.ada), as_(course.bruno), as_(course.clara)
    event_id = calls(ada, kind="study", title="Duplicates together")
    assert event_row(db, event_id).state == "proposed"
    assert "Duplicates together" not in bruno.opens("events").text
    assert bruno.opens(f"events/{event_id}").status_code == 404
    assert bruno.sends(f"events/{event_id}/join").status_code == 404
    page = clara.opens("events").text
    assert "A study session waits for your yes" in page
    assert 'class="count">1' in page
    assert told(db, course.clara) == ["event_new"]
    assert clara.sends(f"events/{event_id}/decide").status_code == 422
    assert clara.sends(f"events/{event_id}/decide", yes="yes").status_code == 200
    assert "Duplicates together" in bruno.opens("events").text
    assert told(db, course.ada) == ["event_changed"]
    assert "event_new" in told(db, course.bruno)
    with db.reading() as session:
        entry = session.scalars(select(AuditEntry)).one()
        assert entry.what == "event_approved"
    assert "You lead this meeting" in ada.opens(f"events/{event_id}").text
    assert clara.sends(f"events/{event_id}/decide", yes="yes").status_code == 409


def test_a_no_comes_with_a_word(as_: As, course: Course, db: Database) -> None:
    ada, clara = as_(course.ada), as_(course.clara)
    event_id = calls(ada, kind="study")
    clara.sends(f"events/{event_id}/decide", reason="There is one on the same evening.")
    assert "There is one on the same evening." in ada.opens(f"events/{event_id}").text
    assert as_(course.bruno).opens(f"events/{event_id}").status_code == 404


@pytest.mark.parametrize(("rule", "status", "state"), [("hold", 200, "on"), ("staff", 404, None)])
def test_the_course_says_who_may_call_study_sessions(
    as_: As, course: Course, db: Database, rule: str, status: int, state: str | None
) -> None:
    clara = as_(course.clara)
    assert clara.sends("events/rule", rule=rule).status_code == 200
    answer = as_(course.ada).sends("events/call", **{**MEETING, "kind": "study"})
    assert answer.status_code == status
    with db.reading() as session:
        assert session.scalar(select(Event.state)) == state
        assert session.scalars(select(AuditEntry.what)).all() == ["course_settings"]


def test_a_facilitator_calls_every_kind(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        session.execute(
            update(Membership).where(Membership.id == course.ada).values(settings={"community_role": "facilitator"})
        )
    event_id = calls(as_(course.ada), kind="webinar")
    assert (event_row(db, event_id).kind, event_row(db, event_id).state) == ("webinar", "on")


def test_a_member_who_asks_for_a_webinar_holds_a_study_session(as_: As, course: Course, db: Database) -> None:
    assert event_row(db, calls(as_(course.ada), kind="webinar")).kind == "study"
