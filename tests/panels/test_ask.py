"""People ask and answer: what was asked before is shown first, answers are thanked, accepted, confirmed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from lti_app.db import Database
from lti_app.models import AuditEntry, Context, HelpOffer, Membership, Notification, Post, Report, Thread, ThreadVote
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.lively import token_of
from tests.sweep.course import NOW, Course, offers_help

As = Callable[..., Somebody]
TITLE = "How do I spot a hidden missing value?"


def count(db: Database, what: type[Post] | type[Thread] | type[Notification] | type[ThreadVote]) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(what)) or 0


def asks(who: Somebody, title: str = TITLE, body: str = "", **more: str) -> int:
    page = who.sends("ask/new", title=title, body=body, **({"checked": "1"} | more))
    assert page.status_code in (200, 303), page.text
    found = re.search(r"/ask/(\d+)", page.headers.get("Location", "") or page.text)
    assert found is not None, page.text
    return int(found.group(1))


def answers(who: Somebody, thread: int, db: Database, body: str = "Look at the smallest value first.") -> int:
    page = who.sends(f"ask/{thread}/answer", htmx=True, body=body)
    assert page.status_code == 200, page.text
    with db.reading() as session:
        return session.scalars(select(func.max(Post.id)).where(Post.thread_id == thread)).one()


def told(db: Database, member: int) -> list[str]:
    with db.reading() as session:
        rows = session.execute(
            select(Notification.kind, Notification.by_id)
            .where(Notification.membership_id == member)
            .order_by(Notification.id)
        )
        return [f"{kind} by {by_id}" for kind, by_id in rows]


def main_of(page: str) -> str:
    return page[page.index("<main") : page.index("</main>")]


def bare(page: str) -> str:
    """The page without what is drawn anew each time."""
    return re.sub(r'(form_key|visit_token)" value="[^"]*"', "", main_of(page))


def test_ada_asks_beside_the_quiz_bruno_answers_and_it_helps(as_: As, course: Course, db: Database) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = asks(ada, place=f"a:{course.quiz_2}", body="The **mean** is wrong.")
    listed = bruno.opens("ask").text
    assert TITLE in listed
    assert "You have passed this: can you help?" in listed
    post = answers(bruno, thread, db)
    assert told(db, course.ada) == [f"answer by {course.bruno}"]
    page = ada.opens(f"ask/{thread}").text
    assert "<strong>mean</strong>" in page
    assert "Bruno M." in page
    assert "Marchi" not in page
    assert "This helped me" in page
    done = ada.sends(f"ask/{thread}/accept/{post}", htmx=True)
    assert "this helped" in done.text
    assert told(db, course.bruno) == [f"accepted by {course.ada}"]
    assert ">answered" in re.sub(r"<svg.*?</svg>\s*", "", bruno.opens(f"ask/{thread}").text, flags=re.S)
    assert "can you help" not in bruno.opens("ask").text


def test_the_panel_beside_an_activity_opens_on_it(as_: As, course: Course) -> None:
    ada = as_(course.ada)
    asks(ada, "About the first quiz", place=f"a:{course.quiz_1}")
    asks(ada, "About the second quiz", place=f"a:{course.quiz_2}")
    asks(ada, "About the section", place="s:Pulizia dei dati")
    page = ada.opens(f"ask?about={course.quiz_2}").text
    assert "Ask something about Quiz 2: Pulizia dei dati…" in page
    assert "About the second quiz" in page
    assert "About the first quiz" not in page
    assert f'value="a:{course.quiz_2}" selected' in page
    section = ada.opens("ask?section=Pulizia+dei+dati").text
    assert "About the section" in section
    assert "About the first quiz" in section


def test_what_was_asked_before_is_shown_while_typing_and_before_it_is_posted(
    as_: As, course: Course, db: Database
) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = asks(ada)
    typed = bruno.sends("ask/similar", htmx=True, title="spotting hidden missing values")
    assert TITLE in typed.text
    assert 'name="checked" value="1"' in typed.text
    assert "<html" not in typed.text
    step = bruno.sends("ask/new", title="Hidden missing values: how to spot them?", body="Mine too")
    assert step.status_code == 200
    assert "Has it been asked already?" in step.text
    assert "Ask it all the same" in step.text
    assert "Hidden missing values: how to spot them?" in step.text
    assert count(db, Thread) == 1
    # The button beside the similar question sends the whole form to it.
    shared = bruno.sends(f"ask/{thread}/same", title="Hidden missing values", body="Mine too", checked="1")
    assert shared.status_code == 200
    assert count(db, ThreadVote) == 1
    asks(bruno, "Hidden missing values: how to spot them?")
    assert count(db, Thread) == 2


def test_something_else_is_posted_at_once(as_: As, course: Course, db: Database) -> None:
    asks(as_(course.ada))
    asks(as_(course.bruno), "When is the next meeting?", checked="")
    assert count(db, Thread) == 2


def test_who_has_the_same_question_hears_of_the_first_answer_only(as_: As, course: Course, db: Database) -> None:
    ada, bruno, bice = as_(course.ada), as_(course.bruno), as_(course.bice)
    thread = asks(ada)
    assert ada.sends(f"ask/{thread}/same").status_code == 404
    pressed = bice.sends(f"ask/{thread}/same", htmx=True)
    assert "1 person has the same question" in pressed.text
    assert 'aria-pressed="true"' in pressed.text
    answers(bruno, thread, db)
    answers(bruno, thread, db, "And the largest.")
    assert told(db, course.bice) == [f"answer by {course.bruno}"]
    assert len(told(db, course.ada)) == 2
    bice.sends(f"ask/{thread}/same", htmx=True)
    assert count(db, ThreadVote) == 0


def test_thanks_are_given_once_and_taken_back_but_not_to_oneself(as_: As, course: Course, db: Database) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = asks(ada)
    post = answers(bruno, thread, db)
    assert "thank you · 1" in ada.sends(f"ask/{thread}/thank/{post}", htmx=True).text
    assert bruno.sends(f"ask/{thread}/thank/{post}", htmx=True).status_code == 404
    assert "thank you · 1" in bruno.opens(f"ask/{thread}").text
    assert "thank you · 1" not in ada.sends(f"ask/{thread}/thank/{post}", htmx=True).text
    ada.sends(f"ask/{thread}/thank/{post}", htmx=True)
    assert told(db, course.bruno) == [f"warm by {course.ada}"]


def test_at_most_one_answer_helped_and_only_who_asked_or_staff_says_so(as_: As, course: Course, db: Database) -> None:
    ada, bruno, bice, clara = as_(course.ada), as_(course.bruno), as_(course.bice), as_(course.clara)
    thread = asks(ada)
    first, second = answers(bruno, thread, db), answers(bice, thread, db, "Or read the dictionary.")
    assert bice.sends(f"ask/{thread}/accept/{first}").status_code == 404
    ada.sends(f"ask/{thread}/accept/{first}")
    ada.sends(f"ask/{thread}/accept/{second}")
    with db.reading() as session:
        assert session.scalars(select(Post.id).where(Post.accepted_at.is_not(None))).all() == [second]
    clara.sends(f"ask/{thread}/accept/{first}")
    ada.sends(f"ask/{thread}/accept/{first}")
    with db.reading() as session:
        assert session.scalars(select(Post.id).where(Post.accepted_at.is_not(None))).all() == []
        acts = session.scalars(select(AuditEntry.what).order_by(AuditEntry.id)).all()
    assert acts == ["answer_accepted"]
    with db.reading() as session:
        question = session.scalars(select(func.min(Post.id)).where(Post.thread_id == thread)).one()
    assert ada.sends(f"ask/{thread}/accept/{question}").status_code == 404


def test_a_tutor_confirms_answers_stand_in_order_and_say_what_was_reached(
    as_: As, course: Course, db: Database
) -> None:
    ada, bruno, bice, clara = as_(course.ada), as_(course.bruno), as_(course.bice), as_(course.clara)
    thread = asks(ada, place=f"a:{course.quiz_2}")
    one, two, three = (answers(who, thread, db, f"Answer {n}.") for n, who in enumerate((bice, bruno, clara), 1))
    assert bruno.sends(f"ask/{thread}/confirm/{two}").status_code == 404
    assert "confirmed by the tutor" in clara.sends(f"ask/{thread}/confirm/{two}", htmx=True).text
    ada.sends(f"ask/{thread}/accept/{three}")
    page = ada.opens(f"ask/{thread}").text
    order = [int(number) for number in re.findall(r'<article class="ask-answer[^"]*" id="post-(\d+)"', page)]
    assert order == [three, two, one]
    assert "1 answer confirmed" in page
    # Bruno has passed the quiz, but lets nobody know so far.
    assert "has finished" not in page
    with db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2)
    assert "has finished Quiz 2: Pulizia dei dati" in ada.opens(f"ask/{thread}").text
    assert f"endorsed by {course.clara}" in told(db, course.bruno)
    with db.writing() as session:
        session.execute(update(HelpOffer).values(ended_at=NOW))


def test_an_asker_without_a_name_is_found_out_by_nobody(
    as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    ada, bruno, clara = as_(course.ada), as_(course.bruno), as_(course.clara)
    thread = asks(ada, place=f"a:{course.quiz_2}", anonymous="yes", body="I am lost.")
    clock.offset = timedelta(minutes=2)
    post = answers(bruno, thread, db)
    clock.offset = timedelta(minutes=4)
    answers(ada, thread, db, "Still lost.")
    ada.sends(f"ask/{thread}/thank/{post}")
    ada.sends(f"ask/{thread}/accept/{post}")
    for page in (bruno.opens(f"ask/{thread}").text, bruno.opens("ask").text, bruno.opens("home").text):
        assert not re.search(r"\bAda\b|Rossi|>AR<", bare(page))
    read = main_of(bruno.opens(f"ask/{thread}").text)
    assert read.count("A course mate") >= 2
    assert "asked this" in read
    assert all(not kind.endswith(f"by {course.ada}") for kind in told(db, course.bruno))
    assert {kind.split(" ")[0] for kind in told(db, course.bruno)} == {"reply", "warm", "accepted"}
    assert "Ada Rossi" in clara.opens(f"ask/{thread}").text
    assert "hidden from course mates" in clara.opens("ask").text
    own = ada.opens(f"ask/{thread}").text
    assert "without your name" in own
    assert "You stay without a name here" in own


def test_pages_of_two_who_hide_are_the_same_to_the_last_sign(as_: As, course: Course, db: Database) -> None:
    bruno = as_(course.bruno)
    seen = []
    for who in (as_(course.ada), as_(course.others[2])):
        thread = asks(who, anonymous="yes", body="I am lost.")
        answers(who, thread, db, "Still lost.")
        seen.append(re.sub(r"\d+", "0", bare(bruno.opens(f"ask/{thread}").text)))
    assert seen[0] == seen[1]


def test_where_the_course_wants_names_nothing_is_posted_without_one(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        session.execute(
            update(Context).where(Context.id == course.context).values(settings={"community": {"anonymous": False}})
        )
    ada = as_(course.ada)
    assert "Without my name" not in ada.opens("ask").text
    page = ada.sends("ask/new", title="Who am I?", anonymous="yes", checked="1")
    assert page.status_code == 422
    assert "Who am I?" in page.text
    assert "questions carry the name of who asks" in page.text
    assert count(db, Thread) == 0
    assert "Without my name" not in as_(course.clara).opens("ask").text


def test_dario_and_eva_get_nothing(as_: As, course: Course, db: Database) -> None:
    thread = asks(as_(course.ada), place=f"a:{course.quiz_2}")
    post = answers(as_(course.bruno), thread, db)
    for who in (as_(course.dario), as_(course.eva)):
        assert TITLE not in who.opens("ask").text
        assert TITLE not in who.sends("ask/similar", htmx=True, title=TITLE).text
        assert TITLE not in who.opens("home").text
        assert who.opens(f"ask/{thread}").status_code == 404
        for act in ("answer", "same", f"thank/{post}", f"accept/{post}", f"confirm/{post}"):
            assert who.sends(f"ask/{thread}/{act}", body="Mine").status_code == 404
        assert who.sends("ask/new", title="Mine", place=f"a:{course.quiz_2}", checked="1").status_code == 404
        assert who.sends("ask/new", title="Mine", place="s:Nowhere", checked="1").status_code == 404
    assert count(db, Post) == 2


def test_a_double_click_asks_and_answers_once(as_: As, course: Course, db: Database) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = asks(ada, form_key="one")
    assert asks(ada, form_key="one") == thread
    for _again in range(3):
        bruno.sends(f"ask/{thread}/answer", body="Once", form_key="two")
    assert (count(db, Thread), count(db, Post), count(db, Notification)) == (1, 2, 1)


@pytest.mark.parametrize(
    ("title", "body", "words"),
    [
        ("", "Something", "it cannot be empty"),
        ("t" * 201, "Something", "This is 1 character too long"),
        ("Title", "b" * 8040, "This is 40 characters too long"),
        ("Title \u202edesrever", "", "characters that cannot be shown"),
    ],
)
def test_what_cannot_be_taken_comes_back_with_words_and_the_draft(
    as_: As, course: Course, db: Database, title: str, body: str, words: str
) -> None:
    page = as_(course.ada).sends("ask/new", title=title, body=body, checked="1")
    assert page.status_code == 422
    assert words in page.text
    assert 'aria-invalid="true"' in page.text
    assert body in page.text
    assert count(db, Thread) == 0


def test_an_answer_that_is_too_long_keeps_its_place(as_: As, course: Course) -> None:
    ada = as_(course.ada)
    thread = asks(ada)
    answer = as_(course.bruno).sends(f"ask/{thread}/answer", htmx=True, body="x" * 8001)
    assert answer.status_code == 422
    assert "x" * 8001 in answer.text
    assert 'id="body-fault"' in answer.text


def test_hostile_words_are_shown_as_words(as_: As, course: Course, db: Database) -> None:
    body = "<script>alert(1)</script> <img src=x onerror=alert(1)> [click](javascript:alert(1))"
    thread = asks(as_(course.ada), title='<b onclick="x">Title</b>', body=body)
    answers(as_(course.bice), thread, db, body)
    for path in (f"ask/{thread}", "ask", "home"):
        page = main_of(as_(course.bruno).opens(path).text)
        for forbidden in ("<script", "<img", 'href="javascript', "<b onclick"):
            assert forbidden not in page


def test_who_only_looks_writes_nothing(app: Flask, as_: As, course: Course, db: Database) -> None:
    thread = asks(as_(course.ada))
    looks = as_(course.clara)
    looks.visit = replace(looks.visit, role="learner", membership_id=None, student_view=True)
    looks.token = token_of(app, looks.visit)
    assert looks.opens("ask").status_code == 200
    assert looks.opens(f"ask/{thread}").status_code == 200
    assert looks.sends("ask/new", title="Mine", checked="1").status_code == 403
    assert looks.sends(f"ask/{thread}/same").status_code == 403
    assert looks.sends("ask/similar", htmx=True, title=TITLE).status_code == 200


def test_with_a_cookie_the_answers_to_forms_are_redirects(as_: As, course: Course) -> None:
    ada = as_(course.ada, cookie=True)
    page = ada.sends("ask/new", title="A question", checked="1")
    assert page.status_code == 303
    assert re.fullmatch(r"/v/r1/ask/\d+", page.headers["Location"])
    thread = page.headers["Location"].rsplit("/", 1)[1]
    assert as_(course.bruno, cookie=True).sends(f"ask/{thread}/same").status_code == 303


def test_a_closed_or_archived_question_can_be_read_but_not_answered(as_: As, course: Course, db: Database) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = asks(ada)
    with db.writing() as session:
        session.execute(update(Thread).values(closed_at=NOW))
    assert "This question is closed." in bruno.opens(f"ask/{thread}").text
    late = bruno.sends(f"ask/{thread}/answer", body="One more")
    assert late.status_code == 422
    with db.writing() as session:
        session.execute(update(Thread).values(closed_at=None, archived_at=NOW))
    assert "This question is archived." in bruno.opens(f"ask/{thread}").text
    assert TITLE not in bruno.opens("ask").text
    with db.writing() as session:
        session.execute(update(Thread).values(hidden_at=NOW))
    assert bruno.opens(f"ask/{thread}").status_code == 404


def test_a_question_that_waits_for_a_moderator_is_seen_by_its_author_and_staff_only(
    as_: As, course: Course, db: Database
) -> None:
    with db.writing() as session:
        session.execute(
            update(Context).where(Context.id == course.context).values(settings={"community": {"hold_first": 1}})
        )
    thread = asks(as_(course.ada))
    assert as_(course.bruno).opens(f"ask/{thread}").status_code == 404
    assert TITLE not in as_(course.bruno).opens("ask").text
    assert "A moderator looks at this first" in as_(course.ada).opens(f"ask/{thread}").text
    assert as_(course.clara).opens(f"ask/{thread}").status_code == 200
    with db.reading() as session:
        assert session.scalars(select(Report.why)).all() == ["held"]


def test_filters_and_pages(as_: As, course: Course, db: Database, clock: StillClock) -> None:
    ada, bruno = as_(course.ada, cookie=True), as_(course.bruno, cookie=True)
    with db.writing() as session:
        session.add_all(
            Thread(
                context_id=course.context, kind="ask", title=f"Question number {n:02}", author_id=course.bice,
                created_at=NOW + timedelta(minutes=n), moved_at=NOW + timedelta(minutes=n),
            )
            for n in range(24)
        )  # fmt: skip
    clock.offset = timedelta(hours=1)
    mine = asks(ada)
    answers(bruno, mine, db)
    first = ada.opens("ask").text
    assert "Question number 23" in first
    assert "Question number 03" not in first
    assert "page=2" in first
    assert "Question number 03" in ada.opens("ask?page=2").text
    waiting = ada.opens("ask?show=unanswered").text
    assert waiting.index("Question number 00") < waiting.index("Question number 01")
    assert TITLE not in waiting
    assert "Question number" not in ada.opens("ask?show=answered").text
    assert TITLE in bruno.opens("ask?show=mine").text
    assert "Question number" not in bruno.opens("ask?show=mine").text
    assert ada.opens("ask?show=nonsense&page=-3&about=9999999999999999999").status_code == 200
    assert 'class="count">1' in ada.opens("ask").text
    ada.opens(f"ask/{mine}")
    assert 'class="count"' not in main_of(ada.opens("ask").text)


def test_an_empty_course_is_an_invitation(as_: As, course: Course) -> None:
    assert "The first question is a gift." in as_(course.dario).opens("ask").text


def test_somebody_who_has_left_keeps_no_name(as_: As, course: Course, db: Database) -> None:
    thread = asks(as_(course.ada))
    with db.writing() as session:
        session.delete(session.get_one(Membership, course.ada))
    assert "Somebody who has left" in as_(course.bruno).opens(f"ask/{thread}").text


def test_words_are_changed_and_taken_back_in_place(as_: As, course: Course, db: Database) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = asks(ada, body="First words.", anonymous="yes")
    post = answers(bruno, thread, db, "A mistake. @Bice look too")
    with db.reading() as session:
        question = session.scalars(select(func.min(Post.id)).where(Post.thread_id == thread)).one()
    changed = bruno.sends(f"talk/post/{post}/save", htmx=True, body="No mistake.")
    assert 'class="ask-answer"' in changed.text
    assert "No mistake." in changed.text
    assert bruno.sends(f"talk/post/{question}/save", htmx=True, body="Mine").status_code == 404
    again = ada.sends(f"talk/post/{question}/save", htmx=True, body="Better words. @Bice?")
    assert "Better words." in again.text
    assert "edited" in again.text
    # Naming somebody does not name who asks.
    assert told(db, course.bice) == [f"mention by {course.bruno}", "mention by None"]
    assert "Something is not right here" in bruno.opens(f"ask/{thread}").text
    bruno.sends(f"talk/post/{post}/take-back", htmx=True)
    assert "No mistake." not in ada.opens(f"ask/{thread}").text
    ada.sends(f"talk/post/{question}/take-back")
    assert bruno.opens(f"ask/{thread}").status_code == 404


def test_staff_look_after_questions(as_: As, course: Course, db: Database) -> None:
    ada, bruno, clara = as_(course.ada), as_(course.bruno), as_(course.clara)
    first = asks(ada, "What is a hidden value?")
    second = asks(bruno, "Something else entirely")
    for act in ("mark", "move", "merge"):
        assert bruno.sends(f"ask/{first}/{act}", act="lock", into_id=str(second)).status_code == 404
        assert as_(course.dario).sends(f"ask/{first}/{act}", act="lock", into_id=str(second)).status_code == 404
    assert "Look after this question" not in bruno.opens(f"ask/{first}").text
    assert "Look after this question" in clara.opens(f"ask/{first}").text
    assert "This question is closed." in clara.sends(f"ask/{first}/mark", act="lock").text
    assert "Close to replies" in clara.sends(f"ask/{first}/mark", act="unlock").text
    moved = clara.sends(f"ask/{first}/move", place=f"a:{course.quiz_1}", kind="ask")
    assert "Quiz 1: Primi passi" in moved.text
    assert clara.sends(f"ask/{first}/merge", into_id="no").status_code == 404
    answers(bruno, first, db)
    clara.sends(f"ask/{first}/merge", into_id=str(second))
    assert "Look at the smallest value first." in bruno.opens(f"ask/{first}").text
    assert "Something else entirely" in bruno.opens(f"ask/{first}").text
    assert "What is a hidden value?" not in bruno.opens("ask").text
    clara.sends(f"ask/{second}/move", kind="talk")
    assert bruno.opens(f"ask/{second}").status_code == 404
    assert "Something else entirely" in bruno.opens("talk").text
