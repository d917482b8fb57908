"""Whoever is named in a post hears of it, and whoever names finds the names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select, update

from lti_app.db import Database
from lti_app.models import Membership, Mention, Person
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.conversations import begins, posts_of, told
from tests.sweep.course import Course

As = Callable[..., Somebody]


def test_whoever_is_named_hears_of_it_and_those_who_wrote_hear_of_replies(
    as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = begins(ada, body="Does @Bruno M. know? Or @bice? Not mail@Clara or @Nobody.")
    assert told(db, course.bruno) == ["mention"]
    assert told(db, course.bice) == ["mention"]
    assert told(db, course.clara) == []
    page = bruno.opens(f"talk/{thread}").text
    assert '<strong class="mention">@Bruno M.</strong>' in page
    assert "@Nobody" in page
    clock.offset = timedelta(minutes=1)
    bruno.sends(f"talk/{thread}/reply", body="Yes, @Ada R.: look here")
    # Named, so not told of the same reply a second time.
    assert told(db, course.ada) == ["mention"]
    as_(course.bice).sends(f"talk/{thread}/reply", body="And here")
    assert told(db, course.ada) == ["mention", "reply"]
    assert told(db, course.bruno) == ["mention", "reply"]
    # A change tells only those who were not named before.
    post = posts_of(db, thread)[0]
    ada.sends(f"talk/post/{post}/save", body="Does @Bruno M. know? Or @Clara?")
    assert told(db, course.bruno) == ["mention", "reply"]
    assert told(db, course.clara) == ["mention"]
    with db.reading() as session:
        named = set(session.scalars(select(Mention.membership_id).where(Mention.post_id == post)))
    assert named == {course.bruno, course.clara}


def test_a_first_name_that_two_share_names_nobody(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        gaia = session.get_one(Membership, course.others[1])
        session.execute(update(Person).where(Person.id == gaia.person_id).values(given_name="Bruno", name="Bruno Zeta"))
    begins(as_(course.ada), body="@Bruno what now")
    assert told(db, course.bruno) == []
    begins(as_(course.ada), body="@Bruno M. what now")
    assert told(db, course.bruno) == ["mention"]


def test_names_are_offered_from_the_course_alone(as_: As, course: Course) -> None:
    ada = as_(course.ada, cookie=True)
    found = ada.opens("talk/names?q=br").json
    assert [one["name"] for one in found] == ["Bruno M."]
    assert ada.opens("talk/names?q=Dario").json == []
    assert ada.opens("talk/names?q=%25").json == []
    assert ada.opens("talk/names?q=").json == []
