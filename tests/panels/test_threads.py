"""What staff do with discussions: pin, close, archive, move, merge."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import AuditEntry, Thread
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.conversations import begins, told
from tests.sweep.course import Course

As = Callable[..., Somebody]


def test_staff_pin_close_and_archive_and_whoever_began_is_told(as_: As, course: Course, db: Database) -> None:
    ada, clara = as_(course.ada), as_(course.clara)
    first, second = begins(ada, title="First of all"), begins(ada, title="Second of all")
    assert ada.sends(f"talk/{first}/mark", act="pin").status_code == 404
    assert "Look after this discussion" not in ada.opens(f"talk/{first}").text
    clara.sends(f"talk/{first}/mark", act="pin")
    page = ada.opens("talk").text
    assert page.index("First of all") < page.index("Second of all")
    assert page.count("First of all") == 1
    clara.sends(f"talk/{first}/mark", act="lock")
    assert "This discussion is closed." in ada.opens(f"talk/{first}").text
    clara.sends(f"talk/{second}/mark", act="archive")
    assert "Second of all" not in ada.opens("talk").text
    assert "Second of all" in as_(course.ada, cookie=True).opens("talk?archive=1").text
    assert ada.opens(f"talk/{second}").status_code == 200
    clara.sends(f"talk/{second}/mark", act="archive")
    assert clara.sends(f"talk/{second}/mark", act="explode").status_code == 404
    assert told(db, course.ada) == ["moderated"] * 3
    with db.reading() as session:
        acts = sorted(session.scalars(select(AuditEntry.what)))
    assert acts == ["thread_archive", "thread_lock", "thread_pin"]
    assert "pinned" in ada.opens("record").text


def test_staff_move_a_discussion_to_an_activity_or_among_the_questions(as_: As, course: Course, db: Database) -> None:
    ada, clara = as_(course.ada), as_(course.clara)
    thread = begins(ada, title="About the quiz")
    clara.sends(f"talk/{thread}/move", kind="talk", activity_id=str(course.quiz_2))
    assert "Quiz 2: Pulizia dei dati" in ada.opens(f"talk/{thread}").text
    assert clara.sends(f"talk/{thread}/move", kind="talk", activity_id="s:Nowhere").status_code == 404
    assert clara.sends(f"talk/{thread}/move", kind="match").status_code == 404
    clara.sends(f"talk/{thread}/move", kind="ask", activity_id=str(course.quiz_2))
    assert "About the quiz" not in ada.opens("talk").text
    with db.reading() as session:
        assert session.get_one(Thread, thread).kind == "ask"


def test_duplicates_are_merged_and_the_old_address_leads_to_the_new_one(
    as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    ada, bruno, clara = as_(course.ada), as_(course.bruno), as_(course.clara)
    one = begins(ada, title="Same thing", body="Mine", form_key="k1")
    clock.offset = timedelta(minutes=1)
    two = begins(bruno, title="The same again", body="His", form_key="k1")
    third = begins(bruno, title="A third time", body="Third")
    clara.sends(f"talk/{two}/merge", into_id=str(one))
    clara.sends(f"talk/{one}/merge", into_id=str(third))
    for address in (one, two, third):
        page = ada.opens(f"talk/{address}").text
        assert "A third time" in page
        assert all(words in page for words in ("Mine", "His", "Third"))
    listed = ada.opens("talk").text
    assert "The same again" not in listed
    assert "2 replies" in listed
    assert clara.sends(f"talk/{third}/merge", into_id=str(third)).status_code == 404
    assert clara.sends(f"talk/{third}/merge", into_id="999999").status_code == 404
    dario = as_(course.dario)
    assert dario.opens(f"talk/{two}").status_code == 404
