"""Ada gives a page that helped her, Clara shows it, Bruno finds it; nobody else's course has it."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from lti_app.db import Database
from lti_app.models import AuditEntry, Context, Material, MaterialUse, Notification
from lti_app.store import library_acts
from lti_app.store.library import Reader
from lti_app.store.library_acts import AlreadyThere, Piece
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.meetings import calls, visiting
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]
PIECE = {
    "kind": "tutorial", "title": "Joins, drawn", "url": "https://example.org/joins",
    "why": "It **clicked** when I saw the two circles.",
}  # fmt: skip


def gives(who: Somebody, **more: Any) -> int:
    answer = who.sends("library/give", **{**PIECE, **more})
    assert answer.status_code in (200, 303), answer.text
    found = re.search(r"library/(\d+)", answer.headers.get("Location", "")) or re.search(
        r'id="material-(\d+)"', answer.text
    )
    assert found is not None
    return int(found.group(1))


def state_of(db: Database, material_id: int) -> str | None:
    with db.reading() as session:
        return session.scalar(select(Material.state).where(Material.id == material_id))


def fetch(app: Flask, path: str) -> int:
    """Fetch a file as a browser would, and close it; returns the status."""
    with app.test_client().get(path) as answer:
        return answer.status_code


def main_of(text: str) -> str:
    return text[text.index("<main") :]


def test_ada_suggests_clara_shows_bruno_finds(as_: As, course: Course, db: Database) -> None:
    ada, bruno, clara = as_(course.ada), as_(course.bruno), as_(course.clara)
    piece = gives(ada, about=f"a{course.quiz_2}")
    assert state_of(db, piece) == "waiting"
    assert "Joins, drawn" in ada.opens("library").text
    assert "waits for a tutor" in ada.opens("library").text
    assert "Joins, drawn" not in bruno.opens("library").text
    assert bruno.opens(f"library/{piece}").status_code == 404
    desk = clara.opens("library").text
    assert "A suggestion waits for you" in desk
    assert 'class="count">1' in desk
    assert "1 suggestion waits in the library" in clara.opens("desk").text
    assert clara.sends(f"library/{piece}/decide", yes="yes").status_code == 200
    page = main_of(bruno.opens("library").text)
    assert "<strong>clicked</strong>" in page
    assert "Quiz 2: Pulizia dei dati" in page
    link = re.search(r'<a href="https://example\.org/joins"[^>]*>', page)
    assert link is not None
    assert 'target="_blank" rel="noopener noreferrer nofollow ugc"' in link.group()
    assert "opens another site: example.org" in page
    with db.reading() as session:
        row = session.execute(select(Notification.membership_id, Notification.kind, Notification.facts)).one()
        assert (row[0], row[1], row[2]["material_id"]) == (course.ada, "material_shown", piece)
        assert session.scalars(select(AuditEntry.what)).all() == ["material_shown"]
    assert clara.sends(f"library/{piece}/decide", yes="yes").status_code == 409


def test_a_no_comes_with_a_kind_word(as_: As, course: Course, db: Database) -> None:
    ada, clara = as_(course.ada), as_(course.clara)
    piece = gives(ada)
    assert clara.sends(f"library/{piece}/decide").status_code == 422
    clara.sends(f"library/{piece}/decide", reason="We have one like it on the shelf.")
    assert state_of(db, piece) == "declined"
    assert "We have one like it on the shelf." in ada.opens("library").text
    assert "Joins, drawn" not in as_(course.bruno).opens("library").text
    with db.reading() as session:
        assert session.scalars(select(Notification.kind)).all() == ["material_declined"]


def test_dario_and_eva_find_nothing(as_: As, course: Course, db: Database) -> None:
    piece = gives(as_(course.clara))
    for stranger in (as_(course.dario), as_(course.eva)):
        assert "Joins, drawn" not in stranger.opens("library").text
        assert stranger.opens(f"library/{piece}").status_code == 404
        assert stranger.opens(f"library/{piece}/edit").status_code == 404
        for act in ("useful", "decide", "change", "forward", "away"):
            answer = stranger.sends(f"library/{piece}/{act}", **PIECE, yes="yes", away="yes", forward="yes")
            assert answer.status_code == 404, act
    # The same address is nobody else's business: another course may have it, too.
    assert gives(as_(course.dario)) != piece


def test_a_learner_curates_nothing(as_: As, course: Course, db: Database) -> None:
    piece = gives(as_(course.clara))
    ada = as_(course.ada)
    for act in ("decide", "change", "forward", "away"):
        assert ada.sends(f"library/{piece}/{act}", **PIECE, yes="yes", away="yes", forward="yes").status_code == 404
    assert ada.opens(f"library/{piece}/edit").status_code == 404
    assert ada.sends("library/outcomes", outcomes="Mine").status_code == 404
    assert state_of(db, piece) == "shown"


@pytest.mark.parametrize(
    "again",
    ["http://www.example.org/joins/", "https://example.org/joins?utm_source=x&fbclid=1#part", "example.org/joins"],
)
def test_the_same_address_is_there_already(as_: As, course: Course, db: Database, again: str) -> None:
    piece = gives(as_(course.clara))
    answer = as_(course.ada).sends("library/give", **{**PIECE, "url": again, "title": "Mine"})
    assert answer.status_code == 409
    assert "It is there already: “Joins, drawn”." in answer.text
    assert 'value="Mine"' in answer.text
    assert f"library/{piece}" in answer.text
    other = as_(course.ada).sends("library/give", **{**PIECE, "url": "https://example.org/joins?page=2"})
    assert other.status_code == 200


def test_two_who_give_the_same_at_once_give_one(course: Course, db: Database) -> None:
    gate, got = threading.Barrier(4), []

    def run(member: int) -> None:
        gate.wait()
        try:
            with db.writing() as session:
                piece = Piece("link", "T", "w", "https://example.org/x")
                got.append(library_acts.suggest(session, Reader(course.context, member, False), piece, NOW)[1])
        except AlreadyThere:
            got.append("there")

    threads = [
        threading.Thread(target=run, args=(one,)) for one in (course.ada, course.bruno, course.bice, course.others[0])
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(got) == ["there", "there", "there", "waiting"]


def test_found_useful_counts_each_once(as_: As, course: Course, db: Database) -> None:
    piece = gives(as_(course.clara))
    ada, bruno = as_(course.ada), as_(course.bruno)
    answer = ada.sends(f"library/{piece}/useful", htmx=True)
    assert 'data-say="Noted: it helped you."' in answer.text
    assert 'aria-pressed="true"' in answer.text
    bruno.sends(f"library/{piece}/useful")
    with db.reading() as session:
        assert session.scalar(select(Material.useful)) == 2
    ada.sends(f"library/{piece}/useful")
    with db.reading() as session:
        assert session.scalar(select(Material.useful)) == 1
        assert session.scalar(select(func.count()).select_from(MaterialUse)) == 1


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("title", "", "it cannot be empty"),
        ("why", "", "it cannot be empty"),
        ("url", "", "An address or a file is needed"),
        ("url", "javascript:alert(1)", "This is no address that others could open"),
        ("url", "ftp://example.org/x", "This is no address that others could open"),
        ("url", "https://user:pw@example.org/", "This is no address that others could open"),
        ("url", "https://localhost/x", "This is no address that others could open"),
        ("url", "https://exa mple.org", "This is no address that others could open"),
        ("why", "w" * 2001, "1 character too long"),
    ],
)
def test_what_cannot_be_taken_comes_back_with_words_and_the_draft(
    as_: As, course: Course, db: Database, field: str, value: str, words: str
) -> None:
    page = as_(course.ada).sends("library/give", **{**PIECE, field: value})
    assert page.status_code == 422
    assert words in page.text
    kept = {**PIECE, field: value}
    assert f'value="{kept["title"]}"' in page.text
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Material)) == 0


def test_a_file_is_a_piece_that_only_its_readers_get(app: Flask, as_: As, course: Course, db: Database) -> None:
    ada, bruno, clara = as_(course.ada), as_(course.bruno), as_(course.clara)
    sent = (io.BytesIO(b"name;age\nAda;36\n"), "people.txt")
    piece = gives(ada, kind="file", url="", files=sent, form_key="k")
    page = clara.opens(f"library/{piece}").text
    address = re.search(r'href="(/v/r1/files/[^"]+)"', page)
    assert address is not None
    path = address.group(1).replace("&amp;", "&")
    assert fetch(app, path) == 200
    clara.sends(f"library/{piece}/decide", yes="yes")
    shown = main_of(bruno.opens("library").text)
    assert "people.txt" in shown
    bruno_path = re.search(r'href="(/v/r1/files/[^"]+)"', shown)
    assert bruno_path is not None
    there = bruno_path.group(1).replace("&amp;", "&")
    assert fetch(app, there) == 200
    clara.sends(f"library/{piece}/away", away="yes")
    assert fetch(app, there) == 404


def test_a_double_click_gives_one(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada)
    assert gives(ada, form_key="one") == gives(ada, form_key="one")
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Material)) == 1


def test_hostile_words_are_shown_as_words(as_: As, course: Course) -> None:
    why = "<script>x</script> ![x](https://t.example/p)"
    gives(as_(course.clara), title="<b onclick=x>Title</b>", why=why, url="https://example.org/'><img/src=x>")
    main = main_of(as_(course.ada).opens("library").text)
    for forbidden in ("<script", "<img", "<b onclick"):
        assert forbidden not in main


def test_what_is_looked_for_is_found(as_: As, course: Course, db: Database, clock: StillClock) -> None:
    clara = as_(course.clara, cookie=True)
    assert "Kept." in as_(course.clara).sends("library/outcomes", outcomes="Clean data\nJoin tables\n\nClean data").text
    with db.reading() as session:
        settings = session.scalar(select(Context.settings).where(Context.id == course.context))
        assert settings["outcomes"] == ["Clean data", "Join tables"]
    gives(clara, title="About 100% joins", outcome="Join tables", url="https://a.example.org")
    gives(clara, title="About missing", kind="link", outcome="Clean data", url="https://b.example.org",
          about=f"a{course.quiz_1}")  # fmt: skip
    ada = as_(course.ada, cookie=True)
    for query, found, missing in (
        ("kind=link", "About missing", "About 100% joins"),
        ("outcome=Join+tables", "About 100% joins", "About missing"),
        ("q=100%25+JOINS", "About 100% joins", "About missing"),
        (f"about={course.quiz_1}", "About missing", "About 100% joins"),
        ("q=two+circles", "About missing", "nothing"),
        ("q=circle", "About missing", "nothing"),
        ("q=join", "About 100% joins", "About missing"),
        ("kind=nonsense", "About missing", "nothing"),
    ):
        page = main_of(ada.opens(f"library?{query}").text)
        assert found in page, query
        assert missing not in page, query
    assert "About missing" not in main_of(ada.opens("library?q=%25").text)
    assert "Nothing like that is here yet." in ada.opens("library?q=zebra").text
    nothing = as_(course.ada).sends("library", q="zebra")
    assert "Nothing like that is here yet." in nothing.text


def test_long_shelves_go_on(as_: As, course: Course, db: Database, clock: StillClock) -> None:
    reader = Reader(course.context, course.clara, True)
    with db.writing() as session:
        for number in range(23):
            piece = Piece("link", f"Number {number:02}", "why", f"https://example.org/{number}")
            library_acts.suggest(session, reader, piece, NOW + timedelta(minutes=number))
    ada = as_(course.ada, cookie=True)
    first = ada.opens("library").text
    assert "Number 22" in first
    assert "Number 02" not in first
    older = re.search(r"library\?before=(\d+)", first)
    assert older is not None
    second = ada.opens(f"library?before={older.group(1)}").text
    assert "Number 02" in second
    assert "Number 03" not in second


def test_staff_put_forward_and_away_and_bring_back(as_: As, course: Course, db: Database) -> None:
    clara, ada = as_(course.clara), as_(course.ada)
    piece = gives(clara)
    clara.sends(f"library/{piece}/forward", forward="yes")
    page = main_of(ada.opens("library").text)
    assert "Begin here" in page
    assert page.count('id="material-') == 1
    clara.sends(f"library/{piece}/away", away="yes")
    assert "Joins, drawn" not in main_of(ada.opens("library").text)
    assert "What was put away" in clara.opens("library").text
    again = gives(ada)
    assert clara.sends(f"library/{piece}/away", away="no").status_code == 409
    clara.sends(f"library/{again}/decide", reason="It is here.")
    assert clara.sends(f"library/{piece}/away", away="no").status_code == 200
    assert "Joins, drawn" in main_of(ada.opens("library").text)


def test_ada_changes_her_own_while_it_waits(as_: As, course: Course, db: Database) -> None:
    ada, clara = as_(course.ada), as_(course.clara)
    piece = gives(ada)
    assert ada.sends(f"library/{piece}/change", **{**PIECE, "title": "Joins in colour"}).status_code == 200
    clara.sends(f"library/{piece}/decide", yes="yes")
    assert ada.sends(f"library/{piece}/change", **{**PIECE, "title": "Sold"}).status_code == 404
    clara.sends(f"library/{piece}/change", **{**PIECE, "title": "Joins, explained"})
    assert "Joins, explained" in as_(course.bruno).opens("library").text
    with db.reading() as session:
        assert session.scalars(select(AuditEntry.what).order_by(AuditEntry.id)).all() == [
            "material_shown", "material_edited",
        ]  # fmt: skip


def test_a_recording_goes_into_the_library_with_one_tap(
    as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    clara = as_(course.clara)
    event_id = calls(clara)
    clock.offset = timedelta(days=5)
    clara.sends(f"events/{event_id}/notes", notes="We saw *joins*.", recording="https://video.example.org/1")
    assert as_(course.ada).sends(f"library/from-event/{event_id}").status_code == 404
    answer = clara.sends(f"library/from-event/{event_id}", htmx=True)
    assert "The recording stands in the library." in answer.text
    assert "We saw joins" in as_(course.ada).opens("library").text
    assert clara.sends(f"library/from-event/{event_id}", htmx=True).status_code == 409
    with db.reading() as session:
        row = session.execute(select(Material.kind, Material.event_id, Material.url)).one()
        assert tuple(row) == ("recording", event_id, "https://video.example.org/1")


def test_student_view_looks_and_gives_nothing(app: Flask, as_: As, course: Course, db: Database) -> None:
    piece = gives(as_(course.clara))
    nobody = visiting(app, course, membership_id=None, student_view=True)
    assert "Joins, drawn" in nobody.opens("library").text
    assert nobody.sends(f"library/{piece}/useful").status_code == 403
    assert nobody.sends("library/give", **PIECE).status_code == 403


def test_an_empty_library_is_an_invitation(as_: As, course: Course, db: Database) -> None:
    assert "The shelves are empty, still." in as_(course.dario).opens("library").text
    with db.writing() as session:
        session.execute(update(Context).values(settings={"outcomes": "not a list"}))
    assert as_(course.dario).opens("library").status_code == 200
