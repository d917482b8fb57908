"""Proof: the lot is fair and can be drawn again; the interval keeps its promise; nothing is claimed too early."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.uplift import Arm, Case, Entry, Verdict, by_group, draw_holdout, effect, interval, planned_size
from engagement.values import StallKind

COURSE = 7


def entries(many: int, kind: StallKind = StallKind.STUCK, context: int = COURSE) -> list[Entry]:
    return [Entry(n, context, kind) for n in range(1, many + 1)]


@given(seed=st.integers(0, 10**6), blocks=st.integers(1, 12))
def test_every_block_of_ten_holds_exactly_one_out(seed: int, blocks: int) -> None:
    assert len(draw_holdout(entries(10 * blocks), 0.1, seed)) == blocks


def test_the_lot_can_be_drawn_again_and_in_parts() -> None:
    whole = draw_holdout(entries(40), 0.1, 11)
    first, rest = entries(40)[:13], entries(40)[13:]
    parts = draw_holdout(first, 0.1, 11) | draw_holdout(rest, 0.1, 11, {(COURSE, StallKind.STUCK): 13})
    assert whole == parts
    assert whole != draw_holdout(entries(40), 0.1, 12)


def test_everybody_has_the_same_chance() -> None:
    drawn = Counter(one for seed in range(4000) for one in draw_holdout(entries(10), 0.1, seed))
    assert min(drawn.values()) > 330
    assert max(drawn.values()) < 470


def test_who_asked_for_help_is_never_held_out_and_off_is_off() -> None:
    asked = [Entry(n, COURSE, StallKind.STUCK, exempt=True) for n in range(1, 30)]
    assert draw_holdout(asked, 0.5, 1) == frozenset()
    assert draw_holdout(entries(30), 0.0, 1) == frozenset()
    with pytest.raises(ValueError, match="share"):
        draw_holdout(entries(3), 0.9, 1)


def test_the_interval_is_newcombes() -> None:
    # Newcombe 1998, Statistics in Medicine 17: 873-890, table II, method 10, cases (a) and (b).
    found = effect(Arm(70, 56), Arm(80, 48), planned=0)
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)
    found = effect(Arm(10, 9), Arm(10, 3), planned=0)
    assert (round(found.low, 4), round(found.high, 4)) == (0.1705, 0.8090)
    assert interval(Arm(0, 0), Arm(5, 2)) == (-1.0, 1.0)


def test_too_early_to_tell_until_the_planned_number_is_reached() -> None:
    clear = (Arm(300, 240), Arm(30, 6))
    assert effect(*clear, planned=40).verdict is Verdict.TOO_EARLY
    assert effect(*clear, planned=30).verdict is Verdict.HELPED
    assert effect(Arm(300, 30), Arm(30, 20), planned=30).verdict is Verdict.HARMED
    assert effect(Arm(300, 200), Arm(30, 20), planned=30).verdict is Verdict.NO_CLEAR_DIFFERENCE
    assert effect(Arm(0, 0), Arm(3, 1), planned=0).difference is None


def test_a_plan_says_how_many_it_takes() -> None:
    # R 4.3: power.prop.test(p1 = 0.5, p2 = 0.7, power = 0.8) says n = 92.99884.
    assert planned_size(usual=0.5, worth=0.2, share=0.5) == 93
    assert planned_size(usual=0.6, worth=0.1, share=0.1) > planned_size(usual=0.6, worth=0.2, share=0.1)
    with pytest.raises(ValueError, match="plan"):
        planned_size(usual=0.95, worth=0.1, share=0.1)


def trials(
    helped: float, held_out: float, sizes: tuple[int, int], times: int = 4000
) -> list[tuple[float, float, Verdict]]:
    lots = np.random.default_rng(2026)
    found = []
    for one, other in zip(
        lots.binomial(sizes[0], helped, times), lots.binomial(sizes[1], held_out, times), strict=True
    ):
        result = effect(Arm(sizes[0], int(one)), Arm(sizes[1], int(other)), planned=sizes[1])
        found.append((result.low, result.high, result.verdict))
    return found


@pytest.mark.parametrize("sizes", [(180, 20), (450, 50), (900, 100)])
@pytest.mark.parametrize(("helped", "held_out"), [(0.75, 0.6), (0.5, 0.4), (0.9, 0.8)])
def test_with_a_known_effect_the_interval_covers_it_in_95_of_100_trials(
    helped: float, held_out: float, sizes: tuple[int, int]
) -> None:
    covered = [low <= helped - held_out <= high for low, high, _ in trials(helped, held_out, sizes)]
    assert 0.935 <= float(np.mean(covered)) <= 0.985


@pytest.mark.parametrize("share", [0.3, 0.6, 0.85])
def test_with_no_effect_it_claims_nothing(share: float) -> None:
    claims = [
        verdict for _, _, verdict in trials(share, share, (450, 50)) if verdict is not Verdict.NO_CLEAR_DIFFERENCE
    ]
    assert len(claims) / 4000 <= 0.06


def cases(group: str, helped: int, held_out: int) -> list[Case]:
    return [Case(group, held_out=False, reached=n % 2 == 0) for n in range(helped)] + [
        Case(group, held_out=True, reached=n % 3 == 0) for n in range(held_out)
    ]


def test_small_groups_are_not_shown_nor_found_by_subtraction() -> None:
    found = {
        one.group: one.effect for one in by_group([*cases("a", 90, 12), *cases("b", 80, 11), *cases("c", 40, 4)], 10)
    }
    assert found["c"] is None
    assert found["b"] is None
    assert found["a"] is not None
    assert found["a"].held_out.n == 12
