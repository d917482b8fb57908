"""Files beneath posts: drawn anew, shown to those who may see them, kept with the draft."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from flask import Flask
from PIL import Image
from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import Post, Upload
from lti_app.uploads import shelf_of
from tests.panels.conftest import Somebody
from tests.panels.conversations import begins
from tests.panels.files.conftest import addresses, fetch, only, says
from tests.panels.files.samples import drawn, film
from tests.sweep.course import Course

As = Callable[..., Somebody]


def test_ada_adds_a_picture_and_bruno_sees_it_without_a_cookie(as_: As, course: Course, db: Database) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = begins(ada)
    answer = says(ada, thread, (drawn(), "../../etc/Schermata 1.png"), files_words="My chart", htmx=True)
    assert answer.status_code == 200, answer.text
    row = only(db)
    assert (row.place, row.name, row.kind, row.words) == ("post", "Schermata 1.png", "image", "My chart")
    page = bruno.opens(f"talk/{thread}").text
    assert 'alt="My chart"' in page
    assert 'width="40" height="30"' in page
    got = fetch(bruno, addresses(page)[0])
    assert got.status_code == 200
    assert got.headers["Content-Type"] == "image/png"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got.headers["Content-Security-Policy"]
    assert "private" in got.headers["Cache-Control"]
    assert Image.open(io.BytesIO(got.data)).size == (40, 30)


def test_where_a_photo_was_taken_stays_with_whoever_took_it(as_: As, course: Course, db: Database, app: Flask) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # on its side
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[1] = "N"
    ada = as_(course.ada)
    photo = drawn("JPEG", (60, 20), exif=exif, comment=b"home address")
    assert says(ada, begins(ada), (photo, "IMG_1.JPG")).status_code == 200
    row = only(db)
    kept = shelf_of(app.extensions["regista"].settings).path(row.key).read_bytes()
    again = Image.open(io.BytesIO(kept))
    assert (row.width, row.height) == again.size == (20, 60)
    assert not again.getexif()
    assert b"SecretCamera" not in kept
    assert b"home address" not in kept


def test_a_film_forgets_where_it_was_filmed_and_is_served_in_parts(
    as_: As, course: Course, db: Database, app: Flask
) -> None:
    ada = as_(course.ada)
    thread = begins(ada)
    says(ada, thread, (film(), "film.mp4"), files_feedback="Is it too quick?")
    row = only(db)
    kept = shelf_of(app.extensions["regista"].settings).path(row.key).read_bytes()
    assert len(kept) == len(film())
    assert b"45.6495" not in kept
    page = as_(course.bruno).opens(f"talk/{thread}").text
    assert "<video controls" in page
    assert "Is it too quick?" in page
    part = fetch(ada, addresses(page)[0], Range="bytes=10-29")
    assert part.status_code == 206
    assert part.data == kept[10:30]
    assert part.headers["Content-Range"] == f"bytes 10-29/{len(kept)}"
    assert fetch(ada, addresses(page)[0], Range="bytes=999999-").status_code == 416
    assert fetch(ada, addresses(page)[0], If_None_Match=f'"{row.digest}"').status_code == 304


def test_a_large_photo_becomes_a_handy_one(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada)
    assert says(ada, begins(ada), (drawn("JPEG", (4000, 3000)), "big.jpg")).status_code == 200
    assert (only(db).width, only(db).height) == (2048, 1536)


def test_the_rest_of_a_form_may_be_faulty_and_the_file_stays_with_it(as_: As, course: Course, db: Database) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = begins(ada)
    answer = says(ada, thread, (drawn(), "one.png"), (drawn(), "two.png"), body="")
    assert answer.status_code == 422
    keys = re.findall(r'name="files_kept" value="(\w+)"', answer.text)
    assert len(keys) == 2
    shown = addresses(answer.text)
    assert fetch(ada, shown[0]).status_code == 200
    # A draft is nobody else's: not to see, not to take along.
    stolen = bruno.sends(f"talk/{thread}/reply", body="Mine now", files_kept=keys)
    assert stolen.status_code == 200
    again = ada.sends(f"talk/{thread}/reply", body="Words", files_kept=keys, files_drop=keys[1])
    assert again.status_code == 200
    with db.reading() as session:
        rows = {row.name: row for row in session.scalars(select(Upload))}
        assert rows["one.png"].place == "post"
        assert session.get_one(Post, rows["one.png"].post_id).author_id == course.ada
        assert rows["two.png"].place == "draft"
