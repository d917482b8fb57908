"""A person is offered after several heavy moods, never after one, and never by a judgement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engagement.mood import Mood, offers_a_person

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def said(*moods: tuple[str, float]) -> list[tuple[Mood, datetime]]:
    return [(Mood(mood), NOW - timedelta(days=days)) for mood, days in moods]


@pytest.mark.parametrize(
    ("moods", "offers"),
    [
        ([], False),
        ([("low", 0), ("low", 3)], False),
        ([("low", 0), ("tired", 3), ("tired", 6)], True),
        ([("tired", 0), ("tired", 3), ("tired", 6)], False),
        ([("well", 0), ("low", 3), ("low", 6), ("low", 9)], False),
        ([("low", 0), ("well", 3), ("low", 6), ("low", 9)], False),
        ([("low", 0), ("low", 3), ("low", 22)], False),
        ([("low", 0), ("low", 3), ("low", 6), ("bright", 9)], True),
    ],
)
def test_ada_is_offered_a_person_when_it_was_heavy_several_times(moods: list[tuple[str, float]], offers: bool) -> None:
    assert offers_a_person(said(*moods), NOW) is offers
    assert offers_a_person(list(reversed(said(*moods))), NOW) is offers


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        offers_a_person([(Mood.LOW, datetime(2026, 11, 1))], NOW)  # noqa: DTZ001
