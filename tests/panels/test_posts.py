"""What people do with posts: change, take back, warm signs, names, polls, formulas; and what staff do with threads."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, update

from lti_app.db import Database
from lti_app.markup import markdown, plain
from lti_app.maths import BadTex, mathml
from lti_app.models import (
    Activity,
    AuditEntry,
    Membership,
    Mention,
    Notification,
    Person,
    Poll,
    PollVote,
    Post,
    PostRevision,
    Reaction,
    ResourceLink,
    Thread,
)
from lti_app.store import posting
from lti_app.store.inserts import insert_new
from lti_app.visit import HEADER, seal
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.lively import lively
from tests.panels.test_talk import begins, only_looks
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]


def posts_of(db: Database, thread: int) -> list[int]:
    with db.reading() as session:
        return list(session.scalars(select(Post.id).where(Post.thread_id == thread).order_by(Post.id)))


def told(db: Database, who: int) -> list[str]:
    with db.reading() as session:
        rows = session.scalars(select(Notification.kind).where(Notification.membership_id == who))
        return sorted(rows)


def test_ada_changes_her_words_and_what_they_were_is_kept_for_her_and_for_tutors(
    as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    ada, bruno, clara = as_(course.ada), as_(course.bruno), as_(course.clara)
    thread = begins(ada, body="The **maen** is wrong.")
    post = posts_of(db, thread)[0]
    form = ada.sends(f"talk/post/{post}/edit", htmx=True)
    assert "The **maen** is wrong." in form.text
    clock.offset = timedelta(minutes=3)
    saved = ada.sends(f"talk/post/{post}/save", htmx=True, body="The **mean** is wrong.", look="first")
    assert saved.status_code == 200, saved.text
    assert "post-first" in saved.text
    assert "edited" in saved.text
    page = bruno.opens(f"talk/{thread}").text
    assert "<strong>mean</strong>" in page
    assert "edited" in page
    assert "What it said before" not in page
    for who in (ada, clara):
        assert "What it said before" in who.opens(f"talk/{thread}").text
        assert "<strong>maen</strong>" in who.opens(f"talk/post/{post}/history").text
    assert bruno.opens(f"talk/post/{post}/history").status_code == 404
    # The same words again are no change.
    ada.sends(f"talk/post/{post}/save", body="The **mean** is wrong.")
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(PostRevision)) == 1


def test_nobody_changes_or_takes_back_anothers_words(as_: As, course: Course, db: Database) -> None:
    thread = begins(as_(course.ada))
    post = posts_of(db, thread)[0]
    for who in (as_(course.bruno), as_(course.clara), as_(course.dario), as_(course.eva)):
        assert who.sends(f"talk/post/{post}/save", body="Mine").status_code == 404
        assert who.sends(f"talk/post/{post}/take-back").status_code == 404
        assert who.opens(f"talk/post/{post}/edit").status_code == 404
    for who in (as_(course.dario), as_(course.eva)):
        assert who.sends(f"talk/post/{post}/sign", kind="heart").status_code == 404
        assert who.sends(f"talk/post/{post}/vote", option="1").status_code == 404
        assert who.opens(f"talk/post/{post}").status_code == 404
    with db.reading() as session:
        assert session.get_one(Post, post).body == "The **mean** is wrong."


def test_too_long_a_change_keeps_the_draft_and_a_closed_discussion_takes_none(
    as_: As, course: Course, db: Database
) -> None:
    ada = as_(course.ada)
    thread = begins(ada)
    post = posts_of(db, thread)[0]
    answer = ada.sends(f"talk/post/{post}/save", htmx=True, body="x" * 8001)
    assert answer.status_code == 422
    assert "x" * 8001 in answer.text
    assert "<html" in ada.sends(f"talk/post/{post}/save", body="").text
    with db.writing() as session:
        session.execute(update(Thread).values(closed_at=NOW))
    assert ada.sends(f"talk/post/{post}/save", body="Late").status_code == 422


def test_what_is_taken_back_leaves_its_place(as_: As, course: Course, db: Database) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = begins(ada)
    bruno.sends(f"talk/{thread}/reply", body="I regret this")
    post = posts_of(db, thread)[1]
    gone = bruno.sends(f"talk/post/{post}/take-back", htmx=True)
    assert "taken back by whoever wrote them" in gone.text
    page = as_(course.clara).opens(f"talk/{thread}").text
    assert "I regret this" not in page
    assert "taken back by whoever wrote them" in page
    assert bruno.sends(f"talk/post/{post}/take-back").status_code == 404
    assert "1 reply" not in ada.opens("talk").text


def test_a_discussion_that_nobody_answered_goes_with_its_only_post(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada, cookie=True)
    thread = begins(ada, title="By mistake")
    answer = ada.sends(f"talk/post/{posts_of(db, thread)[0]}/take-back")
    assert answer.status_code == 303
    assert "By mistake" not in ada.opens("talk").text
    assert ada.opens(f"talk/{thread}").status_code == 404


def test_warm_signs_are_given_counted_and_taken_back(as_: As, course: Course, db: Database) -> None:
    ada, bruno, bice = as_(course.ada), as_(course.bruno), as_(course.bice)
    thread = begins(ada)
    post = posts_of(db, thread)[0]
    row = bruno.sends(f"talk/post/{post}/sign", htmx=True, kind="heart")
    assert 'aria-pressed="true"' in row.text
    bice.sends(f"talk/post/{post}/sign", kind="heart")
    bice.sends(f"talk/post/{post}/sign", kind="thanks")
    assert re.search(r"Warm thought</title>|aria-label=\"Warm thought\"", ada.opens(f"talk/{thread}").text)
    assert 'aria-label="Warm thought: 2"' in bruno.opens(f"talk/{thread}").text
    bruno.sends(f"talk/post/{post}/sign", htmx=True, kind="heart")
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Reaction)) == 2
    assert ada.sends(f"talk/post/{post}/sign", kind="heart").status_code == 404
    assert bruno.sends(f"talk/post/{post}/sign", kind="poison").status_code == 404
    assert told(db, course.ada) == ["warm", "warm"]


def test_two_taps_at_once_leave_one_sign(db: Database, course: Course) -> None:
    with db.writing() as session:
        thread = posting.start_thread(session, course.context, course.ada, "T", "B", NOW)
        post = session.scalars(select(Post.id).where(Post.thread_id == thread)).one()
        values = {"membership_id": course.bruno, "post_id": post, "kind": "heart", "created_at": NOW}
        assert insert_new(session, Reaction, **values) is not None
        assert insert_new(session, Reaction, **values) is None


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


def test_what_waits_for_a_moderator_is_seen_and_told_only_when_it_is_let_out(
    as_: As, course: Course, db: Database
) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = begins(ada)
    with db.writing() as session:
        member = session.get_one(Membership, course.bruno)
        member.settings = {**member.settings, "watched_until": "2027-01-01"}
    bruno.sends(f"talk/{thread}/reply", body="Listen, @Ada R.")
    assert told(db, course.ada) == []
    assert "Listen" not in ada.opens(f"talk/{thread}").text
    assert "waits for a moderator" in bruno.opens(f"talk/{thread}").text
    assert "waits for a moderator" in as_(course.clara).opens(f"talk/{thread}").text


def test_an_author_who_is_hidden_from_peers_is_seen_by_tutors(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada)
    thread = begins(ada)
    with db.writing() as session:
        session.execute(update(Thread).values(anonymous=True))
        session.execute(update(Post).values(anonymous=True))
    for page in (as_(course.bruno).opens(f"talk/{thread}").text, as_(course.bruno).opens("talk").text):
        main = page[page.index("<main") :]
        assert "Ada" not in main
    assert "Somebody on the course" in as_(course.bruno).opens(f"talk/{thread}").text
    tutors = as_(course.clara).opens(f"talk/{thread}").text
    assert "Ada R" in tutors
    assert "hidden from peers" in tutors
    assert "hidden from peers" in ada.opens(f"talk/{thread}").text


def test_a_poll_is_asked_answered_and_answered_otherwise(
    as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = begins(ada, options="Tuesday\nThursday\n Thursday \n\nSunday", closes_in="3")
    post = posts_of(db, thread)[0]
    page = bruno.opens(f"talk/{thread}").text
    options = re.findall(r'name="option" value="(\d+)"', page)
    assert len(options) == 3
    assert "0 votes" not in page
    voted = bruno.sends(f"talk/post/{post}/vote", htmx=True, option=options[0])
    assert "1 vote" in voted.text
    assert "your choice" in voted.text
    bruno.sends(f"talk/post/{post}/vote", option=options[1])
    as_(course.bice).sends(f"talk/post/{post}/vote", option=options[1])
    assert "2 people have voted" in bruno.opens(f"talk/{thread}").text
    assert "Bice" not in bruno.opens(f"talk/{thread}").text.split("<main")[1]
    # One choice is one choice, and only of this poll.
    assert bruno.sends(f"talk/post/{post}/vote", option=options[:2]).status_code == 404
    assert bruno.sends(f"talk/post/{post}/vote", option="999").status_code == 404
    bruno.sends(f"talk/post/{post}/vote")
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(PollVote)) == 1
    clock.offset = timedelta(days=4)
    late = as_(course.clara)
    assert "This poll is over." in late.sends(f"talk/post/{post}/vote", htmx=True, option=options[0]).text
    assert "1 vote" in late.opens(f"talk/{thread}").text
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(PollVote)) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("Only one", "at least two answers"),
        ("\n".join("abcdefghi"), "up to eight answers"),
        ("a\n" + "b" * 121, "up to 120 characters"),
    ],
)
def test_a_poll_that_cannot_be_asked_keeps_the_draft(
    as_: As, course: Course, db: Database, options: str, words: str
) -> None:
    page = as_(course.ada).sends("talk/new", title="T", body="B", options=options)
    assert page.status_code == 422
    assert words in page.text
    assert options.split("\n")[0] in page.text
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Poll)) == 0


def test_several_answers_where_several_may_be_chosen(as_: As, course: Course, db: Database) -> None:
    thread = begins(as_(course.ada), options="a\nb\nc", many="yes")
    bruno = as_(course.bruno)
    options = re.findall(r'name="option" value="(\d+)"', bruno.opens(f"talk/{thread}").text)
    answer = bruno.sends(f"talk/post/{posts_of(db, thread)[0]}/vote", htmx=True, option=options[:2])
    assert answer.text.count("your choice") == 2
    assert "1 person has voted" in answer.text


def test_formulas_become_mathml_and_bad_ones_are_shown_as_written() -> None:
    assert "<msup>" in markdown("So $x^2$ it is")
    assert 'display="block"' in markdown("$$\\frac{1}{2}$$")
    assert "<mtable>" in markdown("$\\begin{matrix}a&b\\\\c&d\\end{matrix}$")
    assert "<math" not in markdown("It costs $5, or $10.")
    assert "<math" not in markdown("`$x$` and \\$x\\$ and $ x $")
    assert "<code>$\\frac{$</code>" in markdown("$\\frac{$")
    assert "<code>$\\nonsense{x}$</code>" in markdown("$\\nonsense{x}$")
    assert plain("So $x^2$ it is") == "So x^2 it is"
    for hostile in (
        "$\\text{<script>alert(1)</script>}$",
        "$\\text{<img src=x onerror=alert(1)>}$",
        "$\\href{javascript:alert(1)}{x}$",
        "$\\class{x}{y}\\style{color:red}{z}$",
        "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
    ):
        html = str(markdown(hostile))
        assert not re.search(r"<(script|img|style|a)\b|href=|style=|class=", html), html
    for bad in ("{" * 3000, "x" * 1001, "\\left(" * 40, "", " "):
        with pytest.raises(BadTex):
            mathml(bad, False)
    assert str(markdown("$x$ " * 100)).count("<math") == 80


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


def test_a_panel_beside_a_section_shows_what_is_said_there(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        session.execute(update(Activity).where(Activity.id == course.task_2).values(section="Grafici"))
        link = ResourceLink(
            context_id=course.context,
            id_on_platform="l1",
            panel="talk",
            settings={"section": "Grafici"},
            created_at=NOW,
        )
        session.add(link)
        session.flush()
        link_id = link.id
    ada = as_(course.ada)
    begins(ada, title="On the task", activity_id=str(course.task_2))
    begins(ada, title="On the section", activity_id="s:Grafici")
    begins(ada, title="On the quiz", activity_id=str(course.quiz_2))
    beside = as_(course.ada, cookie=True)
    beside.visit = replace(beside.visit, resource_link_id=link_id)
    page = _opens_with(beside, "talk")
    assert "On the task" in page
    assert "On the section" in page
    assert "On the quiz" not in page
    assert "On the quiz" in _opens_with(beside, "talk?all=1")
    quiz = _opens_with(beside, f"talk?about={course.quiz_2}")
    assert "On the quiz" in quiz
    assert "On the task" not in quiz
    assert "On the task" in _opens_with(beside, "talk?section=Nowhere")


def _opens_with(who: Somebody, path: str) -> str:
    app = who.client.application
    who.token = seal(who.visit, app.extensions["regista"].settings)
    return who.opens(path).text


def test_a_page_that_asks_by_itself_hears_of_new_posts_and_is_not_somebody_here(
    as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = begins(ada)
    clock.offset = timedelta(minutes=30)
    page = bruno.opens(f"talk/{thread}").text
    asks = _address(page, "live")
    clock.offset = timedelta(minutes=50)
    seen = _seen(db, course.bruno)
    quiet = bruno.client.get(asks, headers={HEADER: bruno.token})
    assert quiet.status_code == 204
    assert HEADER not in quiet.headers
    assert _seen(db, course.bruno) == seen
    ada.sends(f"talk/{thread}/reply", body="Something **new**")
    assert bruno.client.get(asks, headers={HEADER: bruno.token}).status_code == 200
    fresh = bruno.client.get(_address(page, "fresh"), headers={HEADER: bruno.token})
    assert "<strong>new</strong>" in fresh.text
    assert "The <strong>mean</strong>" not in fresh.text
    assert HEADER not in fresh.headers
    assert _seen(db, course.bruno) == seen
    assert bruno.client.get(_address(fresh.text, "live"), headers={HEADER: bruno.token}).status_code == 204
    for who in (as_(course.dario), as_(course.eva)):
        assert who.client.get(asks, headers={HEADER: who.token}).status_code in (401, 404)
        assert who.client.get(_address(page, "fresh"), headers={HEADER: who.token}).status_code == 404
    assert bruno.client.get(asks).status_code == 401
    assert bruno.client.get(asks.replace("at=", "at=x"), headers={HEADER: bruno.token}).status_code == 200


def _address(page: str, name: str) -> str:
    found = re.search(rf'data-{name}="([^"]+)"', page)
    assert found is not None
    return found.group(1).replace("&amp;", "&")


def _seen(db: Database, member: int) -> Any:
    with db.reading() as session:
        return session.scalar(
            select(Person.seen_at).join(Membership, Membership.person_id == Person.id).where(Membership.id == member)
        )


def test_a_private_thread_tells_nothing_to_those_outside(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        ids = lively(session, course)
        private = session.scalars(select(Thread.id).where(Thread.match_id == ids["met"])).one()
        post = session.scalars(select(Post.id).where(Post.thread_id == private).limit(1)).one()
    for who in (as_(course.ada), as_(course.clara)):
        assert who.client.get(who.at(f"live/{private}/posts?after=0"), headers={HEADER: who.token}).status_code == 404
        assert who.sends(f"talk/post/{post}/sign", kind="heart").status_code == 404
        assert who.opens(f"talk/post/{post}").status_code == 404
    hugo = as_(ids["hugo"])
    assert f"live/{private}" in hugo.opens(f"peer/{ids['met']}").text
    inside = hugo.client.get(hugo.at(f"live/{private}/posts?after=0"), headers={HEADER: hugo.token})
    assert "duplicati" in inside.text


def test_only_looking_changes_nothing(as_: As, course: Course, db: Database) -> None:
    thread = begins(as_(course.ada), options="a\nb")
    post = posts_of(db, thread)[0]
    looking = only_looks(as_(course.clara))
    page = looking.opens(f"talk/{thread}").text
    for name in ("take-back", "/sign", "/vote", "data-live"):
        assert name not in page.split("<main")[1]
    for path in ("sign", "vote", "save", "take-back"):
        assert looking.sends(f"talk/post/{post}/{path}", kind="heart", body="x").status_code == 403


def test_a_page_asks_the_same_few_questions_however_long_the_thread(
    app: Flask, as_: As, course: Course, db: Database
) -> None:
    ada = as_(course.ada)
    thread = begins(ada, options="a\nb", body="Hello @Bruno M.")
    counted: list[str] = []

    def count(*args: Any) -> None:
        counted.append(args[2])

    event.listen(db.engine, "before_cursor_execute", count)
    as_(course.bruno).opens(f"talk/{thread}")
    few = len(counted)
    event.remove(db.engine, "before_cursor_execute", count)
    with db.writing() as session:
        for number in range(30):
            session.add(Post(thread_id=thread, author_id=course.others[number % 8], body=f"n {number}", created_at=NOW))
    as_(course.bruno).opens(f"talk/{thread}")
    event.listen(db.engine, "before_cursor_execute", count)
    counted.clear()
    as_(course.bruno).opens(f"talk/{thread}")
    event.remove(db.engine, "before_cursor_execute", count)
    assert len(counted) <= few


def test_news_of_an_old_post_open_the_thread_where_it_stands(as_: As, course: Course, db: Database) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno, cookie=True)
    thread = begins(ada)
    with db.writing() as session:
        for number in range(90):
            at = NOW + timedelta(minutes=number + 1)
            session.add(Post(thread_id=thread, author_id=course.ada, body=f"Post no. {number}.", created_at=at))
    old = posts_of(db, thread)[6]
    with db.writing() as session:
        row = Notification(membership_id=course.bruno, key="m", kind="mention", thread_id=thread, post_id=old,
                           by_id=course.ada, made_at=NOW)  # fmt: skip
        session.add(row)
        session.flush()
        told = row.id
    where = bruno.opens(f"news/{told}").headers["Location"]
    assert where == f"/v/r1/talk/{thread}?post={old}#post-{old}"
    page = bruno.opens(where.removeprefix("/v/r1/").partition("#")[0]).text
    assert f'id="post-{old}"' in page
    assert "Post no. 24." in page
    assert "Post no. 26." not in page
    assert "Back to the newest" in page
    newest = posts_of(db, thread)[-1]
    assert "Back to the newest" not in bruno.opens(f"talk/{thread}?post={newest}").text
    # A number that is no post of this thread is none to look for.
    for strange in ("0", "99999999", "x", "1" * 40):
        assert "Post no. 89." in bruno.opens(f"talk/{thread}?post={strange}").text
