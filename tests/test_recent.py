"""What a process remembers of those who come, and how it forgets them."""

from __future__ import annotations

import pytest

from lti_app import recent
from lti_app.recent import Recent


class Watch:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.at = 100.0

    def monotonic(self) -> float:
        return self.at


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(recent, "time", watch)
    return watch


def test_whoever_keeps_coming_is_remembered_and_whoever_stays_away_is_not(watch: Watch) -> None:
    seen: Recent[str, int] = Recent(100)
    seen.keep("ada", 1)
    seen.keep("bruno", 2)
    for _ in range(5):
        watch.at += 3000
        assert seen.get("ada") == 1
    assert seen.get("bruno") is None
    assert len(seen) == 1


def test_in_a_house_that_nobody_entered_for_a_night_nobody_is_remembered(watch: Watch) -> None:
    seen: Recent[str, int] = Recent(100)
    seen.keep("ada", 1)
    watch.at += 2 * 3600 + 1
    assert seen.get("ada") is None
    assert len(seen) == 0


def test_a_flood_of_people_does_not_fill_the_memory(watch: Watch) -> None:
    seen: Recent[int, int] = Recent(100)
    for number in range(5000):
        seen.keep(number, number)
        assert seen.get(number) == number
    assert len(seen) <= 200
    assert seen.get(4999) == 4999
    assert seen.get(7) is None


def test_what_is_no_longer_so_is_forgotten_in_both_halves(watch: Watch) -> None:
    seen: Recent[str, int] = Recent(2)
    for name in ("ada", "bruno", "carla"):
        seen.keep(name, 1)
    for name in ("ada", "carla"):
        seen.forget(name)
        assert seen.get(name) is None
    assert seen.get("bruno") == 1
