"""Circles: people at a similar pace who are around at the same times are invited together, and nobody twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.circles import LEAST, MOST, PACE, Gathering, Seeker, Standing, form_circles, shared_slots
from engagement.facts import ActivityState
from engagement.hours import codes_of, mask_of, own_slots, slots_of_windows
from engagement.values import Attempt, Learner, Progress, Window
from tests.engagement.people import ADA, BEA, BRUNO, CARLO, DARIO, ELSA, NOW, QUIZ_1, QUIZ_2, ago, learner

EVENINGS = mask_of(["mon-evening", "wed-evening"])
MORNINGS = mask_of(["tue-morning", "thu-morning"])


def seeker(who: int, **facts: Any) -> Seeker:
    return Seeker(who, **{"done": 6, "slots": EVENINGS, "at_activity": QUIZ_2, **facts})


def form(*people: Seeker, standing: tuple[Standing, ...] = (), **more: Any) -> tuple[Gathering, ...]:
    return form_circles(people, standing, 20, NOW, more.pop("seed", 1), **more)


def test_ada_asked_for_a_group_and_three_at_her_pace_are_invited_with_her() -> None:
    found = form(
        seeker(ADA, wished_at=ago(1)), seeker(BRUNO), seeker(BEA), seeker(CARLO, done=7), seeker(DARIO, done=15)
    )
    assert [set(one.learner_ids) for one in found] == [{ADA, BRUNO, BEA, CARLO}]
    assert found[0].learner_ids[0] == ADA
    assert codes_of(found[0].slots) == ("mon-evening", "wed-evening")
    assert found[0].reasons == ("similar_pace", "same_times", "same_activity")


def test_nobody_is_put_together_who_never_asked_for_it() -> None:
    assert form(*(seeker(who) for who in (ADA, BRUNO, BEA, CARLO))) == ()


def test_where_the_times_do_not_meet_there_is_no_circle() -> None:
    assert form(seeker(ADA, wished_at=ago(1)), seeker(BRUNO, slots=MORNINGS), seeker(BEA, slots=MORNINGS)) == ()
    # Of whom no hours are known, nothing speaks against them.
    assert len(form(seeker(ADA, wished_at=ago(1)), seeker(BRUNO, slots=0), seeker(BEA, slots=0))) == 1


@pytest.mark.parametrize(
    "facts",
    [
        {"apart": frozenset({ADA})},
        {"languages": frozenset({"de"})},
        {"done": 14},
        {"slots": MORNINGS},
    ],
)
def test_ada_is_not_invited_with_somebody_whom_a_rule_keeps_apart(facts: dict[str, Any]) -> None:
    ada = seeker(ADA, wished_at=ago(1), languages=frozenset({"it"}))
    found = form(ada, replace(seeker(DARIO), **facts), seeker(BRUNO), seeker(BEA))
    assert [set(one.learner_ids) for one in found] == [{ADA, BRUNO, BEA}]


def test_where_the_course_keeps_groups_apart_circles_stay_inside_one() -> None:
    people = [seeker(who, groups=frozenset({who % 2})) for who in range(1, 9)]
    people[0] = replace(people[0], wished_at=ago(1))
    found = form(*people, same_group_only=True)
    assert {who % 2 for who in found[0].learner_ids} == {1}


def test_those_who_wished_come_first_and_all_of_them_may_have_a_seat() -> None:
    people = [seeker(who, wished_at=ago(who)) for who in range(1, 6)] + [seeker(who) for who in range(6, 20)]
    found = form(*people)
    assert [set(one.learner_ids) for one in found] == [{1, 2, 3, 4, 5}]


def test_a_circle_that_is_left_by_some_is_filled_again_but_never_with_those_who_left() -> None:
    left = Standing(7, (seeker(ADA), seeker(BRUNO)), not_again=frozenset({CARLO}))
    found = form(seeker(CARLO), seeker(DARIO), seeker(ELSA), standing=(left,))
    assert [(one.circle_id, set(one.learner_ids)) for one in found] == [(7, {DARIO, ELSA})]
    full = Standing(8, tuple(seeker(who) for who in (ADA, BRUNO, BEA, 50)))
    assert form(seeker(DARIO), standing=(full,)) == ()


def crowd(seed: int, many: int) -> list[Seeker]:
    lots = np.random.default_rng(seed)
    return [
        Seeker(
            who,
            done=int(lots.integers(0, 20)),
            slots=int(lots.integers(0, 2**28)) & int(lots.integers(0, 2**28)),
            wished_at=NOW - timedelta(days=float(lots.uniform(-1, 9))) if lots.random() < 0.4 else None,
            at_activity=int(lots.integers(10, 14)),
            languages=frozenset({str(lots.choice(["it", "en"]))}),
            apart=frozenset(lots.integers(1, many + 1, 2).tolist()),
        )
        for who in range(1, many + 1)
    ]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), many=st.integers(1, 40), lots=st.randoms())
def test_no_rule_is_ever_broken_nobody_is_asked_twice_and_order_changes_nothing(
    seed: int, many: int, lots: Any
) -> None:
    people = crowd(seed, many)
    found = form(*people, seed=seed)
    by_id = {one.learner_id: one for one in people}
    invited = [who for one in found for who in one.learner_ids]
    assert len(invited) == len(set(invited))
    for one in found:
        circle = [by_id[who] for who in one.learner_ids]
        assert LEAST <= len(circle) <= MOST
        assert circle[0].wished_at is not None
        assert circle[0].wished_at <= NOW
        assert max(who.done for who in circle) - min(who.done for who in circle) <= max(1.0, PACE * 20)
        assert frozenset.intersection(*(who.languages for who in circle))
        assert not any(who.apart & set(one.learner_ids) - {who.learner_id} for who in circle)
        known = [who for who in circle if who.slots]
        assert not known or shared_slots(known) == one.slots != 0
    lots.shuffle(people)
    assert form(*people, seed=seed) == found


def test_hours_are_what_people_said_or_else_what_they_did() -> None:
    rome = ZoneInfo("Europe/Rome")
    said = (Window(0, time(18), time(20)), Window(1, time(11, 30), time(13)))
    assert codes_of(slots_of_windows(said)) == ("mon-evening", "tue-afternoon")
    evenings = [datetime(2026, 11, day, 19, 30, tzinfo=UTC) for day in (4, 11, 18)]
    tries = (*(Attempt(at) for at in evenings), Attempt(ago(90)), Attempt(ago(-1)))
    ada: Learner = learner(
        ADA,
        last_seen_at=datetime(2026, 11, 16, 7, 0, tzinfo=UTC),
        progress={QUIZ_1: Progress(ActivityState.FAILED, attempts=tries)},
    )
    assert codes_of(own_slots(ada, rome, NOW)) == ("mon-morning", "wed-evening")
    # A visit or two tell nobody's habits.
    assert own_slots(learner(BRUNO), rome, NOW) == own_slots(replace(ada, progress={}), rome, NOW) == 0


def test_naive_times_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        form_circles([], [], 20, datetime(2026, 11, 20), 1)  # noqa: DTZ001
