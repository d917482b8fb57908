"""The lot: off until Marta turns it on, drawn before anything is sent, fair to whoever asks, honest about itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from engagement.uplift import Entry, draw_holdout
from engagement.values import Reason, ReasonCode, Stall, StallKind
from lti_app.house import House
from lti_app.jobs.sweep import sweep_context
from lti_app.models import (
    Academy,
    AuditEntry,
    CourseGroup,
    Episode,
    GroupMember,
    Match,
    Membership,
    Prompt,
    Report,
)
from lti_app.store.desk import desk_queue, tutor_acted
from lti_app.store.effect import effects_of
from lti_app.store.episodes import open_episode, this_is_wrong
from lti_app.store.hearing import hear
from lti_app.store.holdouts import Holdout, draw, holdouts_of, start, stop
from lti_app.store.support import support_for
from lti_app.store.sweep_values import open_row
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.sweep.course import NOW, Builder, Course, offers_help

As = Callable[..., Somebody]
ASKED = Reason(ReasonCode.ASKED_FOR_HELP, {"on": NOW.date().isoformat()}, 1.0)


def the_house(app: Flask) -> House:
    house: House = app.extensions["regista"]
    return house


def academy_of(session: Session, course: Course) -> Academy:
    return session.scalars(select(Academy).order_by(Academy.id).limit(1)).one()


def turn_on(
    app: Flask, course: Course, *, share: float = 0.1, seed: int = 7, planned: int = 40, days: int = 120
) -> Holdout:
    new = Holdout(seed, share, 0.5, 0.15, planned, NOW, NOW + timedelta(days=days))
    with the_house(app).db.writing() as session:
        assert start(session, academy_of(session, course).id, new, None)
    return new


def seed_where_ada_is(course: Course, held_out: bool) -> int:
    """Return a seed whose lot puts the first stuck learner of the course where the test needs her."""
    lot = [Entry(1, course.context, StallKind.STUCK)]
    return next(seed for seed in count(1) if bool(draw_holdout(lot, 0.5, seed)) is held_out)


def sweep_with_ada(app: Flask, course: Course, *, held_out: bool) -> Episode:
    house = the_house(app)
    turn_on(app, course, share=0.5, seed=seed_where_ada_is(course, held_out))
    with house.db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2)
    sweep_context(house, course.context)
    with house.db.reading() as session:
        episode = session.scalars(select(Episode)).one()
        session.expunge(episode)
        return episode


def test_nothing_is_drawn_before_anybody_turns_it_on(app: Flask, course: Course) -> None:
    house = the_house(app)
    sweep_context(house, course.context)
    with house.db.reading() as session:
        (episode,) = session.scalars(select(Episode))
        assert (episode.arm, episode.held_out, episode.lot_seed) == (None, False, None)


def test_ada_left_out_by_lot_hears_nothing_and_stands_on_the_desk_like_anybody(app: Flask, course: Course) -> None:
    episode = sweep_with_ada(app, course, held_out=True)
    assert (episode.arm, episode.held_out, episode.stratum) == ("held_out", True, f"{course.context}:stuck")
    assert episode.lot_seed is not None
    assert episode.way == "panel"
    house = the_house(app)
    with house.db.reading() as session:
        assert session.query(Match).count() == 0
        assert {p.kind for p in session.scalars(select(Prompt).where(Prompt.episode_id == episode.id))} == {"tutor"}
        assert support_for(session, course.ada, NOW).stall is None
        (item,) = desk_queue(session, course.context, NOW, tutor_id=course.clara).items
        assert (item.face.name, item.kind) == ("Ada Rossi", "stuck")
    # A second sweep tells her nothing either.
    sweep_context(house, course.context)
    with house.db.reading() as session:
        assert session.query(Match).count() == 0
        assert session.scalar(select(func.count()).select_from(Prompt).where(Prompt.kind == "nudge")) == 0


def test_ada_in_the_other_arm_is_helped_as_always(app: Flask, course: Course) -> None:
    episode = sweep_with_ada(app, course, held_out=False)
    assert (episode.arm, episode.held_out) == ("helped", False)
    with the_house(app).db.reading() as session:
        assert session.query(Match).count() == 1
        stall = support_for(session, course.ada, NOW).stall
        assert stall is not None


def test_clara_may_act_for_ada_all_the_same_and_it_is_counted(app: Flask, course: Course, clock: StillClock) -> None:
    episode = sweep_with_ada(app, course, held_out=True)
    house = the_house(app)
    with house.db.writing() as session:
        tutor_acted(session, episode.id, course.clara, "voice", "Ci siamo sentite", NOW)
    with house.db.reading() as session:
        (holdout,) = holdouts_of(academy_of(session, course))
        effects = effects_of(session, holdout, NOW + timedelta(days=15))
        _helped, held_out = effects.report.tutored
        assert (held_out.n, held_out.reached) == (1, 1)


def open_many(session: Session, course: Course, learners: list[int], *, asked: bool = False) -> list[Episode]:
    reasons = (ASKED,) if asked else (Reason(ReasonCode.SILENT, {"days": 9}, 1.0),)
    ids = [
        open_episode(session, course.context, Stall(who, StallKind.STUCK, 0.6, reasons, asked=asked), NOW)
        for who in learners
    ]
    return [session.get_one(Episode, id_) for id_ in ids if id_ is not None]


def newcomers(session: Session, course: Course, many: int, start: int = 0) -> list[int]:
    make = Builder(session)
    return [make.member(course.registration, course.context, f"Nuovo N{n:04d}") for n in range(start, start + many)]


def test_one_in_ten_of_a_course_and_kind_and_the_seed_tells_whom(app: Flask, course: Course) -> None:
    on = turn_on(app, course)
    with the_house(app).db.writing() as session:
        # In three sweeps, as new ones stop.
        for first, many in ((0, 13), (13, 4), (17, 23)):
            episodes = open_many(session, course, newcomers(session, course, many, first))
            draw(session, course.context, [open_row(one) for one in episodes], NOW)
    with the_house(app).db.reading() as session:
        rows = session.scalars(select(Episode).order_by(Episode.id)).all()
        assert [row.arm for row in rows].count("held_out") == 4
        entries = [Entry(row.id, course.context, StallKind(row.kind)) for row in rows]
        assert draw_holdout(entries, on.share, on.seed) == {row.id for row in rows if row.held_out}


def test_who_calls_for_help_is_in_no_lot(app: Flask, course: Course) -> None:
    turn_on(app, course, share=0.5)
    with the_house(app).db.writing() as session:
        episodes = open_many(session, course, course.others, asked=True)
        rows = draw(session, course.context, [open_row(one) for one in episodes], NOW)
        assert not any(row.episode.held_out for row in rows)
    with the_house(app).db.reading() as session:
        assert set(session.scalars(select(Episode.arm))) == {None}


def test_ada_asks_for_help_after_the_lot_and_is_let_in_at_once_while_her_arm_stays(app: Flask, course: Course) -> None:
    episode = sweep_with_ada(app, course, held_out=True)
    house = the_house(app)
    with house.db.writing() as session:
        row = session.get_one(Episode, episode.id)
        row.reasons = [*row.reasons, {"code": "asked_for_help", "facts": {}, "weight": 1.0}]
    sweep_context(house, course.context)
    with house.db.reading() as session:
        row = session.get_one(Episode, episode.id)
        assert (row.held_out, row.arm) == (False, "held_out")
        assert session.scalar(select(func.count()).select_from(Prompt).where(Prompt.kind == "nudge")) == 1


def speaks_of_harm(session: Session, course: Course, who: int) -> None:
    assert hear(session, course.context, who, "a volte penso di farla finita", NOW)


def test_whose_words_spoke_of_harm_is_in_no_lot(app: Flask, course: Course) -> None:
    with the_house(app).db.writing() as session:
        speaks_of_harm(session, course, course.ada)
    episode = sweep_with_ada(app, course, held_out=True)
    assert (episode.arm, episode.held_out) == (None, False)
    with the_house(app).db.reading() as session:
        assert support_for(session, course.ada, NOW).stall is not None


def test_ada_whose_words_speak_of_harm_after_the_lot_is_let_in_and_a_mistake_changes_nothing(
    app: Flask, course: Course
) -> None:
    episode = sweep_with_ada(app, course, held_out=True)
    with the_house(app).db.writing() as session:
        speaks_of_harm(session, course, course.ada)
        session.execute(update(Report).values(state="dismissed"))
    sweep_context(the_house(app), course.context)
    with the_house(app).db.writing() as session:
        assert session.get_one(Episode, episode.id).held_out
        session.execute(update(Report).values(state="open"))
    sweep_context(the_house(app), course.context)
    with the_house(app).db.reading() as session:
        row = session.get_one(Episode, episode.id)
        assert (row.held_out, row.arm) == (False, "held_out")


def test_it_ends_by_itself_when_it_has_enough_and_at_the_end_of_the_term(app: Flask, course: Course) -> None:
    turn_on(app, course, share=0.5, planned=3)
    with the_house(app).db.writing() as session:
        for number in range(12):
            episodes = open_many(session, course, newcomers(session, course, 1, number))
            draw(session, course.context, [open_row(one) for one in episodes], NOW)
        episodes = open_many(session, course, newcomers(session, course, 1, 12))
        draw(session, course.context, [open_row(one) for one in episodes], NOW + timedelta(days=121))
    with the_house(app).db.reading() as session:
        arms = [row.arm for row in session.scalars(select(Episode).order_by(Episode.id))]
    assert arms.count("held_out") == 3
    assert arms[-1] is None
    assert None in arms[:12]


def test_turning_it_off_lets_everybody_in_again(app: Flask, course: Course) -> None:
    episode = sweep_with_ada(app, course, held_out=True)
    house = the_house(app)
    with house.db.writing() as session:
        assert stop(session, academy_of(session, course).id, None, NOW + timedelta(days=3))
        assert not stop(session, academy_of(session, course).id, None, NOW + timedelta(days=3))
    sweep_context(house, course.context)
    with house.db.reading() as session:
        assert session.get_one(Episode, episode.id).held_out is False
        assert session.query(Match).count() == 1
        (holdout,) = holdouts_of(academy_of(session, course))
        # Her fourteen days were not over: she belongs to neither arm.
        assert effects_of(session, holdout, NOW + timedelta(days=30)).report.came_back.held_out.n == 0
        assert session.scalars(select(AuditEntry.what).order_by(AuditEntry.id)).all() == ["holdout_on", "holdout_off"]


def test_two_managers_turn_it_on_at_once_and_one_lot_is_drawn(app: Flask, course: Course) -> None:
    turn_on(app, course)
    with the_house(app).db.writing() as session:
        again = Holdout(8, 0.2, 0.5, 0.15, 40, NOW, NOW + timedelta(days=1))
        assert not start(session, academy_of(session, course).id, again, None)
        assert [one.seed for one in holdouts_of(academy_of(session, course))] == [7]


def test_both_arms_are_measured_alike_also_where_somebody_said_this_is_wrong(
    app: Flask, course: Course, clock: StillClock
) -> None:
    house = the_house(app)
    episode = sweep_with_ada(app, course, held_out=False)
    with house.db.writing() as session:
        this_is_wrong(session, episode.id, course.ada, "", NOW)
    clock.at += timedelta(days=3)
    with house.db.writing() as session:
        make = Builder(session)
        make.updates(course.ada, course.quiz_2, -2, "90")
        session.get_one(Membership, course.ada).last_access_at = NOW + timedelta(days=2)
        make.synced(course.context, clock.at)
    sweep_context(house, course.context)
    with house.db.reading() as session:
        row = session.get_one(Episode, episode.id)
        assert row.outcome == "wrong"
        assert row.moved_at is not None
        (holdout,) = holdouts_of(academy_of(session, course))
        effects = effects_of(session, holdout, NOW + timedelta(days=15))
        assert (effects.report.came_back.helped.n, effects.report.came_back.helped.reached) == (1, 1)
        assert effects.report.next_done.helped.reached == 1


def drawn_rows(app: Flask, course: Course, helped: tuple[int, int], held_out: tuple[int, int], seed: int = 7) -> None:
    """Write episodes of both arms, 20 days old: (how many, how many of them came back)."""
    with the_house(app).db.writing() as session:
        people = newcomers(session, course, helped[0] + held_out[0])
        group = CourseGroup(context_id=course.context, api_id="g1", name='=HYPERLINK("http://x")')
        small = CourseGroup(context_id=course.context, api_id="g2", name="Gruppo piccolo")
        session.add_all([group, small])
        session.flush()
        for number, who in enumerate(people):
            arm, (_many, back) = ("helped", helped) if number < helped[0] else ("held_out", held_out)
            place = number if arm == "helped" else number - helped[0]
            session.add(
                Episode(
                    context_id=course.context,
                    membership_id=who,
                    kind="stuck",
                    probability=0.6,
                    reasons=[],
                    opened_at=NOW - timedelta(days=20, minutes=-number),
                    updated_at=NOW,
                    arm=arm,
                    held_out=arm == "held_out",
                    stratum=f"{course.context}:stuck",
                    lot_seed=seed,
                    way="lms" if number % 2 else "panel",
                    moved_at=NOW - timedelta(days=15) if place < back else None,
                )
            )
            session.add(GroupMember(group_id=small.id if place < 4 else group.id, membership_id=who))


def test_the_page_says_too_early_until_there_is_enough_and_then_what_it_found(
    app: Flask, course: Course, marta: int, as_: As
) -> None:
    turn_on(app, course, planned=60)
    drawn_rows(app, course, (90, 72), (40, 10))
    page = as_(marta).opens("control/effect").text
    assert "Too early to tell." in page
    assert "72 of 90 (80%)" in page
    assert "10 of 40 (25%)" in page
    assert "It helps." not in page
    with the_house(app).db.writing() as session:
        academy = academy_of(session, course)
        rows = academy.settings["holdouts"]
        academy.settings = {**academy.settings, "holdouts": [{**rows[0], "planned": 40}]}
    page = as_(marta).opens("control/effect").text
    assert "It helps." in page
    assert "+55 points" in page


def test_small_groups_are_suppressed_on_the_page_and_in_the_table(
    app: Flask, course: Course, marta: int, as_: As
) -> None:
    turn_on(app, course, planned=40)
    drawn_rows(app, course, (90, 72), (40, 10))
    page = as_(marta).opens("control/effect").text
    assert "Gruppo piccolo" in page
    assert "under ten: not shown" in page
    answer = as_(marta).opens("control/effect.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="regista-effect.csv"'
    rows = {(row["split"], row["group"]): row for row in csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff")))}
    main = rows["outcome", "came_back_14_days"]
    assert (main["helped_n"], main["helped_reached"], main["held_out_n"], main["held_out_reached"]) == (
        "90",
        "72",
        "40",
        "10",
    )
    assert (main["difference"], main["verdict"]) == ("0.55", "helped")
    suppressed = [row for (split, _), row in rows.items() if split == "group" and row["verdict"] == "under_10"]
    assert all(row["helped_n"] == row["difference"] == "" for row in suppressed)
    assert len(suppressed) == 2
    # No cell of a spreadsheet may begin as a formula.
    assert not any(group.startswith(("=", "+", "@")) for _, group in rows)


def test_marta_reads_what_it_costs_and_turns_it_on_with_ten_in_a_hundred(
    app: Flask, course: Course, marta: int, as_: As
) -> None:
    page = as_(marta).opens("control/effect").text
    assert "What it costs" in page
    assert '<option value="10" selected>' in page
    again = as_(marta).sends("control/effect", share="20", worth="10", months="6").text
    assert "It takes 2" in again
    as_(marta).sends("control/effect/on", share="10", worth="15", months="4")
    with the_house(app).db.reading() as session:
        (on,) = holdouts_of(academy_of(session, course))
        assert (on.share, on.worth, on.is_on(NOW), on.ends_at) == (0.1, 0.15, True, NOW + timedelta(days=120))
        assert on.planned > 50
    page = as_(marta).opens("control/effect").text
    assert "Too early to tell." in page
    assert "nobody yet" in page
    as_(marta).sends("control/effect/off")
    assert "It is over" in as_(marta).opens("control/effect").text


@pytest.mark.parametrize("share", ["90", "-1", "0", "nan", "10; DROP TABLE"])
def test_a_forged_share_is_ten(app: Flask, course: Course, marta: int, as_: As, share: str) -> None:
    as_(marta).sends("control/effect/on", share=share)
    with the_house(app).db.reading() as session:
        assert [one.share for one in holdouts_of(academy_of(session, course))] == [0.1]


def test_marta_sees_nothing_of_another_academys_holdout(app: Flask, course: Course, as_: As, marta: int) -> None:
    turn_on(app, course)
    with the_house(app).db.writing() as session:
        session.execute(update(Membership).where(Membership.id == course.eva).values(role="manager"))
    assert "Find out with a lot" in as_(course.eva).opens("control/effect").text
