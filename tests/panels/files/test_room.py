"""Room for files is limited, and is made again: too big, too many, taken away, left behind."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from lti_app.db import Database
from lti_app.filekinds import UploadRefused, recognise
from lti_app.house import House
from lti_app.jobs.uploads import clear_uploads
from lti_app.models import Upload
from lti_app.uploads import shelf_of
from lti_app.visit import new_ref
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.conversations import begins
from tests.panels.files.conftest import only, says
from tests.panels.files.samples import drawn
from tests.sweep.course import Course

As = Callable[..., Somebody]


def test_too_big_is_said_with_the_limit() -> None:
    with pytest.raises(UploadRefused) as caught:
        recognise(io.BytesIO(drawn()), 16 * 1024 * 1024, "x.png")
    assert caught.value.code == "too_big"


def test_more_than_a_request_may_bring_is_refused_in_words_and_only_forms_with_files_may_be_large(
    as_: As, course: Course, app: Flask
) -> None:
    ada = as_(course.ada)
    thread = begins(ada)
    page = says(ada, thread, (b"x" * 1_200_000, "x.txt"))
    assert page.status_code == 413
    assert "too big together" in page.text
    # The visit's own name opens the door for large ones.
    known = as_(course.ada, ref=new_ref(1, app.extensions["regista"].settings))
    assert says(known, thread, (b"x " * 1_200_000, "x.txt")).status_code == 200
    assert says(known, thread, (b"small", "x.txt"), body="w" * 600_000).status_code == 413
    assert known.sends("scheme", scheme="dark", files=[(io.BytesIO(b"x" * 600_000), "x.txt")]).status_code == 413


def test_too_many_files_and_full_shelves_are_said(
    as_: As, course: Course, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = as_(course.ada)
    thread = begins(ada)
    seven = [(b"text", f"{number}.txt") for number in range(7)]
    assert "up to 6 can go together" in says(ada, thread, *seven).text
    with db.writing() as session:
        session.execute(update(Upload).values(size=300 * 1024 * 1024))
    assert "have reached their limit" in says(ada, thread, (b"text", "x.txt")).text
    assert says(as_(course.bruno), thread, (b"text", "x.txt")).status_code == 200
    with db.writing() as session:
        session.execute(update(Upload).values(size=3000 * 1024 * 1024))
    assert "no room for more files" in says(as_(course.bice), thread, (b"text", "x.txt")).text


def test_ada_removes_a_file_and_its_bytes_go(as_: As, course: Course, db: Database, app: Flask) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = begins(ada)
    says(ada, thread, (drawn(), "x.png"))
    key = only(db).key
    path = shelf_of(app.extensions["regista"].settings).path(key)
    assert path.is_file()
    assert bruno.sends(f"files/{key}/remove").status_code == 404
    answer = ada.sends(f"files/{key}/remove", back=ada.at(f"talk/{thread}"))
    assert "The file is gone." in answer.text
    assert ada.at(f"talk/{thread}") in answer.text
    assert not path.exists()
    assert ada.sends(f"files/{key}/remove", htmx=True).status_code == 404
    assert "x.png" not in bruno.opens(f"talk/{thread}").text


def test_what_no_form_came_for_is_gone_after_a_day(
    as_: As, course: Course, db: Database, app: Flask, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    house: House = app.extensions["regista"]
    ada = as_(course.ada)
    thread = begins(ada)
    says(ada, thread, (drawn(), "draft.png"), body="")
    says(ada, thread, (drawn(), "said.png"))
    shelf = shelf_of(house.settings)
    assert clear_uploads(house, clock.now()) == 0
    stray = shelf.path("ab" * 24)
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"a crash left me")
    os.utime(stray, (1, 1))
    assert clear_uploads(house, clock.now() + timedelta(days=2)) >= 1
    monkeypatch.setattr("lti_app.jobs.uploads.FOLDERS", 1)
    monkeypatch.setattr(type(shelf), "lying_in", lambda self, folder, before: iter([(stray.name, stray)]))
    clear_uploads(house, clock.now())
    assert not stray.exists()
    with db.reading() as session:
        assert [row.name for row in session.scalars(select(Upload))] == ["said.png"]
    assert len([path for path in shelf.root.rglob("*") if path.is_file()]) == 1
