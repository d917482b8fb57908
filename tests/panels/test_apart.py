"""Where each group talks among itself, nobody of another group reads, finds, hears of or touches what was said."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import Context, CourseGroup, GroupMember, Kudos, Mention, Notification, Post, Thread, Upload
from lti_app.store import uploads
from tests.panels.conftest import Somebody
from tests.panels.files.samples import drawn
from tests.sweep.course import Course

As = Callable[..., Somebody]
SECRET = "Zanzibar"


@pytest.fixture
def groups(db: Database, course: Course) -> dict[str, str]:
    """Ada and Bruno are in the red group, Bice in the blue one; others in none."""
    with db.writing() as session:
        session.get_one(Context, course.context).settings = {"community": {"groups_apart": True}}
        for key, name, members in (("g-1", "Red", (course.ada, course.bruno)), ("g-2", "Blue", (course.bice,))):
            group = CourseGroup(context_id=course.context, api_id=key, name=name)
            session.add(group)
            session.flush()
            session.add_all(GroupMember(group_id=group.id, membership_id=one) for one in members)
    return {"red": "g-1", "blue": "g-2"}


@pytest.fixture(params=["talk", "ask"])
def room(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def begins(who: Somebody, room: str, **form: Any) -> Any:
    words = {"title": f"{SECRET} title", "body": f"{SECRET} body", "checked": "1"}
    return who.sends(f"{room}/new", **(words | form))


def ids(db: Database) -> tuple[int, int]:
    with db.reading() as session:
        found = session.execute(select(Post.thread_id, Post.id).order_by(Post.id).limit(1)).one()
        return found[0], found[1]


def sees(db: Database, course: Course, key: str) -> set[int]:
    """Return who of the course can open a file."""
    with db.reading() as session:
        here = ((course.ada, False), (course.bruno, False), (course.bice, False), (course.clara, True), (0, False))
        viewers = [uploads.Viewer(course.context, member, staff) for member, staff in here]
        return {one.membership_id for one in viewers if uploads.seen_by(session, key, one) is not None}


def test_what_a_group_says_is_read_by_the_group_and_by_staff(
    as_: As, course: Course, db: Database, groups: dict[str, str], room: str
) -> None:
    ada, bruno, clara = as_(course.ada), as_(course.bruno), as_(course.clara)
    assert "Your group “Red” and your tutors read it." in ada.opens(room).text
    assert begins(ada, room, files=[(io.BytesIO(drawn()), "chart.png")]).status_code == 200
    thread, post = ids(db)
    answer = "reply" if room == "talk" else "answer"
    for who in (bruno, clara):
        page = who.opens(f"{room}/{thread}")
        assert f"{SECRET} body" in page.text
        assert "Only the group “Red” and staff read this" in page.text
        assert SECRET in who.opens(room).text
        assert SECRET in who.sends("search", q=SECRET).text
    assert (
        bruno.sends(f"{room}/{thread}/{answer}", htmx=True, body=f"{SECRET}, @Bice Conti and @Clara Villa").status_code
        == 200
    )
    with db.reading() as session:
        named = set(session.scalars(select(Mention.membership_id)))
        told = set(session.scalars(select(Notification.membership_id)))
        file = session.scalars(select(Upload.key)).one()
    assert course.bice not in named | told
    assert course.clara in named
    assert sees(db, course, file) == {course.ada, course.bruno, course.clara}
    for outside in (course.bice, course.others[0], course.dario, course.eva):
        who = as_(outside)
        for path in ("home", "talk", "ask", "news", "wins", "pulse", "events", "library", "talk?archive=1"):
            assert SECRET not in who.opens(path).text, path
        assert SECRET not in who.sends("search", q=SECRET.lower()).text
        assert SECRET not in who.sends("ask/similar", htmx=True, title=f"{SECRET} title").text
        for path in (f"{room}/{thread}", f"report/{post}", f"talk/post/{post}"):
            assert who.opens(path).status_code == 404, path
        token = {"X-Regista-Visit": who.token}
        for path in (f"live/{thread}?at=0", f"live/{thread}/posts?after=0"):
            assert who.client.get(who.at(path), headers=token).status_code == 404, path
        for path, form in (
            (f"{room}/{thread}/{answer}", {"body": "x"}), (f"talk/post/{post}/sign", {"kind": "heart"}),
            (f"report/{post}/send", {"why": "unkind"}), (f"{room}/{thread}/same", {}),
            ("wins/kudos", {"to_id": str(course.ada), "post_id": str(post), "reason": "clear"}),
        ):  # fmt: skip
            assert who.sends(path, **form).status_code == 404, path
    with db.reading() as session:
        assert len(session.scalars(select(Post.id)).all()) == 2


def test_thanks_for_what_was_said_in_a_group_do_not_tell_its_title(
    as_: As, course: Course, db: Database, groups: dict[str, str]
) -> None:
    begins(as_(course.ada), "talk")
    _thread, post = ids(db)
    as_(course.bruno).sends("wins/kudos", to_id=str(course.ada), post_id=str(post), reason="clear", words="Yes.")
    as_(course.ada).sends("wins/milestones", shows="yes")
    with db.reading() as session:
        assert len(session.scalars(select(Kudos.id)).all()) == 1
    page = as_(course.bice).opens("wins").text
    assert "Yes." in page
    assert SECRET not in page


def test_whoever_leaves_the_group_hears_no_more_and_a_group_that_goes_opens_nothing(
    as_: As, course: Course, db: Database, groups: dict[str, str], room: str
) -> None:
    begins(as_(course.ada), room)
    thread, _post = ids(db)
    as_(course.clara).sends(f"{room}/{thread}/{'reply' if room == 'talk' else 'answer'}", body=f"{SECRET} again")
    assert SECRET in as_(course.ada).opens("news").text
    with db.writing() as session:
        session.query(GroupMember).filter(GroupMember.membership_id == course.ada).delete()
    assert SECRET not in as_(course.ada).opens("news").text
    assert as_(course.ada).opens(f"{room}/{thread}").status_code == 404
    with db.writing() as session:
        session.query(CourseGroup).delete()
    for who in (course.ada, course.bruno, course.bice):
        assert as_(who).opens(f"{room}/{thread}").status_code == 404
    assert SECRET in as_(course.clara).opens(f"{room}/{thread}").text


def test_staff_choose_for_whom_and_learners_only_among_their_own(
    as_: As, course: Course, db: Database, groups: dict[str, str], room: str
) -> None:
    clara, ada = as_(course.clara), as_(course.ada)
    assert "The whole course" in clara.opens(room).text
    begins(clara, room, title="For all")
    begins(clara, room, title="For blue", group=groups["blue"])
    assert begins(ada, room, title="For blue, too", group=groups["blue"]).status_code == 404
    assert begins(clara, room, title="For none", group="g-9").status_code == 404
    assert begins(as_(course.others[0]), room, title="Of somebody without a group").status_code == 200
    with db.reading() as session:
        found = dict(session.execute(select(Thread.title, Thread.group_key)).all())
    assert found == {"For all": None, "For blue": "g-2", "Of somebody without a group": None}
    assert "For all" in ada.opens(room).text
    assert "For blue" not in ada.opens(room).text
    assert "For blue" in as_(course.bice).opens(room).text


def test_threads_for_other_eyes_are_never_merged(as_: As, course: Course, db: Database, groups: dict[str, str]) -> None:
    clara = as_(course.clara)
    begins(clara, "talk", title="For all")
    begins(clara, "talk", title="For red", group=groups["red"])
    with db.reading() as session:
        found = dict(session.execute(select(Thread.title, Thread.id)).all())
    assert "For all" not in clara.opens(f"talk/{found['For red']}").text.partition("<main")[2]
    assert clara.sends(f"talk/{found['For red']}/merge", into_id=str(found["For all"])).status_code == 404


def test_it_is_the_staffs_choice_and_off_until_they_choose(as_: As, course: Course, db: Database) -> None:
    clara, ada = as_(course.clara), as_(course.ada)
    assert "Each group talks among itself" not in clara.opens("moderation/rules").text
    with db.writing() as session:
        group = CourseGroup(context_id=course.context, api_id="g-1", name="Red")
        session.add(group)
        session.flush()
        session.add(GroupMember(group_id=group.id, membership_id=course.ada))
    begins(ada, "talk")
    assert SECRET in as_(course.bice).opens("talk").text
    assert "Each group talks among itself" in clara.opens("moderation/rules").text
    clara.sends("moderation/rules/save", panels=["talk", "ask"], groups_apart="yes")
    begins(ada, "talk", title="Ours")
    page = as_(course.bice).opens("talk").text
    # What was begun before stays where it was.
    assert SECRET in page
    assert "Ours" not in page
