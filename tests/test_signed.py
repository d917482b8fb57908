"""Our signed texts are itsdangerous's, only quicker: each opens what the other signed, and nothing else."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from lti_app.signed import Signer

SECRET, PURPOSE = "a secret of the tests", "tests-1"
SAID: list[Any] = ["Ada è qui", 7, None, True, {"a": [1, 2]}, "x" * 200]


def theirs(**more: Any) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(SECRET, salt=PURPOSE, **more)


def test_each_opens_what_the_other_signed() -> None:
    ours = Signer(SECRET, PURPOSE)
    assert theirs().loads(ours.dumps(SAID), max_age=5) == SAID
    # The long one is compressed by itsdangerous and not by us.
    for said in (SAID, SAID[:2]):
        found, at = ours.loads(str(theirs().dumps(said)), max_age=5)
        assert found == said
        assert abs((datetime.now(UTC) - at).total_seconds()) < 5


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1],
        lambda text: "x" + text,
        lambda text: text.replace(".", "", 1),
        lambda text: text.rpartition(".")[0],
        lambda text: "." + text,
        lambda text: "",
        lambda text: "è" * 20,
        lambda text: "\ud800.a.b",
        lambda text: Signer(SECRET, "tests-2").dumps(SAID),
        lambda text: Signer("another secret", PURPOSE).dumps(SAID),
    ],
)
def test_whatever_is_not_plainly_good_is_refused(spoil: Any) -> None:
    ours = Signer(SECRET, PURPOSE)
    with pytest.raises(BadSignature):
        ours.loads(spoil(ours.dumps(SAID)))


def test_a_text_is_good_for_so_long_and_not_before_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, now = Signer(SECRET, PURPOSE), time.time()
    text = ours.dumps(SAID)
    for moment in (now + 700, now - 700):
        monkeypatch.setattr("time.time", lambda moment=moment: moment)
        with pytest.raises(SignatureExpired):
            ours.loads(text, max_age=600)
    monkeypatch.setattr("time.time", lambda: now + 590)
    assert ours.loads(text, max_age=600)[0] == SAID


def test_what_a_machine_signed_whose_clock_is_a_little_ahead_is_good_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, now = Signer(SECRET, PURPOSE), time.time()
    text = ours.dumps(SAID)
    monkeypatch.setattr("time.time", lambda: now - 5)
    assert ours.loads(text, max_age=600)[0] == SAID
