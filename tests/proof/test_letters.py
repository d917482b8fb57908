"""A word reaches a person by the way they allow, once, not at night and not too often; one click ends it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from lti_app.config import BadSettings, Settings, settings_from
from lti_app.house import House
from lti_app.jobs.deliver import DeliverSummary, deliver_due
from lti_app.jobs.sweep import sweep_context
from lti_app.models import Delivery, Episode, Membership, Person, Prompt
from lti_app.sealing import seal_text
from lti_app.stopping import stop_address
from lti_app.store import letters
from lti_app.store.desk import desk_case, tutor_acted
from lti_app.store.prompts import NewPrompt, add
from lti_app.store.support import support_for
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.proof.mail_server import Post, mail_server
from tests.sweep.course import NOW, Builder, Course, stalls
from tests.sweep.moodle import Mailbox, moodle

As = Callable[..., Somebody]


@pytest.fixture
def post() -> Iterator[Post]:
    with mail_server() as server:
        yield server


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with moodle() as box:
        yield box


@pytest.fixture
def settings(settings: Settings, post: Post) -> Settings:
    return replace(settings, smtp_url=post.url, mail_from="regista@academy.example")


@pytest.fixture
def house(app: Flask, course: Course) -> House:
    here: House = app.extensions["regista"]
    with here.db.writing() as session:
        session.execute(update(Person).values(email=Person.given_name + "@example.org"))
        session.execute(update(Person).where(Person.given_name.in_(("Clara", "Carlo"))).values(email=None))
    return here


@pytest.fixture
def connected(house: House, course: Course, mailbox: Mailbox) -> House:
    with house.db.writing() as session:
        sealed = seal_text("token", house.settings.secret_key)
        Builder(session).connect(course.registration, mailbox.url, sealed)
    return house


def deliver(app: Flask) -> DeliverSummary:
    with app.app_context():
        return deliver_due(app.extensions["regista"])


def clara_writes(house: House, course: Course, words: str = "Ciao Ada, ci sentiamo?") -> int:
    with house.db.writing() as session:
        stalls(session, course, course.ada)
        episode_id = session.scalars(select(Episode.id)).one()
        tutor_acted(session, episode_id, course.clara, "message", words, NOW, form_key="f")
    return episode_id


def test_where_the_platform_takes_no_messages_it_comes_by_email_and_leads_back(
    app: Flask, house: House, course: Course, post: Post
) -> None:
    clara_writes(house, course)
    assert deliver(app).sent == 1
    assert deliver(app) == DeliverSummary()
    (mail,) = post.got
    assert str(mail["To"]) == "Ada Rossi <Ada@example.org>"
    assert str(mail["From"]) == "Dati <regista@academy.example>"
    assert str(mail["Subject"]) == "Un messaggio di Clara Villa"
    assert re.fullmatch(r"<regista-\d+@127\.0\.0\.1>", str(mail["Message-ID"]))
    assert "Ciao Ada, ci sentiamo?" in mail.get_content()
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    with house.db.reading() as session:
        assert session.scalars(select(Delivery.channel)).all() == ["email"]


def test_moodle_refuses_ada_and_the_same_words_come_by_email(
    app: Flask, connected: House, course: Course, post: Post, mailbox: Mailbox
) -> None:
    mailbox.answer = mailbox.refuse
    episode_id = clara_writes(connected, course)
    summary = deliver(app)
    assert (summary.refused, summary.sent) == (1, 1)
    assert (len(mailbox.got), len(post.got)) == (1, 1)
    with connected.db.reading() as session:
        case = desk_case(session, course.context, episode_id, NOW, tutor_id=course.clara)
        assert [(message.channel, message.state) for message in case.messages] == [("email", "sent")]


def test_nobody_knows_whether_moodle_sent_it_so_no_second_way_is_tried(
    app: Flask, connected: House, course: Course, post: Post, mailbox: Mailbox
) -> None:
    mailbox.status = 500
    clara_writes(connected, course)
    assert deliver(app).unsure == 1
    assert post.got == []


def test_the_mail_server_hangs_up_after_the_words_and_nothing_goes_twice(
    app: Flask, house: House, course: Course, post: Post
) -> None:
    post.breaks = True
    clara_writes(house, course)
    assert deliver(app).unsure == 1
    post.breaks = False
    assert deliver(app) == DeliverSummary()
    assert len(post.got) == 1
    with house.db.reading() as session:
        assert [word.body for word in support_for(session, course.ada, NOW).words] == ["Ciao Ada, ci sentiamo?"]


def test_a_full_mailbox_is_tried_later_and_an_unknown_address_never_again(
    app: Flask, house: House, course: Course, post: Post, clock: StillClock
) -> None:
    episode_id = clara_writes(house, course)
    post.says = "452 mailbox full"
    assert deliver(app).later == 1
    assert deliver(app) == DeliverSummary()
    clock.at += timedelta(minutes=16)
    post.says = "550 no such person"
    assert deliver(app).refused == 1
    with house.db.reading() as session:
        case = desk_case(session, course.context, episode_id, NOW, tutor_id=course.clara)
        assert [message.state for message in case.messages] == ["failed"]
        assert len(support_for(session, course.ada, NOW).words) == 1


def test_the_mail_server_is_down_and_all_letters_wait_for_it_without_asking_one_by_one(
    app: Flask, house: House, course: Course, post: Post, clock: StillClock
) -> None:
    episode_id = clara_writes(house, course)
    with house.db.writing() as session:
        for number in range(3):
            tutor_acted(session, episode_id, course.clara, "message", f"Ciao {number}", NOW, form_key=f"f{number}")
    post.says = "421 going down"
    assert deliver(app).later == 1
    assert post.calls == 1
    post.says = "250 fine"
    clock.at += timedelta(minutes=16)
    assert deliver(app).sent == 4


@pytest.mark.parametrize("email", ["", "no address", "a@b\r\nBcc: all@example.org", "ada@", "@example.org"])
def test_an_address_that_is_none_is_refused_and_the_panel_keeps_the_words(
    app: Flask, house: House, course: Course, post: Post, email: str
) -> None:
    with house.db.writing() as session:
        session.execute(update(Person).where(Person.given_name == "Ada").values(email=email))
    clara_writes(house, course)
    deliver(app)
    assert post.got == []
    with house.db.reading() as session:
        assert len(support_for(session, course.ada, NOW).words) == 1


def test_clara_has_no_email_and_no_platform_message_so_her_desk_is_the_place(
    app: Flask, house: House, course: Course, post: Post, clock: StillClock
) -> None:
    sweep_context(house, course.context)
    with house.db.reading() as session:
        prompt = session.scalars(select(Prompt).where(Prompt.kind == "tutor")).one()
        assert prompt.channel == "panel"
    clock.at += timedelta(days=1)
    deliver(app)
    assert not [mail for mail in post.got if "scrivania" in mail.get_content()]


def test_a_tutor_who_has_not_looked_is_told_after_half_a_day_and_one_who_has_is_not(
    app: Flask, connected: House, course: Course, mailbox: Mailbox, clock: StillClock, as_: As
) -> None:
    sweep_context(connected, course.context)
    with connected.db.reading() as session:
        owner = session.scalars(select(Episode.owner_id)).one()
        name = "clara-villa" if owner == course.clara else "carlo-neri"
    clock.at += timedelta(hours=23)
    deliver(app)
    (told,) = [got for got in mailbox.got if got["messages[0][touserid]"] == name]
    assert "sulla tua scrivania" in told["messages[0][text]"]
    assert "Ada" not in told["messages[0][text]"]


def test_a_tutor_who_has_looked_at_the_desk_gets_no_message(
    app: Flask, connected: House, course: Course, mailbox: Mailbox, clock: StillClock, as_: As
) -> None:
    sweep_context(connected, course.context)
    clock.at += timedelta(minutes=5)
    for tutor in (course.clara, course.carlo):
        as_(tutor).opens("desk")
    clock.at += timedelta(hours=23)
    deliver(app)
    assert not [got for got in mailbox.got if got["messages[0][touserid]"] != "ada-rossi"]


def asks(house: House, course: Course, number: int, *, at: timedelta = timedelta()) -> None:
    with house.db.writing() as session:
        new = NewPrompt(f"i{number}", "introduced", course.context, course.bruno, due_at=NOW + at)
        add(session, new, NOW)


def test_bruno_gets_three_a_week_and_the_rest_waits_in_his_panel(
    app: Flask, house: House, course: Course, post: Post, clock: StillClock
) -> None:
    for number in range(5):
        asks(house, course, number)
    clock.at += timedelta(hours=3)
    summary = deliver(app)
    assert (summary.sent, summary.shown) == (3, 2)
    clock.at += timedelta(days=8)
    asks(house, course, 9, at=timedelta(days=8))
    clock.at += timedelta(hours=3)
    assert deliver(app).sent == 1


def test_a_letter_that_comes_due_late_still_waits_for_the_morning(
    app: Flask, house: House, course: Course, post: Post, clock: StillClock
) -> None:
    asks(house, course, 1)
    # It was due at one o'clock, workers were down, and it is now ten in the evening in Rome.
    clock.at = NOW.replace(hour=21)
    assert deliver(app).later == 1
    assert post.got == []
    clock.at = NOW.replace(hour=7) + timedelta(days=1)
    assert deliver(app).sent == 1


def test_ada_wants_no_message_and_reads_it_in_her_panel(
    app: Flask, connected: House, course: Course, mailbox: Mailbox, post: Post, as_: As
) -> None:
    page = as_(course.ada).opens("letters").text
    assert "What your tutor writes to you" in page
    assert "New cases on your desk" not in page
    clara_writes(connected, course)
    # She chooses after Clara wrote and before it left.
    as_(course.ada).sends("letters/choose", sorts=["nudge", "peer", "tutor"], nudge=["lms"], peer=["email"])
    assert deliver(app).shown == 1
    assert (mailbox.got, post.got) == ([], [])
    with connected.db.reading() as session:
        assert letters.my_letters(session, course.ada) == {
            "nudge": ("lms",),
            "peer": ("email",),
            "tutor": (),
            "desk": ("lms", "email"),
            "events": ("lms", "email"),
        }
        assert len(support_for(session, course.ada, NOW).words) == 1


def test_one_click_in_the_mail_program_ends_it_without_a_visit(
    app: Flask, house: House, course: Course, post: Post
) -> None:
    clara_writes(house, course)
    deliver(app)
    address = str(post.got[0]["List-Unsubscribe"]).strip("<>")
    path = address.removeprefix(house.settings.public_url)
    client = app.test_client()
    # A scanner that follows the link unsubscribes nobody.
    assert "Niente più messaggi di questo tipo?" in client.get(path).text
    with house.db.reading() as session:
        assert letters.my_letters(session, course.ada)["tutor"] == ("lms", "email")
    for _twice in range(2):
        assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    with house.db.reading() as session:
        assert letters.my_letters(session, course.ada)["tutor"] == ()
        assert letters.my_letters(session, course.ada)["nudge"] == ("lms", "email")
        assert letters.my_letters(session, course.bruno)["tutor"] == ("lms", "email")


def test_a_forged_or_foreign_link_ends_nothing(app: Flask, house: House, course: Course) -> None:
    client = app.test_client()
    good = stop_address(course.ada, "tutor", house.settings)
    other = stop_address(course.ada, "tutor", replace(house.settings, secret_key="another secret of a foreign house"))
    gone = stop_address(10_000, "tutor", house.settings)
    for address in (good[:-2], other, gone, "http://127.0.0.1:8000/letters/stop/x"):
        path = address.removeprefix(house.settings.public_url)
        assert client.get(path).status_code == 404
        assert client.post(path).status_code == 404
    with house.db.reading() as session:
        assert letters.my_letters(session, course.ada)["tutor"] == ("lms", "email")


def test_without_a_mail_server_the_panel_keeps_the_words(app: Flask, house: House, course: Course) -> None:
    clara_writes(house, course)
    without = House(replace(house.settings, smtp_url=""), house.db, house.clock)
    with app.app_context():
        assert deliver_due(without).refused == 1
    with house.db.reading() as session:
        assert len(support_for(session, course.ada, NOW).words) == 1


def test_bruno_leaves_the_course_and_what_waited_for_him_goes_nowhere(
    app: Flask, house: House, course: Course, post: Post, clock: StillClock
) -> None:
    asks(house, course, 1)
    with house.db.writing() as session:
        session.execute(update(Membership).where(Membership.id == course.bruno).values(state="left"))
    clock.at += timedelta(hours=3)
    assert deliver(app).dropped == 1
    assert post.got == []


@pytest.mark.parametrize(
    ("url", "sender"),
    [("http://mail.example", "a@b.example"), ("smtp://", "a@b.example"), ("smtp://mail.example", "")],
)
def test_mail_settings_that_cannot_work_are_said_at_start(url: str, sender: str) -> None:
    env = {"REGISTA_PUBLIC_URL": "https://r.example", "REGISTA_SECRET_KEY": "x" * 40}
    with pytest.raises(BadSettings, match=r"REGISTA_(SMTP_URL|MAIL_FROM)"):
        settings_from({**env, "REGISTA_SMTP_URL": url, "REGISTA_MAIL_FROM": sender})
