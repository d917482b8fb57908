"""Pages say how fresh they are and what is missing: staff in full, learners without names and rights."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from lti_app.db import Database
from lti_app.models import Context, SyncGap, SyncRun
from tests.panels.conftest import Somebody
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]
GRADES = "gradereport_user_get_grade_items: lacks moodle/grade:viewall (View grades of other users)"


@pytest.fixture
def gaps(db: Database, course: Course) -> None:
    """Read at 10:05 of today; marks may not be read, and one learner's attempts could not."""
    with db.writing() as session:
        context = session.get_one(Context, course.context)
        context.synced_at = NOW
        told = {"context_id": context.id, "since": NOW - timedelta(days=1)}
        session.add(SyncGap(what="grades", reason="permission", detail=GRADES, **told))
        session.add(SyncGap(what="attempts", reason="error", detail="x", membership_id=course.ada, **told))


def text_of(somebody: Somebody, path: str) -> str:
    answer = somebody.opens(path)
    assert answer.status_code == 200
    return " ".join(answer.get_data(as_text=True).split())


@pytest.mark.usefixtures("gaps")
@pytest.mark.parametrize("path", ["home", "desk"])
def test_clara_reads_what_is_missing_of_whom_and_what_to_allow(as_: As, course: Course, path: str) -> None:
    page = text_of(as_(course.clara, role="tutor"), path)
    assert "2 things are missing" in page
    assert "marks: the service user lacks “View grades of other users” <code>moodle/grade:viewall</code>" in page
    assert "attempts · of 1 person: the last try failed; it is tried again · Ada" in page


@pytest.mark.usefixtures("gaps")
def test_a_learner_reads_what_is_not_known_and_no_names_and_no_rights(as_: As, course: Course) -> None:
    page = text_of(as_(course.bruno), "home")
    assert "not known here: attempts, marks" in page
    assert "moodle/" not in page
    assert "Ada" not in page.partition('class="freshness"')[2].partition("</span>")[0]


@pytest.mark.usefixtures("gaps")
def test_in_italian_too(as_: As, course: Course) -> None:
    page = text_of(as_(course.clara, role="tutor", locale="it"), "desk")
    assert "voti: all’utente di servizio manca «View grades of other users»" in page


def test_where_the_lms_does_not_answer_pages_say_since_when_and_who_can_mend_it(
    db: Database, as_: As, course: Course
) -> None:
    with db.writing() as session:
        context = session.get_one(Context, course.context)
        context.synced_at = NOW - timedelta(hours=3)
        run = {"context_id": context.id, "state": "failed", "started_at": NOW - timedelta(hours=1)}
        session.add(SyncRun(**run, error="reauthorise", error_detail="the token is not valid"))
    for who, role in ((course.clara, "tutor"), (course.bruno, "learner")):
        page = text_of(as_(who, role=role), "home")
        assert "As of" in page
        assert "its administrator must connect it again" in page


def test_a_course_that_was_never_read_says_so(db: Database, as_: As, course: Course) -> None:
    with db.writing() as session:
        session.get_one(Context, course.context).synced_at = None
    assert "The course has not been read yet" in text_of(as_(course.bruno), "home")


@pytest.mark.usefixtures("gaps")
def test_the_community_manager_sees_it_for_every_course(as_: As, course: Course) -> None:
    manager = as_(course.clara, role="admin")
    assert "2 things are missing" in text_of(manager, "control")
