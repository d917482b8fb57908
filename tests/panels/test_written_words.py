"""Whatever room the words are written in: harm is heard at once, and a voice that rests is stopped kindly."""

from __future__ import annotations

import ast
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.caring import WRITTEN
from lti_app.db import Database
from lti_app.models import (
    Circle,
    CircleMember,
    Context,
    Event,
    Match,
    Membership,
    Mute,
    Notification,
    Post,
    Report,
    SurveyQuestion,
    Thread,
)
from lti_app.store import event_acts, library_acts, matches, posting, projects, remarks, surveys
from lti_app.store.event_views import Viewer
from lti_app.store.library import Reader
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.files.samples import drawn
from tests.panels.meetings import MEETING
from tests.panels.test_library import PIECE
from tests.sweep.course import NOW, Course, build, offers_help, stalls

As = Callable[..., Somebody]
HARM = "Non ce la faccio più a vivere così."
NAME = "Voglio morire"
PANELS = Path(__file__).parents[2] / "lti_app" / "panels"


@dataclass(frozen=True)
class Form:
    """A form of a room; ``field`` holds the free words. ``to_others``: what a voice that rests may not say."""

    path: str
    field: str
    more: tuple[tuple[str, str], ...] = ()
    to_others: bool = True
    words: str = HARM


def form(path: str, field: str, saying: str = HARM, to_others: bool = True, **more: str) -> Form:
    return Form(path, field, tuple(more.items()), to_others, saying)


MEET: dict[str, str] = {**MEETING, "kind": "study", "on": "2026-11-25"}
FORMS = [
    form("talk/new", "title", body="Hm."),
    form("talk/new", "body", title="Tonight"),
    form("talk/new", "options", f"{HARM}\nNo.", title="Tonight", body="Hm.", poll="yes"),
    form("talk/new", "files_words", title="Tonight", body="Look."),
    form("talk/{talk}/reply", "body"),
    form("talk/post/{post}/save", "body"),
    form("ask/new", "title", sure="yes"),
    form("ask/new", "body", title="How?", sure="yes"),
    form("ask/{ask}/answer", "body"),
    *(form("events/call", one, **{k: v for k, v in MEET.items() if k != one}) for one in ("title", "words", "bring")),
    *(form("events/call", one, **{k: v for k, v in MEET.items() if k != one}) for one in ("guests", "place")),
    form("events/{event}/change", "words", **{k: v for k, v in MEET.items() if k != "words"}),
    form("events/{event}/cancel", "reason"),
    form("events/{over}/notes", "notes"),
    form("events/{event}/reply", "body"),
    form("library/give", "title", **{k: v for k, v in PIECE.items() if k != "title"}),
    form("library/give", "why", **{k: v for k, v in PIECE.items() if k != "why"}),
    form("library/{piece}/change", "why", **{k: v for k, v in PIECE.items() if k != "why"}),
    form("wins/kudos", "words", to_id="{bruno}", reason="clear"),
    form("wins/show", "title", body="See."),
    form("wins/show", "body", title="My project"),
    form("wins/{win}/comment", "body"),
    form("pulse/idea", "title", body="Then."),
    form("pulse/idea", "body", title="More time"),
    form("pulse/idea/{idea}/comment", "body"),
    form("pulse/mood", "words", mood="low", to_others=False),
    form("pulse/feeling", "words", activity_id="{quiz_2}", feeling="too_hard", to_others=False),
    form("pulse/survey/{survey}/answer", "q-{question}", to_others=False),
    form("welcome/hello", "hello"),
    form("welcome/name", "display_name", NAME),
    form("welcome/why", "why", to_others=False),
    form("me/name", "display_name", NAME),
    form("me/why", "why", to_others=False),
    form("peer/offer", "words", activity_id="{quiz_1}", capacity="1"),
    form("peer/not-so/{episode}", "words", to_others=False),
    form("peer/{match}/reply", "body"),
    form("peer/{match}/report", "words", to_others=False),
    form("circle/{circle}/reply", "body"),
    form("circle/{circle}/agenda", "words"),
    form("circle/{circle}/check-in", "words", said="stuck"),
    form("circle/{circle}/report", "words", about_id="{bice}", to_others=False),
    form("report/{others}/send", "words", why="unkind", to_others=False),
]
#: What is not a person's words to somebody: addresses, names to look for, and what staff write as the house.
NO_WORDS = {
    "url", "link", "find", "outcomes", "recording", "question_", "options_", "norms_", "word", "_words", "_feedback",
}  # fmt: skip


@dataclass(frozen=True)
class Lively:
    """A database in which Ada has a part in everything, made once for all the forms."""

    path: Path
    course: Course
    ids: dict[str, int]


@pytest.fixture(scope="module")
def lively(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Lively:
    path = tmp_path_factory.mktemp("written") / "lively.sqlite3"
    path.write_bytes(Path(sqlite_template).read_bytes())
    database = Database(f"sqlite:///{path}")
    with database.writing() as session:
        course = build(session)
        ids = part_in_everything(session, course)
    database.close()
    return Lively(path, course, ids)


@pytest.fixture
def database_url(tmp_path: Path, lively: Lively) -> str:
    """One engine is enough here: the door is the same for both, and there are many forms."""
    path = tmp_path / "regista.sqlite3"
    path.write_bytes(lively.path.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture
def course(lively: Lively) -> Course:
    return lively.course


@pytest.fixture
def ids(lively: Lively) -> dict[str, int]:
    return lively.ids


def part_in_everything(session: Session, course: Course) -> dict[str, int]:
    context, ada, bruno = course.context, course.ada, course.bruno
    found = {"bruno": bruno, "bice": course.bice, "quiz_1": course.quiz_1, "quiz_2": course.quiz_2}
    found["talk"] = posting.start_thread(session, context, ada, "Hello", "Hello all.", NOW)
    found["post"] = session.scalars(select(Post.id)).one()
    other = posting.start_thread(session, context, bruno, "Well", "You are slow.", NOW)
    found["others"] = session.scalars(select(Post.id).where(Post.thread_id == other)).one()
    ask = Thread(context_id=context, kind="ask", title="How?", author_id=bruno, created_at=NOW, moved_at=NOW)
    session.add(ask)
    session.flush()
    session.add(Post(thread_id=ask.id, author_id=bruno, body="How?", created_at=NOW))
    found["ask"] = ask.id
    viewer = Viewer(context, ada, False, {"study": "on"})
    plan = event_acts.Plan("study", "Together", NOW + timedelta(days=2), NOW + timedelta(days=2, hours=1))
    found["event"], _state = event_acts.call_meeting(session, viewer, plan, NOW)
    found["over"], _state = event_acts.call_meeting(session, viewer, plan, NOW)
    over = session.get_one(Event, found["over"])
    over.starts_at, over.ends_at = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
    piece = library_acts.Piece("link", "Joins", "It helped.", "https://example.org/other")
    found["piece"], _state = library_acts.suggest(session, Reader(context, ada, False), piece, NOW)
    found["win"] = projects.show_project(session, context, bruno, "Mine", "Look.", "", NOW)
    found["idea"] = remarks.start(session, context, bruno, "idea", "More", "Time.", NOW)
    asked = [surveys.Asked("words", "What else?")]
    found["survey"] = surveys.make_survey(
        session, context, course.clara, "How", "", asked, NOW, anonymous=False, closes_at=NOW + timedelta(days=3)
    )
    found["question"] = session.scalars(select(SurveyQuestion.id)).one()
    circle = Circle(context_id=context, state="open", made_at=NOW, opened_at=NOW)
    session.add(circle)
    session.flush()
    for one in (ada, course.bice):
        session.add(CircleMember(circle_id=circle.id, membership_id=one, state="in", invited_at=NOW))
    session.add(Thread(context_id=context, kind="circle", circle_id=circle.id, created_at=NOW, moved_at=NOW))
    found["circle"] = circle.id
    offers_help(session, bruno, course.quiz_2)
    (match,) = stalls(session, course, ada, bruno)
    matches.choose(session, match, ada, NOW)
    matches.answer(session, match, bruno, True, NOW)
    found["match"], found["episode"] = match, session.get_one(Match, match).episode_id
    return found


def sends(who: Somebody, one: Form, ids: dict[str, int], **how: Any) -> Any:
    filled = {name: value.format(**ids) for name, value in one.more}
    if one.field == "files_words":
        how["files"] = [(io.BytesIO(drawn()), "chart.png")]
    return who.sends(one.path.format(**ids), **filled, **{one.field.format(**ids): one.words}, **how)


def kinds(db: Database, member: int) -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(Notification.kind).where(Notification.membership_id == member)))


@pytest.mark.parametrize("one", FORMS, ids=lambda one: f"{one.path}-{one.field}")
def test_harm_is_heard_and_a_voice_that_rests_is_stopped_kindly(
    one: Form, as_: As, course: Course, db: Database, ids: dict[str, int], clock: StillClock
) -> None:
    clock.offset = timedelta(minutes=1)
    with db.writing() as session:
        session.get_one(Context, course.context).settings = {
            "community": {"help_contacts": "Sportello 800 123 456"}, "study_sessions": "hold",
        }  # fmt: skip
        session.add(Mute(membership_id=course.ada, reason="Peace.", at=NOW, until=NOW + timedelta(days=1)))
    ada = as_(course.ada)
    rests = sends(ada, one, ids)
    page = unescape(rests.text)
    assert "crisis" in kinds(db, course.clara)
    assert "crisis" not in kinds(db, course.ada)
    assert "800 123 456" in page
    if one.to_others:
        assert rests.status_code in (403, 422)
        assert "Peace." in page
        assert one.words in page
    else:
        assert rests.status_code in (200, 303)
    with db.writing() as session:
        about = session.scalars(select(Report.about_id).where(Report.why == "crisis")).all()
        assert about == [course.ada]
        session.query(Report).delete()
        session.query(Notification).delete()
        session.query(Mute).delete()
        session.get_one(Membership, course.ada).settings = {}
    if not one.to_others:
        return
    said = sends(ada, one, ids, htmx=True)
    assert said.status_code in (200, 303)
    assert "crisis" in kinds(db, course.clara)
    assert 'hx-swap-oob="innerHTML"' in said.text
    assert "800 123 456" in said.text


def read_fields() -> set[str]:
    """Return the name of every field of free words that a panel reads, as its source says it."""
    found: set[str] = set()
    for file in PANELS.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "read_text":
                name = node.args[0]
                parts = name.values if isinstance(name, ast.JoinedStr) else [name]
                found |= {str(part.value) for part in parts if isinstance(part, ast.Constant)}
    return found


def test_no_form_with_free_words_was_forgotten() -> None:
    walked = {one.field for one in FORMS}
    assert read_fields() - walked - NO_WORDS == set()
    assert walked - {"q-{question}"} <= set(WRITTEN)
