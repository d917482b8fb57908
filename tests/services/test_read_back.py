"""A worker dies while it sends a tutor's message: the practice LMS is asked over real HTTP, never written to twice."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engagement.values import Stall, StallKind
from lms_clients.base import LmsClient
from lti_app.house import House
from lti_app.jobs.connections import client_for
from lti_app.jobs.deliver import DeliverSummary, deliver_due
from lti_app.models import Delivery, LmsConnection, Membership, Person, Prompt
from lti_app.sealing import seal_text
from lti_app.store import outbox
from lti_app.store.desk import desk_case, tutor_acted
from lti_app.store.episodes import open_episode
from tests.panels.test_script import database_url
from tests.services.conftest import Pair

__all__ = ["database_url"]
WORDS = "Ciao, giovedì alle 18 lo guardiamo insieme: «quando si tolgono i doppi?» & altro."
LATER = timedelta(minutes=11)


class Killed(BaseException):
    """The worker is gone: nothing behind the place where it was runs any more."""


@pytest.fixture
def episode(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> int:
    """The stalled learner's case; the tutor has just pressed Send."""
    # A dead worker's claim runs out soon enough for a test.
    monkeypatch.setattr(outbox, "CLAIM", timedelta(0))
    lms, now = pair.lms, pair.clock.now()
    pair.enter(lms.lms.cast.tutor)
    pair.enter(lms.lms.cast.stalled)
    with pair.db.writing() as session:
        session.add(
            LmsConnection(
                registration_id=pair.registration_id,
                kind="moodle",
                base_url=lms.issuer,
                secret=seal_text(lms.ws_token, pair.house.settings.secret_key),
                created_at=now,
            )
        )
        # What a sync would have learned: their numbers in the LMS.
        for person in session.scalars(select(Person)):
            person.api_id = person.id_on_platform
        whose = select(Membership.id).join(Person, Person.id == Membership.person_id)
        ada = session.scalars(whose.where(Person.id_on_platform == str(lms.lms.cast.stalled))).one()
        tutor = session.scalars(whose.where(Person.id_on_platform == str(lms.lms.cast.tutor))).one()
        found = open_episode(session, pair.course(), Stall(ada, StallKind.STUCK, 0.6, ()), now)
        assert found is not None
        tutor_acted(session, found, tutor, "message", WORDS, now, form_key="once")
    return found


def deliver(pair: Pair, around: Callable[[LmsClient], None] = lambda client: None) -> DeliverSummary:
    def connect(house: House, registration_id: int) -> LmsClient:
        client = client_for(house, registration_id)
        around(client)
        return client

    with pair.app.app_context():
        return deliver_due(pair.house, connect=connect)


def dies_after_sending(client: LmsClient) -> None:
    really = client.send_message

    def send(message: Any) -> Any:
        list(really(message))
        raise Killed

    client.send_message = send  # type: ignore[method-assign]


def dies_before_sending(client: LmsClient) -> None:
    def send(message: Any) -> Iterable[Any]:
        raise Killed

    client.send_message = send  # type: ignore[assignment,method-assign]


def letters(pair: Pair) -> list[int]:
    """What the learner has got, as the LMS keeps it: the number of each message with the tutor's words."""
    ada = pair.lms.lms.cast.stalled
    sent = [one for one in pair.lms.lms.course.happened("message") if one.person == ada]
    return [one.id for one in sent if "quando si tolgono i doppi" in one.facts["text"]]


def state(pair: Pair) -> tuple[str, str | None]:
    with pair.db.reading() as session:
        query = select(Delivery).join(Prompt, Prompt.id == Delivery.prompt_id).where(Prompt.kind == "tutor_message")
        row = session.scalars(query).one()
        return row.state, row.lms_id


def test_a_worker_killed_after_sending_leaves_one_message_and_the_desk_learns_that_it_arrived(
    pair: Pair, episode: int
) -> None:
    with pytest.raises(Killed):
        deliver(pair, dies_after_sending)
    assert len(letters(pair)) == 1
    assert state(pair) == ("sending", None)
    # The next worker does not know, and does not guess.
    assert deliver(pair).unsure == 1
    assert state(pair) == ("unsure", None)
    pair.clock.at += LATER
    assert deliver(pair).settled == 1
    told, number = state(pair)
    assert told == "sent"
    assert number is not None
    assert number.endswith(str(letters(pair)[0]))
    pair.clock.at += LATER
    deliver(pair)
    assert len(letters(pair)) == 1
    with pair.db.reading() as session:
        (message,) = desk_case(session, pair.course(), episode, pair.clock.now()).messages
    assert (message.state, message.channel) == ("sent", "lms")


def test_a_worker_killed_before_sending_leaves_nobody_without(pair: Pair, episode: int) -> None:
    with pytest.raises(Killed):
        deliver(pair, dies_before_sending)
    assert deliver(pair).unsure == 1
    assert letters(pair) == []
    pair.clock.at += LATER
    summary = deliver(pair)
    assert (summary.settled, summary.sent) == (1, 1)
    assert state(pair)[0] == "sent"
    assert len(letters(pair)) == 1


def test_an_answer_lost_on_the_way_is_looked_up_and_not_written_again(
    pair: Pair, episode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = pair.lms.app.wsgi_app

    def a_proxy_that_loses_it(environ: dict[str, Any], start: Any) -> Any:
        asks_to_send = b"core_message_send_instant_messages" in _body(environ)
        if not asks_to_send:
            return really(environ, start)
        list(really(environ, lambda *_: lambda _bytes: None))
        start("502 Bad Gateway", [("Content-Type", "text/html")])
        return [b"<h1>Bad gateway</h1>"]

    monkeypatch.setattr(pair.lms.app, "wsgi_app", a_proxy_that_loses_it)
    assert deliver(pair).unsure == 1
    assert len(letters(pair)) == 1
    pair.clock.at += LATER
    assert deliver(pair).settled == 1
    assert state(pair)[0] == "sent"
    assert len(letters(pair)) == 1


def _body(environ: dict[str, Any]) -> bytes:
    """Return the body of a request, and put it back for whoever reads it next."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body + environ.get("QUERY_STRING", "").encode()
