"""The desk's quiet rules: away, several at once but each personally, and whoever raised something hears of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from lti_app.house import House
from lti_app.jobs.sweep import sweep_context
from lti_app.models import Context, Episode, EpisodeEvent, Membership, Prompt
from lti_app.store import matches
from lti_app.store.desk import desk_queue, tutor_acted
from lti_app.store.support import support_for
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.sweep.course import NOW, Builder, Course, offers_help, stalls

As = Callable[..., Somebody]


def the_house(app: Flask) -> House:
    house: House = app.extensions["regista"]
    return house


def test_clara_is_away_and_ada_lands_on_carlos_desk(app: Flask, course: Course, as_: As) -> None:
    page = as_(course.clara).sends("desk/away", until="2026-11-27")
    assert "Nothing new lands on your desk until then." in page.text
    assert "You are away until" in page.text
    sweep_context(the_house(app), course.context)
    with the_house(app).db.reading() as session:
        assert session.scalars(select(Episode.owner_id)).all() == [course.carlo]
    assert "Welcome back" in as_(course.clara).sends("desk/away", what="back").text


def test_claras_waiting_cases_go_to_carlo_and_what_she_began_stays(app: Flask, course: Course, as_: As) -> None:
    with the_house(app).db.writing() as session:
        for who in course.others[:3]:
            stalls(session, course, who)
        session.execute(update(Episode).values(owner_id=course.clara))
        first = session.scalars(select(Episode.id).order_by(Episode.id)).first()
        assert first is not None
        tutor_acted(session, first, course.clara, "voice", "", NOW)
    page = as_(course.clara).sends("desk/away", until="2026-12-01", share="yes")
    assert "2 cases have gone to your colleagues." in page.text
    with the_house(app).db.reading() as session:
        assert session.scalars(select(Episode.owner_id).order_by(Episode.id)).all() == [
            course.clara,
            course.carlo,
            course.carlo,
        ]
        assert session.scalars(select(EpisodeEvent.what)).all().count("hand_over") == 2


@pytest.mark.parametrize("until", ["", "yesterday", "2026-11-01", "2031-01-01", "9999-12-31"])
def test_a_day_that_cannot_be_is_asked_for_again(app: Flask, course: Course, as_: As, until: str) -> None:
    assert as_(course.clara).sends("desk/away", until=until).status_code == 422


def test_a_learner_is_never_away_from_a_desk(app: Flask, course: Course, as_: As) -> None:
    for who in (course.ada, course.dario, course.eva):
        assert as_(who).sends("desk/away", until="2026-12-01").status_code == 404
        assert as_(who).opens("desk/together").status_code == 404


def test_clara_writes_to_three_in_one_sitting_and_each_reads_their_own_words(
    app: Flask, course: Course, as_: As
) -> None:
    three = course.others[:3]
    with the_house(app).db.writing() as session:
        for who in three:
            stalls(session, course, who)
        ids = session.scalars(select(Episode.id).order_by(Episode.id)).all()
    clara = as_(course.clara)
    assert "Fabio Greco" in clara.opens("desk/together").text
    review = clara.sends("desk/together", ids=[str(id_) for id_ in ids]).text
    for name in ("Fabio", "Gaia", "Hugo"):
        assert f"Ciao {name}," in review
    bodies = {f"body-{id_}": f"Ciao {number}" for number, id_ in enumerate(ids)}
    for _twice in range(2):
        done = clara.sends("desk/together/send", ids=[str(id_) for id_ in ids], form_key="k", **bodies)
        assert "3 messages are on their way." in done.text
    with the_house(app).db.reading() as session:
        for number, who in enumerate(three):
            assert [word.body for word in support_for(session, who, NOW).words] == [f"Ciao {number}"]


def test_one_empty_letter_and_none_is_sent(app: Flask, course: Course, as_: As) -> None:
    with the_house(app).db.writing() as session:
        for who in course.others[:2]:
            stalls(session, course, who)
        one, two = session.scalars(select(Episode.id).order_by(Episode.id)).all()
    page = as_(course.clara).sends(
        "desk/together/send", ids=[str(one), str(two)], **{f"body-{one}": "Ciao Fabio!", f"body-{two}": " "}
    )
    assert page.status_code == 422
    assert "Ciao Fabio!" in page.text
    with the_house(app).db.reading() as session:
        assert session.query(Prompt).filter(Prompt.kind == "tutor_message").count() == 0


def test_cases_of_two_kinds_are_not_written_to_together_and_other_courses_not_at_all(
    app: Flask, course: Course, as_: As
) -> None:
    with the_house(app).db.writing() as session:
        for who in course.others[:2]:
            stalls(session, course, who)
        one, two = session.scalars(select(Episode.id).order_by(Episode.id)).all()
        session.execute(update(Episode).where(Episode.id == two).values(kind="bored"))
        stalls(session, course, course.dario)
        session.execute(
            update(Episode).where(Episode.membership_id == course.dario).values(context_id=course.dario_context)
        )
        far = session.scalars(select(Episode.id).where(Episode.membership_id == course.dario)).one()
    clara = as_(course.clara)
    review = clara.sends("desk/together", ids=[str(one), str(two)]).text
    assert f'name="body-{one}"' in review
    assert f'name="body-{two}"' not in review
    assert clara.sends("desk/together", ids=[str(far)]).status_code == 404
    assert clara.sends("desk/together/send", ids=[str(far)], **{f"body-{far}": "x"}).status_code == 404


def test_ada_who_reported_hears_that_a_person_has_seen_to_it(app: Flask, course: Course, as_: As) -> None:
    with the_house(app).db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2)
        (match_id,) = stalls(session, course, course.ada, course.bruno)
        matches.choose(session, match_id, course.ada, NOW)
        matches.answer(session, match_id, course.bruno, True, NOW, opening_words="Ciao")
        matches.report(session, match_id, course.ada, "Mi ha scritto cose brutte", NOW)
        report = session.scalars(select(Prompt.id).where(Prompt.kind == "report")).one()
    for _twice in range(2):
        as_(course.clara).sends(f"desk/seen/{report}")
    with the_house(app).db.reading() as session:
        assert [w.kind for w in support_for(session, course.ada, NOW).words if w.kind == "heard"] == ["heard"]
        assert not [w for w in support_for(session, course.bruno, NOW).words if w.kind == "heard"]
    assert "A person has read what you reported." in as_(course.ada).opens("home").text


def test_nobody_met_ada_in_time_so_marta_sees_her_and_gives_her_to_carlo(
    app: Flask, course: Course, marta: int, as_: As, clock: StillClock
) -> None:
    house = the_house(app)
    sweep_context(house, course.context)
    assert "Nobody has met them in time" not in as_(marta).opens("control").text
    # A day to look, two more until it goes up, and the night in between.
    clock.at += timedelta(hours=24 + 48 + 1)
    with house.db.writing() as session:
        Builder(session).synced(course.context, clock.at)
    sweep_context(house, course.context)
    page = as_(marta).opens("control").text
    assert "Nobody has met them in time" in page
    assert "Ada Rossi" in page
    with house.db.reading() as session:
        prompt_id = session.scalars(select(Prompt.id).where(Prompt.kind == "escalation")).one()
    as_(marta).sends(f"control/escalation/{prompt_id}", to_id=str(course.carlo))
    assert "Nobody has met them in time" not in as_(marta).opens("control").text
    with house.db.reading() as session:
        (item,) = desk_queue(session, course.context, clock.now(), tutor_id=course.carlo).items
        assert item.owner is not None
        assert item.owner.name == "Carlo Neri"


def test_marta_cannot_settle_another_academys_case_nor_give_it_to_a_learner(
    app: Flask, course: Course, marta: int, as_: As, clock: StillClock
) -> None:
    house = the_house(app)
    with house.db.writing() as session:
        stalls(session, course, course.ada)
        episode_id = session.scalars(select(Episode.id)).one()
        values = {"kind": "escalation", "made_at": NOW, "due_at": NOW, "episode_id": episode_id, "state": "sent"}
        session.add(Prompt(key="e1", context_id=course.context, **values))
        session.add(Prompt(key="e2", context_id=course.eva_context, **values))
        session.flush()
        here, far = session.scalars(select(Prompt.id).order_by(Prompt.id)).all()
        assert session.get_one(Context, course.eva_context).title == "Disegno"
    assert as_(marta).sends(f"control/escalation/{far}").status_code == 404
    assert as_(marta).sends(f"control/escalation/{here}", to_id=str(course.ada)).status_code == 404
    assert as_(course.clara).sends(f"control/escalation/{here}").status_code == 404
    with house.db.writing() as session:
        session.execute(update(Membership).where(Membership.id == course.carlo).values(state="left"))
    assert as_(marta).sends(f"control/escalation/{here}", to_id=str(course.carlo)).status_code == 404
    assert as_(marta).sends(f"control/escalation/{here}").status_code == 200
