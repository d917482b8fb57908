"""Ada's digest: once a week, only when there is something, in her language, and never twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import event, func, select, update

from engagement.moments import next_morning
from lti_app.config import Settings
from lti_app.house import House
from lti_app.jobs.deliver import DeliverSummary, deliver_due
from lti_app.jobs.digest import make_digests
from lti_app.models import Delivery, DigestPlan, Event, Membership, Notification, Person, Post, Prompt, Thread
from lti_app.sealing import seal_text
from lti_app.store import digest_plans, posting
from lti_app.store.digest_plans import Plan
from lti_app.store.notifications import notify
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.proof.mail_server import Post as PostOffice
from tests.proof.mail_server import mail_server
from tests.sweep.course import NOW, Builder, Course

As = Callable[..., Somebody]
# NOW is a Friday; the digest of the week comes on Monday at nine in Rome.
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LMS = "https://moodle.example"


@pytest.fixture
def post() -> Iterator[PostOffice]:
    with mail_server() as server:
        yield server


@pytest.fixture
def settings(settings: Settings, post: PostOffice) -> Settings:
    return replace(settings, smtp_url=post.url, mail_from="regista@academy.example")


@pytest.fixture
def house(app: Flask, course: Course) -> House:
    here: House = app.extensions["regista"]
    with here.db.writing() as session:
        session.execute(update(Person).values(email=Person.given_name + "@example.org"))
        sealed = seal_text("token", here.settings.secret_key)
        Builder(session).connect(course.registration, LMS, sealed)
    return here


def told(house: House, course: Course, *members: int, title: str = "Valori & nascosti") -> int:
    """Bruno answers in Ada's discussion, and she and the others named are told."""
    with house.db.writing() as session:
        thread = posting.start_thread(session, course.context, course.ada, title, "Perché?", NOW)
        posting.reply(session, course.context, thread, course.bruno, "Guarda il minimo.", NOW)
        post_id = session.scalars(select(Post.id).where(Post.thread_id == thread).order_by(Post.id.desc())).first()
        to = members or (course.ada,)
        notify(session, to, "reply", f"r{thread}", NOW, by_id=course.bruno, thread_id=thread, post_id=post_id)
    return thread


def passes(app: Flask, clock: StillClock, at: datetime) -> DeliverSummary:
    """A tick and a delivery at this time."""
    clock.at = at
    with app.app_context():
        make_digests(app.extensions["regista"], at)
        return deliver_due(app.extensions["regista"])


def begins(app: Flask, clock: StillClock) -> None:
    """The first tick sees who has a plan."""
    passes(app, clock, NOW + timedelta(minutes=1))


def test_ada_reads_on_monday_what_she_has_not_seen_and_every_link_leads_to_the_course(
    app: Flask, house: House, course: Course, post: PostOffice, clock: StillClock
) -> None:
    told(house, course)
    with house.db.writing() as session:
        for days, title in ((4, "Ora delle domande"), (40, "Lontano")):
            at = NOW + timedelta(days=days)
            session.add(Event(context_id=course.context, kind="qa", title=title, starts_at=at, ends_at=at,
                              created_at=NOW, changed_at=NOW, timed_at=NOW))  # fmt: skip
    begins(app, clock)
    assert passes(app, clock, MONDAY - timedelta(minutes=1)).sent == 0
    assert passes(app, clock, MONDAY).sent == 1
    for later in (timedelta(), timedelta(hours=1), timedelta(days=7), timedelta(days=14)):
        assert passes(app, clock, MONDAY + later) == DeliverSummary()
    (mail,) = post.got
    assert str(mail["To"]) == "Ada Rossi <Ada@example.org>"
    assert str(mail["Subject"]) == "Fondamenti di Data Analysis: le novità per te"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "- Bruno ha risposto in “Valori & nascosti”" in text.get_content()
    assert "- martedì 24 novembre, 11:05 · Ora delle domande" in text.get_content()
    assert "Lontano" not in text.get_content()
    assert "Valori &amp; nascosti" in html.get_content()
    assert '<html lang="it">' in html.get_content()
    links = set(re.findall(r"https?://[^\s\"<]+", text.get_content() + html.get_content()))
    stop = str(mail["List-Unsubscribe"]).strip("<>")
    assert links == {f"{LMS}/course/view.php?id=7", stop}
    assert "<img" not in html.get_content()


def test_what_ada_has_seen_by_then_is_not_sent_and_nothing_to_say_is_nothing_sent(
    app: Flask, house: House, course: Course, post: PostOffice, clock: StillClock, as_: As
) -> None:
    told(house, course)
    begins(app, clock)
    clock.at = NOW + timedelta(hours=1)
    as_(course.ada).sends("news/seen", all="yes")
    assert passes(app, clock, MONDAY) == DeliverSummary()
    assert post.got == []


def test_a_post_that_was_hidden_between_the_tick_and_the_sending_is_in_no_mail(
    app: Flask, house: House, course: Course, post: PostOffice, clock: StillClock
) -> None:
    told(house, course)
    begins(app, clock)
    clock.at = MONDAY
    make_digests(house, MONDAY)
    with house.db.writing() as session:
        session.execute(update(Thread).values(hidden_at=NOW))
    assert passes(app, clock, MONDAY).dropped == 1
    assert post.got == []


def test_bruno_reads_english_in_tokyo_and_his_morning_is_there(
    app: Flask, house: House, course: Course, post: PostOffice, clock: StillClock
) -> None:
    with house.db.writing() as session:
        bruno = update(Person).where(Person.given_name == "Bruno")
        session.execute(bruno.values(locale="en-GB", time_zone="Asia/Tokyo"))
        notify(session, [course.bruno], "kudos", "k", NOW, by_id=course.ada)
    begins(app, clock)
    monday = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    assert passes(app, clock, monday - timedelta(minutes=1)).sent == 0
    assert passes(app, clock, monday).sent == 1
    assert "- Ada thanked you" in str(post.got[0].get_body(("plain",)))


def test_ada_wants_it_every_day_then_never_by_one_click(
    app: Flask, house: House, course: Course, post: PostOffice, clock: StillClock, as_: As
) -> None:
    told(house, course)
    page = as_(course.ada).opens("letters").text
    assert "A digest by e-mail" in page
    as_(course.ada).sends("letters/choose", every="day", weekday="3")
    begins(app, clock)
    assert passes(app, clock, datetime(2026, 11, 21, 8, 0, tzinfo=UTC)).sent == 1
    address = str(post.got[0]["List-Unsubscribe"]).strip("<>").removeprefix(house.settings.public_url)
    assert "Un riepilogo delle novità" in app.test_client().get(address).text
    assert app.test_client().post(address, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    with house.db.reading() as session:
        ada = session.scalar(select(Membership.person_id).where(Membership.id == course.ada)) or 0
        assert digest_plans.plan_of(session, ada) == Plan("never", 3)
    clock.at = NOW + timedelta(days=1, hours=5)
    told(house, course, title="Ancora")
    for days in range(2, 10):
        assert passes(app, clock, NOW + timedelta(days=days)).sent == 0


def test_a_digest_for_two_courses_of_one_platform_is_one_mail(
    app: Flask, house: House, course: Course, post: PostOffice, clock: StillClock
) -> None:
    with house.db.writing() as session:
        ada = session.get_one(Membership, course.ada)
        second = Membership(context_id=course.dario_context, person_id=ada.person_id, role="learner", created_at=NOW)
        session.add(second)
        session.flush()
        notify(session, [second.id], "kudos", "k", NOW, by_id=course.dario)
        thread = Thread(context_id=course.dario_context, kind="ask", title="Chi sa che cos’è un indice?",
                        author_id=course.dario, created_at=NOW, moved_at=NOW)  # fmt: skip
        session.add(thread)
    told(house, course)
    begins(app, clock)
    assert passes(app, clock, MONDAY).sent == 1
    text = str(post.got[0].get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert str(post.got[0]["Subject"]) == "2 novità per te"
    assert text.index("Valori & nascosti") != -1
    assert "Dario ti ringrazia" in text
    assert "Chi sa che cos’è un indice?" in text


def test_the_mail_server_breaks_off_and_nobody_gets_it_twice(
    app: Flask, house: House, course: Course, post: PostOffice, clock: StillClock
) -> None:
    told(house, course)
    begins(app, clock)
    post.breaks = True
    assert passes(app, clock, MONDAY).unsure == 1
    post.breaks = False
    for days in (0, 1, 7):
        assert passes(app, clock, MONDAY + timedelta(days=days)) == DeliverSummary()
    assert len(post.got) == 1


def test_a_worker_that_dies_while_sending_leaves_it_unsure_not_double(
    app: Flask, house: House, course: Course, post: PostOffice, clock: StillClock
) -> None:
    told(house, course)
    begins(app, clock)
    clock.at = MONDAY
    make_digests(house, MONDAY)
    with house.db.writing() as session:
        prompt = session.scalars(select(Prompt).where(Prompt.kind == "digest")).one()
        prompt.state, prompt.claimed_until = "claimed", datetime(2020, 1, 1, tzinfo=UTC)
        session.add(Delivery(prompt_id=prompt.id, channel="email", state="sending", at=MONDAY))
    assert passes(app, clock, MONDAY).unsure == 1
    assert post.got == []
    with house.db.reading() as session:
        assert set(session.scalars(select(Notification.digested_at))) == {MONDAY}


def test_whoever_has_had_enough_letters_this_week_gets_it_with_the_next(
    app: Flask, house: House, course: Course, post: PostOffice, clock: StillClock
) -> None:
    told(house, course)
    begins(app, clock)
    with house.db.writing() as session:
        for number in range(3):
            prompt = Prompt(key=f"n{number}", context_id=course.context, membership_id=course.ada, kind="nudge",
                            channel="email", state="sent", made_at=NOW, due_at=NOW, sent_at=NOW)  # fmt: skip
            session.add(prompt)
            session.flush()
            session.add(Delivery(prompt_id=prompt.id, channel="email", state="sent", at=NOW + timedelta(hours=number)))
    assert passes(app, clock, MONDAY).shown == 1
    assert passes(app, clock, MONDAY + timedelta(days=7)).sent == 1


def test_a_course_that_sends_nothing_and_a_person_without_an_address_get_none(
    app: Flask, house: House, course: Course, post: PostOffice, clock: StillClock
) -> None:
    told(house, course, course.ada, course.bice)
    with house.db.writing() as session:
        session.execute(update(Person).where(Person.given_name == "Bice").values(email=None))
        ada = session.get_one(Membership, course.ada)
        ada.state = "left"
    begins(app, clock)
    assert passes(app, clock, MONDAY) == DeliverSummary()
    with house.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Prompt)) == 0


def test_many_who_are_due_at_once_go_in_portions_of_a_fixed_cost(
    house: House, course: Course, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = [course.ada, course.bruno, course.bice, *course.others]
    told(house, course, *everybody)
    asked: list[str] = []
    event.listen(house.db.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))

    def portion(limit: int) -> tuple[int, int, int]:
        asked.clear()
        with house.db.writing() as session:
            people, made = digest_plans.make_due(session, MONDAY, limit=limit, has_mail=True)
        return people, made, len(asked)

    with house.db.writing() as session:
        session.execute(update(DigestPlan).values(scheduled=True, due_at=MONDAY))
    first, second = portion(2), portion(7)
    assert first[:2] == (2, 2)
    assert second[:2] == (7, 7)
    assert first[2] == second[2]
    assert portion(200)[0] == len(everybody) - 1 - 9
    assert portion(200) == (0, 0, 1)


def test_mornings_come_in_summer_and_in_winter() -> None:
    saturday = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert next_morning(saturday, "Europe/Rome", time(9)) == datetime(2026, 3, 29, 7, tzinfo=UTC)
    assert next_morning(saturday, "Europe/Rome", time(9), 5) == datetime(2026, 4, 4, 7, tzinfo=UTC)
    monday = datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert next_morning(monday, "Europe/Rome", time(9), 0) == monday + timedelta(days=7)
    assert next_morning(monday - timedelta(seconds=1), "Europe/Rome", time(9), 0) == monday


def test_ada_turns_off_warm_signs_at_the_bell_and_only_those(house: House, course: Course, as_: As) -> None:
    page = as_(course.ada).opens("letters").text
    assert "Thanks and warm signs" in page
    groups = ["replies", "questions", "events", "library", "wins", "pulse"]
    kept = as_(course.ada).sends("letters/choose", groups=groups, told=[one for one in groups if one != "wins"])
    assert "Kept." in kept.text
    with house.db.writing() as session:
        assert notify(session, [course.ada], "warm", "w", NOW, by_id=course.bruno) == 0
        assert notify(session, [course.ada], "reply", "r", NOW, by_id=course.bruno) == 1
        assert notify(session, [course.bruno], "warm", "w", NOW, by_id=course.ada) == 1
