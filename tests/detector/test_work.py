"""What is reckoned for all learners at once is what one would count on one's fingers for each of them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.detector import tally
from engagement.detector.assess import CARDS
from engagement.detector.card import HEADS, Weights, shipped
from engagement.detector.columns import DONE_SOME_DAY, NEVER_CAME, NO_DAY, NO_SCORE, UNKNOWN, Columns
from engagement.detector.course import NONE, Course
from engagement.detector.places import first, number, onwards, packed, up_to_last
from engagement.detector.work import work

TODAY = 40
#: One word of places, a full one, and more than one.
SIZES = st.sampled_from([0, 1, 5, 8, 9, 63, 64, 65, 130])
QUICK = settings(max_examples=60, deadline=None)


def columns(due, submitted, score, known=None):
    learners = submitted.shape[1]
    yes, nothing = np.ones(learners, bool), np.full(learners, UNKNOWN, np.int16)
    known = yes if known is None else known
    return Columns(
        ids=np.arange(learners),
        day=TODAY,
        length=None,
        due=due,
        submitted=submitted,
        score=score,
        active=np.zeros((28, learners), bool),
        days_known=np.zeros(learners, np.int16),
        seen=np.full(learners, NEVER_CAME, np.int16),
        enrolled=nothing,
        access_known=yes,
        submissions_known=known,
        due_known=yes,
        scores_known=yes,
        activity_ids=np.arange(len(submitted)),
    )


@st.composite
def courses(draw):
    """Dates that coincide or lack, extensions, work done some day, without a score, or not at all."""
    activities, learners = draw(SIZES), draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    due = rng.integers(0, draw(st.sampled_from([3, 80, 400])), (activities, learners if draw(st.booleans()) else 1))
    due[rng.random(due.shape) < draw(st.sampled_from([0, 0.3, 1]))] = NO_DAY
    submitted = rng.integers(-90, TODAY + 1, (activities, learners))
    submitted[rng.random(submitted.shape) < 0.1] = DONE_SOME_DAY
    submitted[rng.random(submitted.shape) < draw(st.sampled_from([0, 0.5, 0.9]))] = NO_DAY
    given_score = (submitted < NO_DAY) & (rng.random(submitted.shape) < draw(st.sampled_from([0, 0.5, 0.95, 1])))
    score = np.where(given_score, rng.integers(0, 101, submitted.shape), NO_SCORE)
    return columns(due.astype(np.int16), submitted.astype(np.int16), score.astype(np.int8), rng.random(learners) < 0.9)


def on_fingers(part: Columns, i: int) -> dict[str, Any]:
    """One learner's features of work, one activity after the other."""
    dues = part.due[:, i if part.due.shape[1] > 1 else 0].tolist()
    all_work = list(zip(dues, part.submitted[:, i].tolist(), part.score[:, i].tolist(), strict=True))
    ahead = sorted({due - TODAY for due, day, _ in all_work if day == NO_DAY and TODAY < due < NO_DAY})
    ahead_of_all = sorted(due - TODAY for due, day, _ in all_work if day == NO_DAY and TODAY < due < NO_DAY)
    past = [(due, day < NO_DAY) for due, day, _ in all_work if due <= TODAY]
    last_done = max((due for due, is_done in past if is_done), default=-NO_DAY)
    handed_in = [day for _, day, _ in all_work if DONE_SOME_DAY < day < NO_DAY]
    off = [max(-60, min(60, day - due)) for due, day, _ in all_work if DONE_SOME_DAY < day < NO_DAY and due < NO_DAY]
    mean = sum(off) / len(off) if off else 0.0
    scores = [(day, score) for _, day, score in all_work if score > NO_SCORE]
    first_ahead = ahead_of_all[0] if ahead_of_all else NONE
    return {
        "due_in": min(first_ahead, NONE),
        "next_due_in": min(ahead[1], NONE) if len(ahead) > 1 else NONE,
        "done": sum(day < NO_DAY for _, day, _ in all_work),
        "missed_run": sum(due > last_done and not is_done for due, is_done in past),
        "overdue": sum(not is_done for _, is_done in past),
        "done_share": 100 * sum(is_done for _, is_done in past) // len(past) if past else 100,
        "handed_in_ago": min(TODAY - max(handed_in), NONE) if handed_in else NONE,
        "lateness": round(10 * mean),
        "expected_in": NONE if first_ahead >= NONE else round(first_ahead + max(-30, min(7, mean))),
        "last_score": max(scores)[1] if scores else UNKNOWN,
    }


@QUICK
@given(courses())
def test_all_at_once_is_what_one_counts_for_each(part):
    found, row = work(part, Course.of(part))
    for i in range(len(part)):
        expected = on_fingers(part, i)
        if not part.submissions_known[i]:
            expected = dict.fromkeys(expected, UNKNOWN)
        assert {name: int(found[name][i]) for name in expected} == expected
        if 0 < expected["due_in"] < NONE:
            due = part.due[row[i], i if part.due.shape[1] > 1 else 0]
            assert due - TODAY == expected["due_in"]
            assert part.submitted[row[i], i] == NO_DAY


@QUICK
@given(courses(), st.integers(1, 3))
def test_it_does_not_matter_how_many_are_looked_at_together(part, together):
    whole, _ = work(part, Course.of(part))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tally, "TILE", together)
        tiled, _ = work(part, Course.of(part))
    assert {name: column.tolist() for name, column in whole.items()} == {
        name: column.tolist() for name, column in tiled.items()
    }


@pytest.mark.parametrize("without", [1, 11, 40])
def test_the_last_score_is_found_whether_few_or_many_of_the_latest_have_none(without):
    submitted = np.tile(np.array([[10], [20], [30]], np.int16), 40)
    score = np.tile(np.array([[70], [NO_SCORE], [90]], np.int8), 40)
    score[2, :without] = NO_SCORE
    part = columns(np.array([[10], [20], [30]], np.int16), submitted, score)
    assert work(part, Course.of(part))[0]["last_score"].tolist() == [70] * without + [90] * (40 - without)


@QUICK
@given(SIZES, st.integers(0, 1000), st.sampled_from([0.0, 0.02, 0.5, 1.0]))
def test_packed_marks_say_what_the_marks_say(places, seed, share):
    rng = np.random.default_rng(seed)
    marks = rng.random((places, 4)) < share
    words = packed(marks)
    rows = [np.flatnonzero(column).tolist() for column in marks.T]
    assert number(words).tolist() == [len(row) for row in rows]
    assert up_to_last(words).tolist() == [row[-1] + 1 if row else 0 for row in rows]
    assert first(words).tolist() == [row[0] if row else 64 * len(words) for row in rows]
    start = rng.integers(0, places + 2, 4)
    left = [sum(place >= begin for place in row) for row, begin in zip(rows, start, strict=True)]
    assert number(words & onwards(start, len(words))).tolist() == left


@pytest.mark.parametrize("card", CARDS)
def test_both_heads_at_once_say_what_each_says_by_itself(card):
    weights, rng = shipped(), np.random.default_rng(3)
    values = {name: rng.integers(-5, 120, 500).astype(np.int16) for name in weights.scales}
    values["course_due_in"][:] = 12
    bins = weights.bins(values)
    both = weights.pairs[card].logits(bins, 500)
    for head, found in zip(HEADS, both, strict=True):
        assert found.tolist() == weights.cards[card][head].logits(bins, 500).tolist()


def test_too_many_bins_or_cells_are_refused():
    with pytest.raises(ValueError, match="302 bins"):
        Weights.read(json.dumps({"scales": {"done": list(range(300))}, "cards": {}}))
    table = {"of": ["done", "overdue", "missed_run"], "edges": [[], [], []], "weights": [0] * 8}
    scales = {name: list(range(60)) for name in table["of"]}
    saved = {"scales": scales, "cards": {"present": {"silent": {"baseline": 0, "tables": [table]}}}}
    with pytest.raises(ValueError, match="done by overdue by missed_run: 238328 cells"):
        Weights.read(json.dumps(saved))
