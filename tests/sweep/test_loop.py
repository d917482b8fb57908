"""The whole loop in the store: Ada stalls, Bruno helps, Clara sees it, Ada moves; Dario and Eva see nothing."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from lti_app.house import House
from lti_app.jobs.sweep import SweepSummary, sweep_context
from lti_app.models import Episode, EpisodeEvent, Match, Membership, Milestone, Prompt, Thread
from lti_app.store import matches, offers, prompts
from lti_app.store.desk import desk_case, desk_queue
from lti_app.store.episodes import this_is_wrong
from lti_app.store.support import support_for
from tests.conftest import StillClock
from tests.sweep.course import NOW, Builder, Course, offers_help, stalls


def the_house(app: Flask) -> House:
    house = app.extensions["regista"]
    assert isinstance(house, House)
    return house


def sweep(app: Flask, course: Course) -> SweepSummary:
    return sweep_context(the_house(app), course.context)


def helpers_offer(app: Flask, course: Course) -> None:
    with the_house(app).db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2)
        offers_help(session, course.bice, course.quiz_2)


def test_bruno_who_has_just_passed_is_asked_whether_he_would_help(app: Flask, course: Course) -> None:
    with the_house(app).db.reading() as session:
        offerables = offers.offerable(session, course.bruno, NOW)
    assert [(one.activity.title, one.here_now) for one in offerables] == [("Quiz 2: Pulizia dei dati", 1)]


def test_the_sweep_opens_adas_episode_with_reasons_and_proposes_bruno_and_bice(app: Flask, course: Course) -> None:
    helpers_offer(app, course)
    summary = sweep(app, course)
    assert (summary.opened, summary.proposed) == (1, 2)
    with the_house(app).db.reading() as session:
        stall = support_for(session, course.ada, NOW).stall
        assert stall is not None
        assert stall.kind == "stuck"
        assert stall.activity is not None
        assert stall.activity.title == "Quiz 2: Pulizia dei dati"
        codes = {reason.code: reason.facts for reason in stall.reasons}
        assert codes["failed_attempts"]["attempts"] == 3
        assert "silent" in codes
        assert {candidate.name for candidate in stall.candidates} == {"Bruno M.", "Bice C."}
        (episode,) = session.scalars(select(Episode))
        assert episode.owner_id in (course.clara, course.carlo)
        assert episode.due_at == NOW + timedelta(hours=24)
        assert {prompt.key for prompt in session.scalars(select(Prompt).where(Prompt.kind != "praise"))} == {
            f"nudge:{episode.id}",
            f"tutor:{episode.id}",
        }


def test_a_second_sweep_changes_nothing(app: Flask, course: Course) -> None:
    helpers_offer(app, course)
    sweep(app, course)
    with the_house(app).db.reading() as session:
        before = [session.query(table).count() for table in (Episode, Match, Prompt, Milestone, EpisodeEvent)]
    again = sweep(app, course)
    with the_house(app).db.reading() as session:
        after = [session.query(table).count() for table in (Episode, Match, Prompt, Milestone, EpisodeEvent)]
    assert after == before
    assert (again.opened, again.ended, again.proposed, again.prompts, again.milestones) == (0, 0, 0, 0, 0)


def test_from_a_stall_to_a_person_and_back_to_moving(app: Flask, course: Course, clock: StillClock) -> None:
    db = the_house(app).db
    helpers_offer(app, course)
    sweep(app, course)
    with db.writing() as session:
        stall = support_for(session, course.ada, clock.now()).stall
        assert stall is not None
        prompts.seen(session, course.ada, clock.now())
        bruno = next(candidate for candidate in stall.candidates if candidate.name == "Bruno M.")
        matches.choose(session, bruno.match_id, course.ada, clock.now())
    clock.at += timedelta(hours=3)
    with db.writing() as session:
        (ask,) = support_for(session, course.bruno, clock.now()).asks
        thread_id = matches.answer(session, ask.match_id, course.bruno, True, clock.now(), opening_words="Ciao!")
    with db.reading() as session:
        for member in (course.ada, course.bruno):
            assert [match.thread_id for match in support_for(session, member, clock.now()).matches] == [thread_id]
        for member in (course.bice, *course.others, course.clara, course.dario, course.eva):
            assert support_for(session, member, clock.now()).matches == ()
        queue = desk_queue(session, course.context, clock.now(), tutor_id=course.clara)
        (item,) = queue.in_hand
        assert (item.face.name, item.kind, item.state) == ("Ada Rossi", "stuck", "helped")
        assert item.tried is not None
        assert (item.tried.what, [face.name for face in item.tried.people]) == ("accepted", ["Bruno Marchi"])
    ada_passes(app, course, clock)
    summary = sweep(app, course)
    assert summary.ended == 1
    with db.reading() as session:
        (episode,) = session.scalars(select(Episode))
        assert (episode.state, episode.outcome) == ("ended", "after_match")
        queue = desk_queue(session, course.context, clock.now(), tutor_id=course.clara)
        assert queue.items == ()
        assert [(closed.face.name, closed.outcome) for closed in queue.closed] == [("Ada Rossi", "after_match")]
        ada, helper = (support_for(session, member, clock.now()) for member in (course.ada, course.bruno))
        assert ada.stall is None
        assert ada.matches[0].ask_if_helped
        assert [word.kind for word in helper.words] == ["thanks"]
        assert session.get_one(Thread, thread_id).closed_at is None


def ada_passes(app: Flask, course: Course, clock: StillClock, after: timedelta = timedelta(days=2)) -> None:
    """Let time pass; Ada works through the quiz again and passes, and a sync tells us."""
    clock.at += after
    with the_house(app).db.writing() as session:
        make = Builder(session)
        days = (NOW - clock.at + timedelta(hours=6)).total_seconds() / 86400
        make.updates(course.ada, course.quiz_2, days, "82")
        session.get_one(Membership, course.ada).last_access_at = clock.at - timedelta(hours=6)
        make.synced(course.context, clock.at)


def test_ada_recovers_while_bruno_has_not_answered_and_he_is_thanked(
    app: Flask, course: Course, clock: StillClock
) -> None:
    db = the_house(app).db
    helpers_offer(app, course)
    sweep(app, course)
    with db.writing() as session:
        stall = support_for(session, course.ada, clock.now()).stall
        assert stall is not None
        chosen = stall.candidates[0].match_id
        matches.choose(session, chosen, course.ada, clock.now())
    ada_passes(app, course, clock, timedelta(hours=20))
    sweep(app, course)
    with db.reading() as session:
        match = session.get_one(Match, chosen)
        assert (match.state, match.ended_why) == ("withdrawn", "recovered")
        helper = support_for(session, match.helper_id, clock.now())
        assert helper.asks == ()
        assert [word.kind for word in helper.words] == ["thanks"]


def test_both_said_no_and_the_next_sweep_finds_another_helper(app: Flask, course: Course) -> None:
    db = the_house(app).db
    helpers_offer(app, course)
    sweep(app, course)
    for helper in (course.bruno, course.bice):
        with db.writing() as session:
            match = session.scalars(select(Match).where(Match.helper_id == helper)).one()
            matches.choose(session, match.id, course.ada, NOW)
            matches.answer(session, match.id, helper, False, NOW)
    newcomer = course.others[1]
    with db.writing() as session:
        assert session.scalars(select(Episode)).one().state == "open"
        offers_help(session, newcomer, course.quiz_2)
    assert sweep(app, course).proposed == 1
    with db.reading() as session:
        stall = support_for(session, course.ada, NOW).stall
        assert stall is not None
        assert [candidate.name for candidate in stall.candidates] == ["Gaia S."]


def test_a_helper_who_paused_is_withdrawn_and_may_come_back(app: Flask, course: Course) -> None:
    db = the_house(app).db
    helpers_offer(app, course)
    sweep(app, course)
    with db.writing() as session:
        offers.pause_offers(session, course.bruno, True, NOW)
    assert sweep(app, course).withdrawn == 1
    with db.writing() as session:
        offers.pause_offers(session, course.bruno, False, NOW)
    assert sweep(app, course).proposed == 1
    with db.reading() as session:
        assert {match.state for match in session.scalars(select(Match))} == {"proposed"}


def test_a_helper_who_stalls_is_not_asked_to_help(app: Flask, course: Course) -> None:
    db = the_house(app).db
    helpers_offer(app, course)
    sweep(app, course)
    with db.writing() as session:
        stalls(session, course, course.bruno, activity=course.task_2)
    assert sweep(app, course).withdrawn == 1
    with db.reading() as session:
        stall = support_for(session, course.ada, NOW).stall
        assert stall is not None
        assert [candidate.name for candidate in stall.candidates] == ["Bice C."]


def test_this_is_wrong_closes_and_no_sweep_opens_it_again(app: Flask, course: Course, clock: StillClock) -> None:
    db = the_house(app).db
    sweep(app, course)
    with db.writing() as session:
        this_is_wrong(session, session.scalars(select(Episode.id)).one(), course.ada, "Sono in ferie", NOW)
    clock.at += timedelta(hours=1)
    summary = sweep(app, course)
    assert summary.opened == 0
    assert summary.held_back == {"said_wrong": 1}


def test_dario_and_eva_have_no_part_in_any_of_it(app: Flask, course: Course) -> None:
    helpers_offer(app, course)
    sweep(app, course)
    house = the_house(app)
    for context in (course.dario_context, course.eva_context):
        assert sweep_context(house, context).opened == 0
    with house.db.reading() as session:
        for member in (course.dario, course.eva):
            view = support_for(session, member, NOW)
            assert (view.stall, view.asks, view.matches, view.offerables, view.offers) == (None, (), (), (), ())
        for context in (course.dario_context, course.eva_context):
            assert desk_queue(session, context, NOW).items == ()


def test_clara_reads_the_case_with_reasons_strip_and_what_was_tried(app: Flask, course: Course) -> None:
    helpers_offer(app, course)
    sweep(app, course)
    with the_house(app).db.reading() as session:
        (item,) = desk_queue(session, course.context, NOW).items
        case = desk_case(session, course.context, item.episode_id, NOW, tutor_id=course.clara)
    assert case.face.name == "Ada Rossi"
    assert case.activity is not None
    assert case.activity.url == "https://lms.example/mod/quiz/view.php?id=2"
    assert [step.what for step in case.tried] == ["opened", "proposed"]
    assert len(case.strip) == 28
    assert [day.level for day in case.strip].count("tried") == 3
    assert all(day.level == "none" for day in case.strip[-9:])
    assert set(case.draft.helpers) == {"Bruno M.", "Bice C."}
    assert [face.name for face in case.colleagues] == ["Carlo Neri"]
    assert "0.4" not in repr(case.draft.helpers)
