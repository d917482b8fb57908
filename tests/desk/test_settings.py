"""Clara moves the desk's settings: she sees at once what they would do; only she and her colleagues may keep them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from engagement.values import Holiday
from lti_app.db import Database
from lti_app.jobs.sweep import sweep_context
from lti_app.models import ActiveDay, Activity, AuditEntry, Context, Episode, Membership, Person
from lti_app.store.cohorts import load_cohort
from lti_app.store.course_settings import CourseSettings, save_course_settings, settings_of
from lti_app.store.policies import policy_of
from lti_app.store.refusals import NotYours
from tests.panels.conftest import Somebody
from tests.sweep.course import NOW, Course, build, written
from tests.sweep.test_loop import the_house

As = Callable[..., Somebody]
FORM = {"step": "3", "weekly_most": "3", "silent_days": "7", "cool_down_days": "14", "messages": "lms"}


@pytest.fixture
def course(db: Database) -> Course:
    with written(db) as (_session, made):
        return made


@pytest.fixture
def as_(app: Flask) -> As:
    from tests.panels.lively import token_of, visit_of

    def open_as(membership_id: int, *, cookie: bool = False, locale: str = "en") -> Somebody:
        whose = visit_of(app, membership_id, ref="r1", locale=locale)
        return Somebody(app.test_client(), whose, token_of(app, whose), cookie)

    return open_as


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.mark.parametrize(
    ("locale", "expected"),
    [("en", ("What this would do", "Ada Rossi", "stuck")), ("it", ("Che cosa cambierebbe", "Ada Rossi", "in stallo"))],
)
def test_clara_sees_who_would_be_listed_and_how_the_past_weeks_would_have_gone(
    as_: As, course: Course, locale: str, expected: tuple[str, ...]
) -> None:
    page = as_(course.clara, locale=locale).opens("desk/settings")
    assert page.status_code == 200
    for one in expected:
        assert one in words(page.text)
    assert "Quiz 2: Pulizia dei dati" in page.text
    assert "<svg" in page.text


def test_moving_the_slider_answers_with_the_preview_alone_and_keeps_nothing(
    as_: As, course: Course, db: Database
) -> None:
    clara = as_(course.clara)
    answer = clara.sends("desk/settings/try", htmx=True, **FORM | {"weekly_most": "0", "step": "5"})
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith("<section")
    assert "At the first signs" in answer.text
    assert "25 in 100" in words(answer.text)
    assert "Ada Rossi" not in answer.text
    assert "this week’s number is reached" in words(answer.text)
    with db.reading() as session:
        assert settings_of(session, course.context).weekly_most == 3


def test_without_a_script_show_me_draws_the_page_with_what_was_set(as_: As, course: Course) -> None:
    page = as_(course.clara).sends("desk/settings/try", **FORM | {"step": "1", "cool_down_days": "30"})
    assert page.status_code == 200
    assert 'value="30"' in page.text
    assert "Only when it is nearly certain" in page.text


def test_what_clara_keeps_is_what_the_next_sweep_follows_and_is_written_down(
    app: Flask, as_: As, course: Course, db: Database
) -> None:
    kept = as_(course.clara).sends(
        "desk/settings/save", **FORM | {"weekly_most": "0", "step": "4", "messages": "panel"},
        holiday_first=["2026-12-23", ""], holiday_last=["2027-01-06", ""],
    )  # fmt: skip
    assert kept.status_code == 200
    assert "Kept." in kept.text
    with db.reading() as session:
        policy = policy_of(session, course.context)
        assert (policy.weekly_most, policy.threshold, policy.cool_down_days) == (0, 0.35, 14)
        assert load_cohort(session, course.context, NOW).holidays == (Holiday(date(2026, 12, 23), date(2027, 1, 6)),)
        settings = session.get_one(Context, course.context).settings
        assert settings["messages"] == "panel"
        assert "cool_down_days" not in settings["policy"]
        entry = session.scalars(select(AuditEntry)).one()
        assert (entry.what, entry.context_id) == ("course_settings", course.context)
        assert entry.facts["weekly_most"] == [3, 0]
        assert entry.actor_id is not None
    assert sweep_context(the_house(app), course.context).opened == 0


def test_keeping_the_same_again_writes_nothing(as_: As, course: Course, db: Database) -> None:
    as_(course.clara).sends("desk/settings/save", **FORM)
    with db.reading() as session:
        assert session.scalars(select(AuditEntry)).all() == []
        assert session.get_one(Context, course.context).settings.get("policy") is None


def test_with_a_cookie_the_page_after_keeping_is_a_page_of_its_own(as_: As, course: Course) -> None:
    clara = as_(course.clara, cookie=True)
    answer = clara.sends("desk/settings/save", **FORM | {"cool_down_days": "21"})
    assert answer.status_code == 303
    assert "Kept." in clara.opens("desk/settings?kept=1").text


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"weekly_most": "-1"}, "A whole number from 0 to 500"),
        ({"weekly_most": "many"}, "A whole number from 0 to 500"),
        ({"silent_days": "1"}, "A whole number from 3 to 30"),
        ({"cool_down_days": ""}, "A whole number from 0 to 90"),
        ({"holiday_first": "2026-12-24", "holiday_last": "2026-12-01"}, "From the first day to the last"),
        ({"exam_first": "2026-12-24", "exam_last": "2029-12-01"}, "From the first day to the last"),
        ({"exam_first": "soon", "exam_last": ""}, "Both days are needed"),
        ({"exam_first": "", "exam_last": "2026-12-01"}, "Both days are needed"),
    ],
)
def test_what_cannot_be_taken_is_said_beside_it_and_nothing_is_kept(
    as_: As, course: Course, db: Database, sent: dict[str, str], said: str
) -> None:
    answer = as_(course.clara).sends("desk/settings/save", **FORM | {"step": "5"} | sent)
    assert answer.status_code == 422
    assert said in answer.text
    with db.reading() as session:
        assert policy_of(session, course.context).threshold == 0.45


def test_a_threshold_set_finer_than_the_slider_stays_while_the_slider_is_not_moved(
    as_: As, course: Course, db: Database
) -> None:
    with db.writing() as session:
        session.get_one(Context, course.context).settings = {"policy": {"threshold": 0.42}}
    clara = as_(course.clara)
    assert 'name="exact" value="0.42"' in clara.opens("desk/settings").text
    clara.sends("desk/settings/save", **FORM | {"exact": "0.42", "cool_down_days": "20"})
    with db.reading() as session:
        assert policy_of(session, course.context).threshold == 0.42
    clara.sends("desk/settings/save", **FORM | {"exact": "0.42", "step": "4"})
    with db.reading() as session:
        assert policy_of(session, course.context).threshold == 0.35


def test_neither_learners_nor_tutors_of_other_courses_may_look_or_set(as_: As, course: Course, db: Database) -> None:
    for who in (course.ada, course.bruno, course.dario, course.eva):
        assert as_(who).opens("desk/settings").status_code == 404
        assert as_(who).sends("desk/settings/save", **FORM).status_code == 404
        with db.writing() as session, pytest.raises(NotYours):
            save_course_settings(session, course.context, settings_of(session, course.context), who, NOW)


def test_a_cookie_alone_keeps_nothing(as_: As, course: Course, db: Database) -> None:
    clara = as_(course.clara, cookie=True)
    clara.opens("desk/settings")
    answer = clara.client.post(clara.at("desk/settings/save"), data=FORM | {"step": "5"})
    assert answer.status_code >= 400
    with db.reading() as session:
        assert policy_of(session, course.context).threshold == 0.45


@pytest.mark.parametrize(
    "wrong", [{"threshold": 0.0}, {"weekly_most": -1}, {"silent_days": 99}, {"messages": "pigeon"}]
)
def test_the_store_takes_nothing_out_of_bounds_from_anybody(
    db: Database, course: Course, wrong: dict[str, object]
) -> None:
    with db.writing() as session:
        good = settings_of(session, course.context)
        with pytest.raises(ValueError, match=next(iter(wrong))):
            save_course_settings(session, course.context, replace(good, **wrong), course.clara, NOW)  # type: ignore[arg-type]


def test_the_preview_lists_exactly_whom_the_next_sweep_raises(app: Flask, as_: As, db: Database) -> None:
    with db.writing() as session:
        course = build(session)
        # A deadline in sight brings people back; without one, three weeks of silence weigh more.
        session.get_one(Activity, course.task_2).due_at = None
        for number, other in enumerate(course.others[::2]):
            session.query(ActiveDay).filter(
                ActiveDay.membership_id == other, ActiveDay.day > (NOW - timedelta(days=22 + number)).date()
            ).delete()
            member = session.get_one(Membership, other)
            member.last_access_at = member.launched_at = NOW - timedelta(days=22 + number)
    page = as_(course.clara).sends("desk/settings/try", htmx=True, **FORM | {"weekly_most": "9", "step": "5"}).text
    named = set(re.findall(r"<strong>([A-Z]\w+ [A-Z]\w+)</strong>", page))
    with db.writing() as session:
        wanted = replace(settings_of(session, course.context), weekly_most=9, threshold=0.25)
        save_course_settings(session, course.context, wanted, course.clara, NOW)
    sweep_context(the_house(app), course.context)
    with db.reading() as session:
        raised = set(
            session.scalars(select(Person.name).join(Membership).join(Episode, Episode.membership_id == Membership.id))
        )
    assert named == raised
    assert len(raised) >= 3


def test_settings_are_of_one_course_and_survive_other_settings(db: Database, course: Course) -> None:
    with db.writing() as session:
        context = session.get_one(Context, course.context)
        context.settings = {"same_group_only": True, "policy": {"late_from": 0.9}, "messages": "console"}
        session.flush()
        now = settings_of(session, course.context)
        chosen = CourseSettings(0.55, 5, 10, now.silent_days, messages="lms")
        changed = save_course_settings(session, course.context, chosen, course.clara, NOW)
        assert set(changed) == {"threshold", "weekly_most", "cool_down_days"}
        assert context.settings["same_group_only"] is True
        assert context.settings["policy"]["late_from"] == 0.9
        assert context.settings["messages"] == "console"
        assert policy_of(session, course.dario_context).threshold == 0.45
