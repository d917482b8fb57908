"""Messages leave once, through Moodle's own web service, and whatever happens on the way nothing is said twice."""

from __future__ import annotations

import logging
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from lti_app.config import Settings
from lti_app.house import House
from lti_app.jobs.deliver import DeliverSummary, deliver_due
from lti_app.jobs.sweep import sweep_context
from lti_app.models import Context, Delivery, Episode, Prompt
from lti_app.sealing import seal_text
from lti_app.store import letters, matches, prompts
from lti_app.store.desk import desk_case, tutor_acted
from lti_app.store.support import support_for
from tests.conftest import StillClock
from tests.nursery import nursery
from tests.sweep.course import NOW, Builder, Course, offers_help, stalls
from tests.sweep.moodle import Mailbox, moodle
from tests.sweep.test_loop import the_house

SITE_INFO, GET = "core_webservice_get_site_info", "core_message_get_messages"
SITE = {"userid": 47, "sitename": "Corte", "release": "4.5", "version": "2024100700", "functions": []}


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with moodle() as box:
        yield box


@pytest.fixture
def connected(app: Flask, course: Course, mailbox: Mailbox) -> House:
    house = the_house(app)
    with house.db.writing() as session:
        sealed = seal_text("token", house.settings.secret_key)
        Builder(session).connect(course.registration, mailbox.url, sealed)
        # What reaches tutors about their desk is told in tests/proof.
        for tutor in (course.clara, course.carlo):
            letters.choose_letters(session, tutor, {"desk": ()})
    return house


def deliver(app: Flask) -> DeliverSummary:
    with app.app_context():
        return deliver_due(the_house(app))


def clara_writes(house: House, course: Course, body: str = "Ciao Ada, martedì ci troviamo?") -> int:
    sweep_context(house, course.context)
    with house.db.writing() as session:
        episode_id = session.scalars(select(Episode.id)).one()
        tutor_acted(session, episode_id, course.clara, "message", body, NOW, form_key="form-1")
    return episode_id


def test_claras_message_arrives_in_moodle_once_with_her_name_and_the_way_back(
    app: Flask, course: Course, connected: House, mailbox: Mailbox
) -> None:
    episode_id = clara_writes(connected, course)
    assert deliver(app).sent == 1
    assert deliver(app).sent == 0
    (got,) = mailbox.got
    assert got["wsfunction"] == "core_message_send_instant_messages"
    assert got["messages[0][touserid]"] == "ada-rossi"
    assert "martedì ci troviamo?" in got["messages[0][text]"]
    assert "Clara Villa" in got["messages[0][text]"]
    assert f"{mailbox.url}/course/view.php?id=7" in got["messages[0][text]"]
    with connected.db.reading() as session:
        case = desk_case(session, course.context, episode_id, NOW, tutor_id=course.clara)
        assert [(message.channel, message.state) for message in case.messages] == [("lms", "sent")]
        assert case.messages[0].by is not None
        assert case.messages[0].by.name == "Clara Villa"
        assert case.owner is not None


def test_the_same_form_sent_twice_is_one_message(
    app: Flask, course: Course, connected: House, mailbox: Mailbox
) -> None:
    clara_writes(connected, course)
    with connected.db.writing() as session:
        episode_id = session.scalars(select(Episode.id)).one()
        tutor_acted(session, episode_id, course.clara, "message", "Ciao Ada", NOW, form_key="form-1")
    deliver(app)
    assert len(mailbox.got) == 1


def test_a_nudge_waits_in_the_panel_for_a_day_before_it_leaves(
    app: Flask, course: Course, connected: House, mailbox: Mailbox, clock: StillClock
) -> None:
    with connected.db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2)
    sweep_context(connected, course.context)
    assert deliver(app).sent == 0
    clock.at += timedelta(hours=25)
    assert deliver(app).sent == 1
    (got,) = mailbox.got
    assert got["messages[0][touserid]"] == "ada-rossi"
    assert "Quiz 2: Pulizia dei dati" in got["messages[0][text]"]
    assert "41" not in re.sub("<[^>]*>|http[^ <]*", " ", got["messages[0][text]"])
    with connected.db.reading() as session:
        assert session.scalars(select(Episode.nudged_at)).one() == clock.at


def test_bruno_is_not_written_to_in_the_middle_of_his_night(
    app: Flask, course: Course, connected: House, mailbox: Mailbox, clock: StillClock
) -> None:
    clock.at = NOW.replace(hour=19, minute=30)  # half past eight in the evening in Rome
    with connected.db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2)
        (match_id,) = stalls(session, course, course.ada, course.bruno)
        matches.choose(session, match_id, course.ada, clock.now())
    for hours, sent in ((2, 0), (8, 0), (2, 1)):
        clock.at += timedelta(hours=hours)
        assert deliver(app).sent == sent
    (got,) = mailbox.got
    assert got["messages[0][touserid]"] == "bruno-marchi"
    assert "Ada" not in got["messages[0][text]"]


def test_bruno_is_not_written_to_when_ada_took_it_back(
    app: Flask, course: Course, connected: House, mailbox: Mailbox, clock: StillClock
) -> None:
    with connected.db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2)
        (match_id,) = stalls(session, course, course.ada, course.bruno)
        matches.choose(session, match_id, course.ada, NOW)
        matches.withdraw(session, match_id, course.ada, NOW)
    clock.at += timedelta(hours=5)
    deliver(app)
    assert mailbox.got == []


def test_ada_who_has_read_her_card_gets_no_message_about_it(
    app: Flask, course: Course, connected: House, mailbox: Mailbox, clock: StillClock
) -> None:
    sweep_context(connected, course.context)
    with connected.db.writing() as session:
        assert prompts.seen(session, course.ada, NOW) == 1
    clock.at += timedelta(days=2)
    deliver(app)
    assert mailbox.got == []


def test_ada_who_moves_before_the_nudge_leaves_gets_none(
    app: Flask, course: Course, connected: House, mailbox: Mailbox, clock: StillClock
) -> None:
    sweep_context(connected, course.context)
    with connected.db.writing() as session:
        session.execute(update(Episode).values(ended_at=NOW, state="ended", outcome="came_back"))
    clock.at += timedelta(days=2)
    assert deliver(app).dropped == 1
    assert mailbox.got == []


def test_moodle_refuses_and_ada_reads_claras_words_in_the_panel(
    app: Flask, course: Course, connected: House, mailbox: Mailbox
) -> None:
    mailbox.answer = mailbox.refuse
    episode_id = clara_writes(connected, course)
    assert deliver(app).refused == 1
    assert deliver(app).refused == 0
    with connected.db.reading() as session:
        case = desk_case(session, course.context, episode_id, NOW, tutor_id=course.clara)
        assert [message.state for message in case.messages] == ["failed"]
        (word,) = support_for(session, course.ada, NOW).words
        assert (word.kind, word.body) == ("tutor_message", "Ciao Ada, martedì ci troviamo?")
        assert word.by is not None
        assert word.by.name == "Clara V."


def test_the_service_user_may_not_send_and_the_panel_keeps_the_words(
    app: Flask, course: Course, connected: House, mailbox: Mailbox
) -> None:
    mailbox.answer = mailbox.forbid
    clara_writes(connected, course)
    assert deliver(app).refused == 1
    with connected.db.reading() as session:
        assert len(support_for(session, course.ada, NOW).words) == 1


def test_moodle_breaks_while_answering_and_nothing_is_sent_again(
    app: Flask, course: Course, connected: House, mailbox: Mailbox
) -> None:
    mailbox.status = 500
    clara_writes(connected, course)
    assert deliver(app).unsure == 1
    mailbox.status = 200
    assert deliver(app) == DeliverSummary()
    assert len(mailbox.got) == 1
    with connected.db.reading() as session:
        assert session.scalars(select(Delivery.state)).one() == "unsure"
        assert len(support_for(session, course.ada, NOW).words) == 1


def in_doubt(app: Flask, course: Course, house: House, mailbox: Mailbox) -> dict[str, str]:
    """Clara's message is taken by a Moodle that breaks while it answers; returns what Moodle was told."""
    mailbox.status = 500
    clara_writes(house, course)
    assert deliver(app).unsure == 1
    mailbox.status = 200
    return mailbox.got.pop()


def written(*texts: str) -> dict[str, object]:
    rows = [{"id": 31 + n, "text": text, "timecreated": int(NOW.timestamp())} for n, text in enumerate(texts)]
    return {"messages": rows, "warnings": []}


def test_moodle_is_asked_later_and_has_it_so_it_counts_as_sent_and_does_not_leave_again(
    app: Flask, course: Course, connected: House, mailbox: Mailbox, clock: StillClock
) -> None:
    told = in_doubt(app, course, connected, mailbox)
    # Moodle lays words out its own way.
    text = told["messages[0][text]"].replace("<p>", '<p dir="ltr">').replace("martedì", "<b>martedì</b>")
    mailbox.answer = lambda fields: SITE if fields["wsfunction"] == SITE_INFO else written("<p>un’altra</p>", text)
    assert deliver(app) == DeliverSummary()
    clock.at += timedelta(minutes=11)
    assert deliver(app) == DeliverSummary(settled=1)
    asked = mailbox.got[-1]
    assert (asked["wsfunction"], asked["useridto"], asked["useridfrom"]) == (GET, "ada-rossi", "47")
    with connected.db.reading() as session:
        row = session.scalars(select(Delivery)).one()
        assert (row.state, row.lms_id) == ("sent", "32")
        assert session.scalars(select(Prompt.channel).where(Prompt.kind == "tutor_message")).one() == "lms"
    assert deliver(app) == DeliverSummary()


def test_moodle_is_asked_later_and_has_nothing_so_it_leaves_now(
    app: Flask, course: Course, connected: House, mailbox: Mailbox, clock: StillClock
) -> None:
    in_doubt(app, course, connected, mailbox)

    def answer(fields: dict[str, str]) -> object:
        what = fields["wsfunction"]
        return SITE if what == SITE_INFO else written("<p>un’altra</p>") if what == GET else mailbox.accept(fields)

    mailbox.answer = answer
    clock.at += timedelta(minutes=11)
    summary = deliver(app)
    assert (summary.settled, summary.sent) == (1, 1)
    assert [got["wsfunction"] for got in mailbox.got] == [SITE_INFO, GET, "core_message_send_instant_messages"]
    with connected.db.reading() as session:
        assert session.scalars(select(Delivery.state)).one() == "sent"


def test_what_ada_read_in_the_panel_meanwhile_does_not_leave_a_second_time(
    app: Flask, course: Course, connected: House, mailbox: Mailbox, clock: StillClock
) -> None:
    in_doubt(app, course, connected, mailbox)
    mailbox.answer = lambda fields: SITE if fields["wsfunction"] == SITE_INFO else written()
    with connected.db.writing() as session:
        prompts.seen(session, course.ada, NOW)
    clock.at += timedelta(minutes=11)
    summary = deliver(app)
    assert (summary.settled, summary.sent) == (1, 0)
    assert {got["wsfunction"] for got in mailbox.got} == {SITE_INFO, GET}


def test_a_moodle_that_does_not_let_us_look_leaves_the_doubt_and_is_not_asked_again(
    app: Flask, course: Course, connected: House, mailbox: Mailbox, clock: StillClock
) -> None:
    in_doubt(app, course, connected, mailbox)
    mailbox.answer = lambda fields: SITE if fields["wsfunction"] == SITE_INFO else mailbox.forbid(fields)
    clock.at += timedelta(minutes=11)
    deliver(app)
    many = len(mailbox.got)
    deliver(app)
    assert len(mailbox.got) == many
    with connected.db.reading() as session:
        assert session.scalars(select(Delivery.state).where(Delivery.channel == "lms")).one() == "unsure"


def test_a_moodle_that_is_away_is_asked_again_with_the_next_pass(
    app: Flask, course: Course, connected: House, mailbox: Mailbox, clock: StillClock
) -> None:
    in_doubt(app, course, connected, mailbox)
    mailbox.answer = lambda fields: {"exception": "e", "errorcode": "sitemaintenance", "message": "later"}
    clock.at += timedelta(minutes=11)
    assert deliver(app).settled == 0
    mailbox.answer = lambda fields: SITE if fields["wsfunction"] == SITE_INFO else written()
    clock.at += timedelta(minutes=5)
    assert deliver(app).settled == 1


def test_a_worker_that_died_after_writing_down_leaves_no_second_message(
    app: Flask, course: Course, connected: House, mailbox: Mailbox
) -> None:
    clara_writes(connected, course)
    with connected.db.writing() as session:
        prompt = session.scalars(select(Prompt).where(Prompt.kind == "tutor_message")).one()
        prompt.state, prompt.claimed_until = "claimed", datetime.now(UTC) - timedelta(seconds=1)
        session.add(Delivery(prompt_id=prompt.id, channel="lms", state="sending", at=NOW))
    assert deliver(app).unsure == 1
    assert mailbox.got == []


def test_a_worker_that_died_before_writing_down_is_made_good(
    app: Flask, course: Course, connected: House, mailbox: Mailbox
) -> None:
    clara_writes(connected, course)
    with connected.db.writing() as session:
        prompt = session.scalars(select(Prompt).where(Prompt.kind == "tutor_message")).one()
        prompt.state, prompt.claimed_until = "claimed", datetime.now(UTC) + timedelta(minutes=5)
    assert deliver(app).sent == 0
    with connected.db.writing() as session:
        session.execute(update(Prompt).values(claimed_until=datetime.now(UTC) - timedelta(seconds=1)))
    assert deliver(app).sent == 1
    assert len(mailbox.got) == 1


def test_without_a_connection_the_panel_is_the_way(app: Flask, course: Course) -> None:
    house = the_house(app)
    episode_id = clara_writes(house, course)
    assert deliver(app).sent == 0
    with house.db.reading() as session:
        assert len(support_for(session, course.ada, NOW).words) == 1
        assert desk_case(session, course.context, episode_id, NOW).channel == "panel"


def test_in_development_the_message_goes_to_the_log(
    app: Flask, course: Course, caplog: pytest.LogCaptureFixture
) -> None:
    house = the_house(app)
    with house.db.writing() as session:
        session.get_one(Context, course.context).settings = {"messages": "console"}
    clara_writes(house, course)
    with caplog.at_level(logging.INFO, "regista.deliver"):
        assert deliver(app).sent == 1
    assert "martedì ci troviamo?" in caplog.text


def test_workers_killed_in_the_middle_send_nothing_twice_and_lose_nothing(
    app: Flask, course: Course, connected: House, mailbox: Mailbox, settings: Settings
) -> None:
    count = 24
    episode_id = clara_writes(connected, course)
    with connected.db.writing() as session:
        for number in range(1, count):
            tutor_acted(session, episode_id, course.clara, "message", f"Ciao {number}", NOW, form_key=f"f{number}")
    mailbox.slow = 0.02
    dice = random.Random(7)
    with nursery("-m", "tests.sweep.doomed", settings.database_url, settings.secret_key, settings.data_dir) as workers:
        for _ in range(5):
            worker = workers.born()
            time.sleep(dice.uniform(0.02, 0.25))
            workers.kill(worker)
            with connected.db.writing() as session:
                over = datetime.now(UTC) - timedelta(seconds=1)
                session.execute(update(Prompt).where(Prompt.state == "claimed").values(claimed_until=over))
    mailbox.slow = 0.0
    deliver(app)
    keys = Counter(got["messages[0][clientmsgid]"] for got in mailbox.got)
    with connected.db.reading() as session:
        fates = Counter(session.scalars(select(Delivery.state).where(Delivery.channel == "lms")))
        states = set(session.scalars(select(Prompt.state).where(Prompt.kind == "tutor_message")))
    assert set(keys.values()) == {1}
    assert states == {"sent"}
    assert sum(fates.values()) == count
    assert set(fates) <= {"sent", "unsure"}
    assert len(keys) >= fates["sent"]
