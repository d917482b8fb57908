"""A Canvas course too large for one listing."""

from __future__ import annotations

import pytest

from lms_clients.canvas import work
from lms_clients.canvas.client import CanvasClient
from tests.lms_clients.canvas.conftest import COURSE, NOW
from tests.lms_clients.fake_canvas import FakeCanvas


def asked_for(canvas: FakeCanvas) -> list[str]:
    return [
        value
        for _, path, query in canvas.asked
        if path.endswith("/submissions")
        for key, value in query
        if key == "student_ids[]"
    ]


def test_a_course_too_large_for_one_listing_is_read_by_name_and_tells_the_same(
    canvas: FakeCanvas, client: CanvasClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = client.snapshot(COURSE, {}, None, NOW)
    assert set(asked_for(canvas)) == {"all"}
    canvas.asked.clear()
    monkeypatch.setattr(work, "_ONE_LISTING", 0)
    large = client.snapshot(COURSE, {}, None, NOW)
    assert sorted(asked_for(canvas)) == sorted(one.id for one in large.learners if one.is_learner)
    assert set(large.progress) == set(small.progress)
    assert (set(large.attempts), large.detailed, large.marks) == (set(small.attempts), small.detailed, small.marks)
    assert (large.gaps, large.complete) == (small.gaps, small.complete)


def test_five_thousand_learners_are_asked_for_a_hundred_at_a_time() -> None:
    everybody = [str(number) for number in range(5000)]
    chunks = work.chunks_of(everybody, True, 40)
    assert [who for chunk in chunks for who in chunk] == everybody
    assert {len(chunk) for chunk in chunks} == {100}
    assert work.chunks_of(everybody[:1000], True, 40) == [["all"]]
    assert work.chunks_of(everybody[:3], False, 40) == [["0", "1", "2"]]
