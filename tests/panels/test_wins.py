"""Kind words, things reached, projects: Ada thanks Bruno, Clara praises, nobody is counted or compared."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import func, select

from lti_app.db import Database
from lti_app.models import Episode, Kudos, Milestone, Notification, Post, Prompt, Reaction, Report, Thread, Upload
from lti_app.store import kudos, matches, meetings
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.sweep.course import NOW, Course, offers_help, stalls

As = Callable[..., Somebody]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """A page is drawn the same from either database; what the store does there is tested on both."""
    return sqlite_url


def rows(db: Database, what: type) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(what)) or 0


def told(db: Database, kind: str) -> set[int]:
    with db.reading() as session:
        return set(session.scalars(select(Notification.membership_id).where(Notification.kind == kind)))


def picture() -> tuple[io.BytesIO, str]:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "PNG")
    out.seek(0)
    return out, "map.png"


def shows(who: Somebody, **more: object) -> int:
    form = {"title": "My map", "body": "A **map** of gaps.", "link": "example.org/map"} | more
    answer = who.sends("wins/show", **form)
    assert answer.status_code in (200, 303), answer.text
    found = re.search(r"/wins/(\d+)", answer.headers.get("Location", "") or answer.text)
    assert found is not None
    return int(found.group(1))


def test_ada_thanks_bruno_and_only_he_reads_it_until_he_shows_it(as_: As, course: Course, db: Database) -> None:
    ada, bruno, bice = as_(course.ada), as_(course.bruno), as_(course.bice)
    said = ada.sends("wins/kudos", htmx=True, to_id=course.bruno, reason="clear", words="Your <b>example</b> did it.")
    assert "Your kind word is there." in said.text
    assert told(db, "kudos") == {course.bruno}
    assert 'Wins <span id="count-wins"><span class="count">1' in bruno.opens("home").text
    page = bruno.opens("wins").text
    assert "Ada R.: You made it clear" in page
    assert "Your &lt;b&gt;example&lt;/b&gt; did it." in page
    assert 'Wins <span id="count-wins"></span>' in bruno.opens("home").text
    assert "example" not in bice.opens("wins").text
    bruno.sends("wins/milestones", htmx=True, shows="yes")
    assert "Ada R. to Bruno M.: You made it clear" in bice.opens("wins").text
    with db.reading() as session:
        number = session.scalars(select(Kudos.id)).one()
    assert "out of sight" in bruno.sends(f"wins/kudos/{number}/hide", htmx=True, hidden="yes").text
    assert "example" not in bice.opens("wins").text
    assert bice.sends(f"wins/kudos/{number}/hide", hidden="no").status_code == 404


def test_somebody_is_found_by_the_name_that_others_see(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada)
    as_(course.bruno).sends("me/name", display_name="Orso")
    found = ada.sends("wins/kudos", htmx=True, act="find", find="ors", reason="clear", words="Kept words")
    assert f'value="{course.bruno}" checked' in found.text
    assert "Kept words" in found.text
    assert rows(db, Kudos) == 0
    # The name that the platform told leads nobody to whoever chose another one.
    assert "nobody of that name" in ada.sends("wins/kudos", htmx=True, act="find", find="Bruno").text
    for stranger in ("Dario", "Eva", "%"):
        assert "nobody of that name" in ada.sends("wins/kudos", htmx=True, act="find", find=stranger).text
    said = ada.sends("wins/kudos", htmx=True, act="say", find="Bice Conti", reason="courage")
    assert "Your kind word is there." in said.text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"reason": "clear"}, "Choose somebody"),
        ({"to": True}, "Choose what you thank for"),
        ({"to": True, "reason": "points"}, "Choose what you thank for"),
        ({"to": True, "reason": "clear", "words": "x" * 601}, "too long"),
        ({"find": "Zoe", "reason": "clear"}, "nobody of that name"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_lost(
    as_: As, course: Course, db: Database, form: dict[str, object], words: str
) -> None:
    sent = {name: value for name, value in form.items() if name != "to"}
    if form.get("to"):
        sent["to_id"] = course.bruno
    page = as_(course.ada).sends("wins/kudos", **sent)
    assert page.status_code == 422
    assert words in page.text
    assert str(form.get("words", "")) in page.text
    assert rows(db, Kudos) == 0


def test_nobody_thanks_themselves_or_people_of_another_course(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada)
    for who in (course.ada, course.dario, course.eva):
        assert ada.sends("wins/kudos", to_id=who, reason="clear").status_code == 404
    assert rows(db, Kudos) == 0


def test_a_kind_word_is_said_once_and_five_a_day_are_plenty(
    as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    ada = as_(course.ada)
    for _twice in range(2):
        ada.sends("wins/kudos", to_id=course.bruno, reason="clear", form_key="one")
    assert rows(db, Kudos) == 1
    for number, who in enumerate(course.others[:4]):
        ada.sends("wins/kudos", to_id=who, reason="clear", form_key=f"k{number}")
    page = ada.sends("wins/kudos", to_id=course.bice, reason="clear", words="A late one")
    assert page.status_code == 422
    assert "it will weigh more" in page.text
    assert "A late one" in page.text
    assert rows(db, Kudos) == kudos.MOST_A_DAY
    clock.offset = timedelta(hours=25)
    assert ada.sends("wins/kudos", to_id=course.bice, reason="clear").status_code in (200, 303)


def test_a_word_that_is_not_kind_reaches_a_moderator(as_: As, course: Course, db: Database) -> None:
    as_(course.ada).sends("wins/kudos", to_id=course.bruno, reason="clear", words="Finally, you slow one.")
    with db.reading() as session:
        number = session.scalars(select(Kudos.id)).one()
    for _twice in range(2):
        as_(course.bruno).sends(f"wins/kudos/{number}/tell")
    with db.reading() as session:
        report = session.scalars(select(Report)).one()
        assert (report.why, report.about_id, report.by_id) == ("unkind", course.ada, course.bruno)
        assert session.scalars(select(Kudos)).one().hidden_at is not None
    assert course.clara in told(db, "reported")


def test_the_thanks_of_a_match_become_one_kind_word_that_only_two_see(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2)
        (match,) = stalls(session, course, course.ada, course.bruno)
        matches.choose(session, match, course.ada, NOW)
        matches.answer(session, match, course.bruno, True, NOW)
        meetings.said_helped(session, match, course.ada, True, NOW)
        meetings.said_helped(session, match, course.ada, True, NOW)
    ada, bruno = as_(course.ada), as_(course.bruno)
    assert rows(db, Kudos) == 1
    page = bruno.opens("wins").text
    assert page.count("You helped me on") == 2  # his kind word, and the choice in the form
    assert "only you two see this" in page
    assert "You helped somebody" not in page
    ada.sends("wins/kudos", to_id=course.bruno, match_id=match, reason="courage", words="Now I dare.")
    assert rows(db, Kudos) == 1
    assert "Now I dare." in bruno.opens("wins").text
    bruno.sends("wins/milestones", shows="yes")
    seen = as_(course.bice).opens("wins").text
    assert "Now I dare." not in seen
    assert "Bruno M. helped somebody with Quiz 2" in seen
    assert as_(course.bice).sends("wins/kudos", to_id=course.bruno, match_id=match, reason="clear").status_code == 404
    with db.writing() as session:
        meetings.report(session, match, course.ada, "Not kind", NOW)
    assert bruno.sends("wins/kudos", to_id=course.ada, reason="clear").status_code == 404


def test_clara_says_well_done_with_one_tap_and_carlo_sees_it_gone(as_: As, course: Course, db: Database) -> None:
    facts = {"learner_id": course.ada, "milestone": "passed_after_failing", "activity_id": course.quiz_1}
    with db.writing() as session:
        session.add(
            Prompt(key="praise:1", context_id=course.context, kind="praise", state="due", made_at=NOW, due_at=NOW,
                   facts=facts)
        )  # fmt: skip
        session.flush()
        number = session.scalars(select(Prompt.id)).one()
    clara, carlo = as_(course.clara), as_(course.carlo)
    assert "A kind word is due" in clara.opens("wins").text
    assert "A kind word is due" not in as_(course.bruno).opens("wins").text
    assert as_(course.bruno).sends(f"wins/praise/{number}").status_code == 404
    assert "Your kind word is there." in clara.sends(f"wins/praise/{number}", htmx=True).text
    assert "A colleague has just said it." in carlo.sends(f"wins/praise/{number}", htmx=True).text
    assert "Clara Villa: Well done" in as_(course.ada).opens("wins").text
    assert rows(db, Kudos) == 1
    assert "A kind word is due" not in carlo.opens("wins").text


def test_irene_shows_what_she_made_and_others_say_something(as_: As, course: Course, db: Database) -> None:
    irene, ada = as_(course.others[3]), as_(course.ada)
    thread = shows(irene, files=picture(), files_words="A red and green map", form_key="w")
    assert shows(irene, form_key="w") == thread
    assert (rows(db, Thread), rows(db, Upload)) == (1, 1)
    listed = ada.opens("wins").text
    assert "My map" in listed
    assert 'alt="A red and green map"' in listed
    assert "made by Irene C." in ada.opens("home").text
    page = ada.opens(f"wins/{thread}").text
    assert 'href="https://example.org/map"' in page
    assert "<strong>map</strong>" in page
    with db.reading() as session:
        post = session.scalars(select(Post.id)).one()
    assert 'aria-pressed="true"' in ada.sends(f"talk/post/{post}/sign", htmx=True, kind="heart").text
    assert irene.sends(f"talk/post/{post}/sign", kind="heart").status_code == 404
    assert "Your words are there." in ada.sends(f"wins/{thread}/comment", htmx=True, body="Lovely.").text
    assert told(db, "warm") == told(db, "reply") == {course.others[3]}
    ada.sends(f"talk/post/{post}/sign", htmx=True, kind="heart")
    assert rows(db, Reaction) == 0


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"title": ""}, "it cannot be empty"),
        ({"body": "y" * 8001}, "too long"),
        ({"link": "javascript:alert(1)"}, "no address"),
        ({"link": "http://nowhere"}, "no address"),
        ({"files": (io.BytesIO(b"MZ not a picture"), "a.exe")}, "aria-invalid"),
    ],
)
def test_a_project_that_cannot_be_shown_comes_back(
    as_: As, course: Course, db: Database, form: dict[str, object], words: str
) -> None:
    sent = {"title": "My map", "body": "Words of mine", "link": ""} | form
    page = as_(course.ada).sends("wins/show", **sent)
    assert page.status_code == 422
    assert words in page.text
    assert rows(db, Thread) == 0


def test_hidden_and_held_projects_are_not_there(as_: As, course: Course, db: Database) -> None:
    thread = shows(as_(course.ada))
    with db.writing() as session:
        session.scalars(select(Post)).one().held_at = NOW
    assert "My map" not in as_(course.bruno).opens("wins").text
    assert as_(course.bruno).opens(f"wins/{thread}").status_code == 404
    assert "waits for a moderator" in as_(course.ada).opens(f"wins/{thread}").text
    assert "My map" in as_(course.clara).opens("wins").text
    with db.writing() as session:
        session.scalars(select(Thread)).one().hidden_at = NOW
    assert as_(course.ada).opens(f"wins/{thread}").status_code == 404


def test_dario_and_eva_see_nothing_of_it(as_: As, course: Course, db: Database) -> None:
    thread = shows(as_(course.ada))
    as_(course.ada).sends("wins/kudos", to_id=course.bruno, reason="clear", words="Only here")
    as_(course.bruno).sends("wins/milestones", shows="yes")
    with db.writing() as session:
        session.add(
            Milestone(context_id=course.context, membership_id=course.bruno, key="k", kind="passed",
                      activity_id=course.quiz_2, facts={}, reached_at=NOW)
        )  # fmt: skip
        session.flush()
        milestone = session.scalars(select(Milestone.id)).one()
        number, post = session.scalars(select(Kudos.id)).one(), session.scalars(select(Post.id)).one()
    for stranger in (course.dario, course.eva):
        who = as_(stranger)
        page = who.opens("wins").text
        for words in ("My map", "Only here", "Bruno"):
            assert words not in page
        for path in (
            f"wins/{thread}", f"wins/{thread}/comment", f"talk/post/{post}/edit", f"wins/warm/{milestone}",
            f"wins/kudos/{number}/hide", f"wins/kudos/{number}/tell",
        ):  # fmt: skip
            assert who.sends(path, body="Hello").status_code == 404, path
    assert rows(db, Episode) == 0


def test_student_view_looks_and_writes_nothing(as_: As, course: Course, db: Database) -> None:
    from dataclasses import replace

    from tests.panels.lively import token_of

    looking = as_(course.clara, role="learner")
    looking.visit = replace(looking.visit, student_view=True, membership_id=None)
    looking.token = token_of(looking.client.application, looking.visit)
    assert looking.opens("wins").status_code == 200
    assert looking.sends("wins/kudos", to_id=course.bruno, reason="clear").status_code == 403
    assert looking.sends("wins/show", title="Mine", body="Words").status_code == 403
    assert (rows(db, Kudos), rows(db, Thread)) == (0, 0)


def test_the_page_asks_the_same_few_questions_whatever_there_is(
    as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    from sqlalchemy import event

    def questions() -> int:
        asked: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            asked.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        bruno.opens("wins")
        event.remove(db.engine, "before_cursor_execute", note)
        return len(asked)

    bruno = as_(course.bruno)
    with db.writing() as session:
        for who in course.others[:2]:
            kudos.give(session, who, course.bruno, "clear", "", NOW)
    shows(as_(course.ada), form_key="a")
    bruno.opens("wins")
    few = questions()
    with db.writing() as session:
        for who in course.others:
            kudos.give(session, who, course.bruno, "welcome", "", NOW)
    for number in range(4):
        shows(as_(course.ada), form_key=f"k{number}")
    assert questions() == few
