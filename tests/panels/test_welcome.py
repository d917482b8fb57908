"""Ada comes for the first time: she is welcomed, may leave out everything, and finds it again under "Who I am here"."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select

from lti_app.db import Database
from lti_app.models import (
    Academy,
    AuditEntry,
    Context,
    Episode,
    Introductions,
    Membership,
    Norms,
    NormsAccepted,
    Notification,
    Person,
    Post,
    Report,
    Thread,
    Why,
)
from lti_app.store import names
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.lively import token_of
from tests.sweep.course import Course, stalls

As = Callable[..., Somebody]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """A page is drawn the same from either database; what the store does there is tested on both."""
    return sqlite_url


def rows(db: Database, what: type) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(what)) or 0


def member(db: Database, membership_id: int) -> Membership:
    with db.reading() as session:
        found = session.get_one(Membership, membership_id)
        session.expunge(found)
        return found


def step(page: str) -> str:
    """The step whose form stands in the page, or an empty string."""
    found = re.search(r'id="welcome-form" method="post" action="/v/r1/welcome/(\w+)"', page)
    return found.group(1) if found else ""


def test_ada_is_welcomed_in_four_steps_and_then_left_in_peace(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada)
    page = ada.opens("home").text
    assert step(page) == "norms"
    assert "No question is too small" in page
    assert "Step 1 of 4" in page
    assert step(ada.sends("welcome/norms", htmx=True).text) == "name"
    assert step(ada.sends("welcome/name", htmx=True, display_name="Adina", tint="2").text) == "why"
    said = ada.sends("welcome/why", htmx=True, motive="belonging", why="I learn better with others.")
    assert step(said.text) == "hello"
    assert "Hello, I am Adina. Glad to be here!" in said.text
    done = ada.sends("welcome/hello", htmx=True, starter="glad", form_key="once")
    assert "It is good to have you here" in done.text
    assert 'id="welcome"' not in ada.opens("home").text
    kept = member(db, course.ada)
    assert kept.motive == "belonging"
    assert rows(db, NormsAccepted) == 1
    bruno = as_(course.bruno)
    # The thread speaks the academy's language.
    assert "Chi siamo" in bruno.opens("talk").text
    with db.reading() as session:
        thread = session.scalars(select(Introductions.thread_id)).one()
    hello = bruno.opens(f"talk/{thread}").text
    assert "Hello, I am Adina. Glad to be here!" in hello
    assert "Adina" in hello
    assert "Ada R" not in hello


def test_each_step_may_be_left_out_and_it_goes_on_where_one_stopped(
    as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    ada = as_(course.ada)
    assert step(ada.sends("welcome/skip", htmx=True, step="norms").text) == "name"
    gone = ada.sends("welcome/later", htmx=True)
    assert "Everything of it is under" in gone.text
    home = ada.opens("home").text
    assert step(home) == ""
    assert "Your welcome goes on whenever you like" in home
    assert "Your welcome goes on" not in ada.opens("talk").text
    assert step(ada.opens("welcome").text) == "name"
    clock.offset = timedelta(hours=13)
    assert step(ada.opens("talk").text) == "name"
    for one in ("name", "why", "hello"):
        ada.sends("welcome/skip", htmx=True, step=one)
    assert 'id="welcome"' not in ada.opens("home").text
    assert (rows(db, NormsAccepted), rows(db, Why), rows(db, Thread)) == (0, 0, 0)


def test_whoever_wants_none_of_it_is_asked_no_more(as_: As, course: Course) -> None:
    ada = as_(course.ada)
    ada.sends("welcome/later", never="yes")
    assert 'id="welcome"' not in ada.opens("home").text


def test_without_a_script_each_answer_leads_to_the_next_step(as_: As, course: Course) -> None:
    ada = as_(course.ada, cookie=True)
    answer = ada.sends("welcome/norms")
    assert answer.status_code == 303
    assert step(ada.client.get(answer.headers["Location"]).text) == "name"
    bare = as_(course.bruno)
    assert step(bare.sends("welcome/norms").text) == "name"


def test_changed_norms_are_asked_again_gently_and_only_those(as_: As, course: Course, db: Database) -> None:
    ada, clara = as_(course.ada), as_(course.clara)
    ada.sends("welcome/norms")
    ada.sends("welcome/later", never="yes")
    kept = clara.sends("welcome/write", norms_it="Si parla **piano**.", norms_en="We speak **softly**.")
    assert "is asked again, gently" in kept.text
    home = ada.opens("home").text
    assert step(home) == "norms"
    assert "We speak <strong>softly</strong>." in home
    assert "has changed" in home
    assert "Si parla <strong>piano</strong>." in as_(course.ada, locale="it").opens("home").text
    assert "It is good to have you here" in ada.sends("welcome/skip", htmx=True, step="norms").text
    assert 'id="welcome"' not in ada.opens("home").text
    with db.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.what == "norms")).one()
        assert entry.facts["norms"] == session.scalars(select(Norms.id)).one()


def test_norms_in_one_language_are_shown_to_all_and_emptied_ones_give_way(as_: As, course: Course) -> None:
    ada, clara = as_(course.ada), as_(course.clara)
    clara.sends("welcome/write", norms_it="Solo in italiano.", norms_en="")
    assert "Solo in italiano." in ada.opens("home").text
    clara.sends("welcome/write", norms_it="", norms_en="")
    assert "No question is too small" in ada.opens("home").text


def test_only_a_community_manager_writes_for_the_whole_academy(as_: As, course: Course, db: Database) -> None:
    clara, ada, dario = as_(course.clara), as_(course.ada), as_(course.dario)
    assert clara.sends("welcome/write", norms_en="Everywhere.", where="academy").status_code == 404
    assert ada.sends("welcome/write", norms_en="Mine.").status_code == 404
    with db.writing() as session:
        session.get_one(Membership, course.clara).role = "manager"
    as_(course.clara, role="manager").sends("welcome/write", norms_en="Everywhere.", where="academy")
    assert "Everywhere." in dario.opens("home").text
    assert "Everywhere." not in as_(course.eva).opens("home").text


def test_norms_that_are_too_long_come_back_as_they_were(as_: As, course: Course, db: Database) -> None:
    page = as_(course.clara).sends("welcome/write", norms_en="x" * 4001)
    assert page.status_code == 422
    assert "x" * 4001 in page.text
    assert rows(db, Norms) == 0


def test_staff_are_not_asked_and_see_what_newcomers_meet(as_: As, course: Course) -> None:
    clara = as_(course.clara)
    assert 'id="welcome"' not in clara.opens("home").text
    assert "Four steps, two minutes" in clara.opens("welcome").text
    assert clara.sends("welcome/norms").status_code == 404


def test_student_view_walks_through_and_writes_nothing(as_: As, course: Course, db: Database) -> None:
    looking = as_(course.clara, role="learner")
    looking.visit = replace(looking.visit, student_view=True, membership_id=None)
    looking.token = token_of(looking.client.application, looking.visit)
    page = looking.opens("home").text
    assert step(page) == "norms"
    assert 'fieldset class="plain stack" disabled' in page
    assert "Next step" in page
    assert step(looking.opens("welcome?step=why").text) == "why"
    assert looking.sends("welcome/norms").status_code == 403
    assert rows(db, NormsAccepted) == 0


def test_a_name_that_was_chosen_is_used_everywhere_and_staff_see_the_platforms_beside_it(
    as_: As, course: Course, db: Database
) -> None:
    ada = as_(course.ada)
    ada.sends("me/name", display_name="  Adina   dei fiori ", tint="4")
    ada.sends("talk/new", title="A question", body="Why?")
    home = ada.opens("home").text
    assert "Hello Adina dei fiori" in home
    assert "tint-4 face-large" in home
    listed = as_(course.bruno).opens("talk").text
    assert "Adina dei fiori began" in listed
    assert 'class="face tint-4"' in listed
    with db.reading() as session:
        told = names.platform_name(session.get_one(Person, member(db, course.ada).person_id))
    assert told not in listed
    assert f"Adina dei fiori ({told})" in as_(course.clara).opens("talk").text


def test_whom_nobody_named_picks_a_name(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        person = session.get_one(Person, session.get_one(Membership, course.ada).person_id)
        person.name = person.given_name = person.family_name = None
    ada = as_(course.ada)
    assert "Your learning platform did not tell us" in ada.opens("welcome?step=name").text
    ada.sends("welcome/name", display_name="Lumaca", tint="")
    assert "Hello Lumaca" in ada.opens("home").text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Clara Villa", "A tutor of this course is called so"),
        ("clara  villa!", "A tutor of this course is called so"),
        ("!!!", "at least one letter"),
        ("x" * 41, "too long"),
        ("\u202eadA", "characters that cannot be shown"),
    ],
)
def test_names_that_cannot_be_taken_come_back_with_a_word(
    as_: As, course: Course, db: Database, name: str, words: str
) -> None:
    for path in ("me/name", "welcome/name"):
        page = as_(course.ada).sends(path, display_name=name)
        assert page.status_code == 422
        assert words in page.text
    with db.reading() as session:
        assert session.scalar(select(func.count()).where(Person.display_name.is_not(None))) == 0


def test_why_is_private_until_ada_shares_it_and_gone_when_she_erases_it(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada)
    page = ada.sends("me/why", htmx=True, motive="practical", why="<b>A job</b> by spring", shared_with="nobody")
    assert "Nobody can read it" in page.text
    assert "&lt;b&gt;A job&lt;/b&gt; by spring" in page.text
    assert member(db, course.ada).settings["shares_motive"] is False
    page = ada.sends("me/why", htmx=True, motive="practical", why="A job", shared_with="tutors")
    assert "Your tutors can read it, nobody else." in page.text
    assert member(db, course.ada).settings["shares_motive"] is True
    page = ada.sends("me/why", htmx=True, erase="yes", why="A job")
    assert "Erased." in page.text
    kept = member(db, course.ada)
    assert (kept.motive, rows(db, Why)) == (None, 0)
    assert "shares_motive" not in kept.settings


def test_hostile_codes_are_no_codes(as_: As, course: Course, db: Database) -> None:
    as_(course.ada).sends("me/why", motive="points", why="", shared_with="everybody")
    assert (member(db, course.ada).motive, rows(db, Why)) == (None, 0)
    as_(course.ada).sends("me/why", motive="points", why="Words", shared_with="everybody")
    with db.reading() as session:
        assert session.scalars(select(Why.shared_with)).one() == "nobody"
    assert as_(course.ada).sends("welcome/skip", step="everything").status_code == 400


def test_words_of_harm_written_to_nobody_reach_a_person(as_: As, course: Course, db: Database) -> None:
    as_(course.ada).sends("welcome/why", why="voglio farla finita", motive="self")
    with db.reading() as session:
        report = session.scalars(select(Report)).one()
        assert (report.why, report.about_id) == ("crisis", course.ada)
        assert course.clara in set(session.scalars(select(Notification.membership_id)))


def test_a_double_click_says_hello_once_and_the_thread_is_one(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada)
    for _twice in range(2):
        ada.sends("welcome/hello", hello="Ciao da Trieste", form_key="one")
    as_(course.bruno).sends("welcome/hello", hello="Ciao anche da me", form_key="two")
    assert (rows(db, Introductions), rows(db, Thread), rows(db, Post)) == (1, 1, 3)


def test_a_hello_that_is_empty_or_too_long_stays_in_its_field(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada)
    assert ada.sends("welcome/hello", htmx=True, hello=" ").status_code == 422
    answer = ada.sends("welcome/hello", htmx=True, hello="y" * 8001)
    assert answer.status_code == 422
    assert "y" * 8001 in answer.text
    assert rows(db, Post) == 0


def test_a_thread_of_hellos_that_was_hidden_is_begun_anew(as_: As, course: Course, db: Database) -> None:
    as_(course.ada).sends("welcome/hello", hello="First")
    with db.writing() as session:
        session.scalars(select(Thread)).one().hidden_at = StillClock().now()
    as_(course.bruno).sends("welcome/hello", hello="Second")
    assert (rows(db, Introductions), rows(db, Thread)) == (1, 2)


def test_ada_takes_along_what_she_said_and_has_it_erased(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada)
    ada.sends("me/name", display_name="Adina", tint="1")
    ada.sends("me/why", motive="self", why="To see what is in me", shared_with="helpers")
    ada.sends("me/agree")
    ada.sends("me/milestones", shows="yes")
    ada.sends("talk/new", title="A question", body="Why?")
    file = ada.opens("me/export")
    assert "attachment" in file.headers["Content-Disposition"]
    told = json.loads(file.text)
    assert told["display_name"] == "Adina"
    assert told["why"] == {"sphere": "self", "words": "To see what is in me", "shared_with": "helpers"}
    assert told["norms_accepted"][0]["version"] == "house-1"
    assert told["posts"][0]["words"] == "Why?"
    assert "Erased." in ada.sends("me/erase", htmx=True).text
    told = json.loads(ada.opens("me/export").text)
    assert (told["display_name"], told["tint"], told["why"]["words"]) == (None, None, "")
    assert told["shows_milestones"] is False
    assert told["posts"]


def test_dario_and_eva_meet_nothing_of_this_course(as_: As, course: Course, db: Database) -> None:
    as_(course.ada).sends("welcome/hello", hello="Ciao da Trieste")
    as_(course.ada).sends("me/why", motive="self", why="Only here", shared_with="helpers")
    as_(course.clara).sends("welcome/write", norms_en="Norms of this course.")
    for stranger in (course.dario, course.eva):
        somebody = as_(stranger)
        for path in ("home", "welcome", "me", "talk", "me/export"):
            page = somebody.opens(path).text
            for words in ("Ciao da Trieste", "Only here", "Norms of this course."):
                assert words not in page
    with db.reading() as session:
        assert session.get_one(Context, course.dario_context).settings.get("norms") is None
        assert all("norms" not in one.settings for one in session.scalars(select(Academy)))


def test_a_picture_goes_with_ada_and_the_one_before_is_cleared(
    as_: As, course: Course, db: Database, tmp_path: Path
) -> None:
    def picture(colour: str) -> tuple[io.BytesIO, str]:
        out = io.BytesIO()
        Image.new("RGB", (900, 700), colour).save(out, "PNG")
        out.seek(0)
        return out, "me.png"

    def kept() -> list[Path]:
        return [path for path in (tmp_path / "uploads").rglob("*") if path.is_file()]

    ada, bruno = as_(course.ada), as_(course.bruno)
    ada.sends("me/picture", picture=picture("teal"))
    ada.sends("talk/new", title="A question", body="Why?")
    address = re.search(r'<img src="(/v/r1/files/[^"]+)" alt=""', bruno.opens("talk").text)
    assert address is not None
    shown = bruno.client.get(address.group(1).replace("&amp;", "&"))
    with Image.open(io.BytesIO(shown.data)) as opened:
        assert max(opened.size) == 160
    shown.close()
    assert "<img" not in as_(course.dario).opens("talk").text
    stolen = address.group(1).replace("&amp;", "&").replace("who=1.", "who=2.")
    assert as_(course.dario).client.get(stolen).status_code in (404, 410)
    ada.sends("me/picture", picture=picture("navy"))
    assert len(kept()) == 1
    assert as_(course.ada).sends("me/picture", picture=(io.BytesIO(b"MZ no picture"), "a.png")).status_code == 422
    ada.sends("me/erase")
    assert kept() == []
    assert "<img" not in bruno.opens("talk").text


def test_the_tutor_reads_ada_s_why_on_the_desk_only_where_she_shares_it(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        stalls(session, course, course.ada)
        episode = session.scalars(select(Episode.id)).one()
    ada, clara = as_(course.ada), as_(course.clara)
    ada.sends("me/why", motive="practical", why="A job by spring", shared_with="nobody")
    assert "A job by spring" not in clara.opens(f"desk/{episode}").text
    ada.sends("me/why", motive="practical", why="A job by spring", shared_with="tutors")
    case = clara.opens(f"desk/{episode}").text
    assert "«A job by spring»" in case
    assert "To be able to do something" in case
