"""Somebody asks a person to look; moderators decide; whoever it concerns can read it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import AuditEntry, Context, Membership, Mute, Notification, Post, Report
from lti_app.store import posting
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]


@pytest.fixture
def post_id(db: Database, course: Course) -> int:
    with db.writing() as session:
        thread = posting.start_thread(session, course.context, course.bruno, "Hello", "You are all slow.", NOW)
        return session.scalars(select(Post.id).where(Post.thread_id == thread)).one()


def reported(who: Somebody, post_id: int, **form: str) -> None:
    answer = who.sends(f"report/{post_id}/send", **({"why": "unkind", "words": "Not nice."} | form))
    assert answer.status_code == 200, answer.text
    assert "A person will look at it" in answer.text


def the_report(db: Database) -> int:
    with db.reading() as session:
        return session.scalars(select(Report.id)).one()


def told(db: Database, member: int) -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(Notification.kind).where(Notification.membership_id == member)))


def test_ada_reports_and_clara_takes_it_away_with_words(as_: As, course: Course, db: Database, post_id: int) -> None:
    ada, bruno, clara = as_(course.ada), as_(course.bruno), as_(course.clara)
    reported(ada, post_id)
    assert "reported" in told(db, course.clara)
    queue = clara.opens("moderation")
    assert "You are all slow." in queue.text
    assert "Ada" in queue.text
    report = the_report(db)
    without = clara.sends(f"moderation/{report}", decision="hide", words="")
    assert without.status_code == 422
    done = clara.sends(f"moderation/{report}", decision="hide", words="Please say it kindly.")
    assert done.status_code == 200
    assert "You are all slow." not in ada.opens("talk").text
    assert told(db, course.bruno) == ["moderated"]
    assert told(db, course.ada) == ["report_decided"]
    record = bruno.opens("record").text
    assert "Please say it kindly." in record
    assert "Ada" not in record
    assert "Please say it kindly." not in ada.opens("record").text


def test_the_second_of_two_moderators_hears_that_it_is_decided(
    as_: As, course: Course, db: Database, post_id: int
) -> None:
    reported(as_(course.ada), post_id)
    report = the_report(db)
    clara, carlo = as_(course.clara), as_(course.carlo)
    assert clara.sends(f"moderation/{report}", decision="dismiss").status_code == 200
    late = carlo.sends(f"moderation/{report}", decision="hide", words="Gone.")
    assert late.status_code == 409
    assert "A colleague has decided it" in late.text
    with db.reading() as session:
        assert session.get_one(Post, post_id).hidden_at is None


def test_what_was_taken_away_can_be_shown_again(as_: As, course: Course, db: Database, post_id: int) -> None:
    reported(as_(course.ada), post_id)
    clara = as_(course.clara)
    clara.sends(f"moderation/{the_report(db)}", decision="hide", words="Hm.")
    assert "Show it again" in clara.opens("moderation/decided").text
    assert clara.sends(f"moderation/{the_report(db)}/restore").status_code == 200
    with db.reading() as session:
        assert session.get_one(Post, post_id).hidden_at is None
        acts = set(session.scalars(select(AuditEntry.what)))
    assert {"moderation_hide", "moderation_restore"} <= acts


def test_a_voice_that_rests_reads_but_does_not_write_until_it_may(
    as_: As, course: Course, db: Database, post_id: int, clock: StillClock
) -> None:
    reported(as_(course.ada), post_id)
    clara, bruno = as_(course.clara), as_(course.bruno)
    clara.sends(f"moderation/{the_report(db)}", decision="mute", words="A week of peace.", days="7")
    said = bruno.sends("talk/new", title="Again", body="And again.")
    assert said.status_code == 403
    assert "A week of peace." in said.text
    assert bruno.opens("talk").status_code == 200
    assert "A week of peace." in clara.opens("moderation").text
    with db.reading() as session:
        mute = session.scalars(select(Mute.id)).one()
    assert clara.sends(f"moderation/voice/{mute}/lift").status_code == 200
    assert bruno.sends("talk/new", title="Again", body="Kindly this time.").status_code in (200, 303)


def test_a_rest_ends_by_itself(as_: As, course: Course, db: Database, clock: StillClock) -> None:
    with db.writing() as session:
        session.add(Mute(membership_id=course.bruno, reason="Peace.", at=NOW, until=NOW + timedelta(days=1)))
    bruno = as_(course.bruno)
    assert bruno.sends("talk/new", title="A", body="B").status_code == 403
    clock.offset = timedelta(days=1, minutes=1)
    assert bruno.sends("talk/new", title="A", body="B").status_code in (200, 303)


def test_words_that_speak_of_harm_reach_a_person_and_get_no_answer_by_a_rule(
    as_: As, course: Course, db: Database
) -> None:
    clara, ada, bruno = as_(course.clara), as_(course.ada), as_(course.bruno)
    clara.sends("moderation/rules/save", panels="talk", help_contacts="**Sportello d’ascolto** 800 123 456")
    ada.sends("talk/new", title="Tonight", body="Non ce la faccio più a vivere così.")
    assert told(db, course.clara)[-1] == "crisis"
    assert "crisis" not in told(db, course.ada)
    page = ada.opens("home").text
    assert "800 123 456" in page
    assert "You do not have to carry this alone." in page
    assert "800 123 456" not in bruno.opens("home").text
    queue = clara.opens("moderation").text
    assert "No answer was given by a rule" in queue
    assert "non ce la faccio piu a vivere" in queue
    with db.reading() as session:
        assert session.scalars(select(Post.author_id)).all() == [course.ada]
    assert clara.sends(f"moderation/{the_report(db)}", decision="dismiss").status_code == 200
    assert "800 123 456" not in ada.opens("home").text
    assert told(db, course.ada) == []


def test_whoever_writes_without_a_breath_is_asked_to_wait(
    as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    ada = as_(course.ada)
    for number in range(12):
        assert ada.sends("talk/new", title=f"Number {number}", body="Hi").status_code in (200, 303)
    assert ada.sends("talk/new", title="One more", body="Hi").status_code == 429
    clock.offset = timedelta(minutes=2)
    assert ada.sends("talk/new", title="One more", body="Hi").status_code in (200, 303)


def test_others_see_no_queue_and_report_nothing_of_this_course(
    as_: As, course: Course, db: Database, post_id: int
) -> None:
    for path in ("moderation", "moderation/decided", "moderation/roles", "moderation/rules"):
        assert as_(course.ada).opens(path).status_code == 404
    for stranger in (course.dario, course.eva):
        assert as_(stranger).opens(f"report/{post_id}").status_code == 404
        assert as_(stranger).sends(f"report/{post_id}/send", why="unkind").status_code == 404
    assert as_(course.ada).sends(f"report/{post_id}/send", why="revenge").status_code == 422
    with db.reading() as session:
        assert session.scalars(select(Report)).all() == []


def test_asking_twice_is_asking_once(as_: As, course: Course, db: Database, post_id: int) -> None:
    ada = as_(course.ada)
    reported(ada, post_id)
    again = ada.sends(f"report/{post_id}/send", why="spam")
    assert "You have asked already" in again.text
    the_report(db)


def test_the_rooms_of_a_course_are_its_staffs_choice(as_: As, course: Course, db: Database) -> None:
    clara, ada = as_(course.clara), as_(course.ada)
    assert re.search(r"tab[^>]*>\s*Discussions", ada.opens("home").text)
    kept = clara.sends("moderation/rules/save", panels="peer", hold_first="2", starters="Why are you here?\n\nAnd now?")
    assert kept.status_code == 200
    assert not re.search(r"tab[^>]*>\s*Discussions", ada.opens("home").text)
    with db.reading() as session:
        rules = session.get_one(Context, course.context).settings["community"]
        acts = session.scalars(select(AuditEntry.what)).all()
    assert rules["starters"] == ["Why are you here?", "And now?"]
    assert rules["hold_first"] == 2
    assert acts == ["community_settings"]


def test_a_facilitator_is_found_asked_and_thanked(as_: As, course: Course, db: Database) -> None:
    clara = as_(course.clara)
    found = clara.sends("moderation/roles", name="bruno")
    assert "Bruno" in found.text
    assert "Dario" not in clara.sends("moderation/roles", name="dario").text.partition("<main")[2]
    given = clara.sends("moderation/roles/give", member=str(course.bruno), role="facilitator")
    assert given.status_code == 200
    assert told(db, course.bruno) == ["role"]
    assert "to start conversations" in as_(course.bruno).opens("record").text
    for stranger in (course.dario, course.eva):
        assert clara.sends("moderation/roles/give", member=str(stranger), role="facilitator").status_code == 404
    with db.reading() as session:
        assert session.get_one(Membership, course.bruno).settings["community_role"] == "facilitator"


def first_waits(clara: Somebody) -> None:
    rooms = ["ask", "talk", "peer"]
    assert clara.client.post(
        clara.at("moderation/rules/save"),
        data={"visit_token": clara.token, "panels": rooms, "hold_first": "1", "anonymous": "yes"},
    ).status_code == 200  # fmt: skip


@pytest.mark.parametrize("room", ["talk", "ask"])
def test_a_newcomers_first_post_waits_for_a_moderator(as_: As, course: Course, db: Database, room: str) -> None:
    clara, ada, bruno = as_(course.clara), as_(course.ada), as_(course.bruno)
    first_waits(clara)
    ada.sends(f"{room}/new", title="Buy my shoes", body="They are very good shoes.", sure="yes")
    with db.reading() as session:
        thread, post = session.execute(select(Post.thread_id, Post.id)).one()
    assert "Buy my shoes" not in bruno.opens(room).text
    assert "Buy my shoes" not in bruno.opens("home").text
    assert "very good shoes" not in bruno.opens(f"{room}/{thread}").text
    assert "very good shoes" in ada.opens(f"{room}/{thread}").text
    assert as_(course.bruno).opens(f"report/{post}").status_code == 404
    queue = clara.opens("moderation").text
    assert "very good shoes" in queue
    assert clara.sends(f"moderation/{the_report(db)}", decision="show").status_code == 200
    assert "Buy my shoes" in bruno.opens(room).text
    assert "very good shoes" in bruno.opens(f"{room}/{thread}").text
    assert "moderated" in told(db, course.ada)


def test_a_post_can_be_reported_from_where_it_stands(as_: As, course: Course, post_id: int, db: Database) -> None:
    with db.reading() as session:
        thread = session.scalars(select(Post.thread_id)).one()
    assert f"/report/{post_id}" in as_(course.ada).opens(f"talk/{thread}").text
    assert f"/report/{post_id}" not in as_(course.bruno).opens(f"talk/{thread}").text


def test_staff_and_facilitators_find_ways_to_begin(as_: As, course: Course, db: Database) -> None:
    clara = as_(course.clara)
    clara.sends("moderation/rules/save", panels="talk", starters="Which table do you love?")
    page = clara.opens("talk").text
    assert "Which table do you love?" in page
    assert "Which mistake taught you something?" in page
    assert 'value="Which table do you love?"' in clara.opens("talk?starter=0").text
    assert clara.opens("talk?starter=99").status_code == 200
    assert "Which table do you love?" not in as_(course.bruno).opens("talk").text
    clara.sends("moderation/roles/give", member=str(course.bruno), role="facilitator")
    assert "Which table do you love?" in as_(course.bruno).opens("talk").text


@pytest.mark.parametrize("room", ["talk", "ask"])
def test_words_of_harm_in_a_title_are_heard_too(as_: As, course: Course, db: Database, room: str) -> None:
    as_(course.ada).sends(f"{room}/new", title="Non ce la faccio più a vivere", body="Scusate lo sfogo.", sure="yes")
    assert told(db, course.clara).count("crisis") == 1


def test_the_pace_is_one_for_all_rooms(as_: As, course: Course, db: Database, clock: StillClock) -> None:
    ada = as_(course.ada)
    for number in range(6):
        assert ada.sends("talk/new", title=f"Number {number}", body="Hi").status_code in (200, 303)
    for number in range(6):
        sent = {"kind": "link", "title": f"Joins {number}", "url": f"https://example.org/{number}", "why": "Good."}
        assert ada.sends("library/give", **sent).status_code in (200, 303)
    slower = ada.sends("wins/kudos", to_id=str(course.bruno), reason="clear", words="Kept words")
    assert slower.status_code == 422
    assert "That was a lot in a short time." in slower.text
    assert "Kept words" in slower.text
    assert ada.sends("library/give", kind="link", title="One more", why="Kept, too").status_code in (422, 429)


def test_a_meeting_of_somebody_who_was_warned_waits_for_a_yes(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        session.get_one(Context, course.context).settings = {"study_sessions": "hold"}
        until = (NOW + timedelta(days=30)).isoformat()
        session.get_one(Membership, course.bruno).settings = {"watched_until": until}
    form = {"kind": "study", "title": "Shoes", "on": "2026-11-24", "begins": "18:30", "ends": "19:00"}
    as_(course.bruno).sends("events/call", **form)
    assert "Shoes" not in as_(course.ada).opens("events").text
    assert "Shoes" in as_(course.clara).opens("events").text


def test_a_kind_word_of_somebody_who_was_warned_waits_too(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        until = (NOW + timedelta(days=30)).isoformat()
        session.get_one(Membership, course.bruno).settings = {"watched_until": until}
    ada, bruno, clara = as_(course.ada), as_(course.bruno), as_(course.clara)
    sent = bruno.sends("wins/kudos", htmx=True, to_id=str(course.ada), reason="clear", words="Even you got it.")
    assert "A moderator reads it first" in sent.text
    assert told(db, course.ada) == []
    assert "Even you got it." not in ada.opens("wins").text
    queue = clara.opens("moderation").text
    assert "Even you got it." in queue
    assert "not shown yet" in queue
    assert clara.sends(f"moderation/{the_report(db)}", decision="show").status_code == 200
    assert told(db, course.ada) == ["kudos"]
    assert "Even you got it." in ada.opens("wins").text


def test_a_kind_word_that_was_not_kind_is_never_heard_of(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        until = (NOW + timedelta(days=30)).isoformat()
        session.get_one(Membership, course.bruno).settings = {"watched_until": until}
    bruno, clara = as_(course.bruno), as_(course.clara)
    bruno.sends("wins/kudos", to_id=str(course.ada), reason="clear", words="Even you got it.")
    assert clara.sends(f"moderation/{the_report(db)}", decision="hide", words="Kindly.").status_code == 200
    assert "Even you got it." not in as_(course.ada).opens("wins").text
    assert told(db, course.ada) == []
    assert told(db, course.bruno) == ["moderated"]
    # A word without words is only a sign, and goes at once.
    bruno.sends("wins/kudos", to_id=str(course.ada), reason="clear", words="")
    assert told(db, course.ada) == ["kudos"]
