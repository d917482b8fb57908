"""Files are taken by what they hold, not by what they are called; hostile ones do no harm."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from lti_app.db import Database
from lti_app.filekinds import fitting_name
from lti_app.models import Post, Upload
from tests.panels.conftest import Somebody
from tests.panels.conversations import begins
from tests.panels.files.conftest import addresses, fetch, only, says
from tests.panels.files.samples import HTML, SVG, drawn, film, office, png_bomb
from tests.sweep.course import Course

As = Callable[..., Somebody]


def named(value: object) -> str:
    """A file's bytes hold the hour at which they were made: two processes would call the same test differently."""
    return str(value) if isinstance(value, str) else "bytes"


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "empty.png", "is empty"),
        (SVG, "drawing.svg", "of a kind we do not take"),
        (SVG, "drawing.png", "of a kind we do not take"),
        (HTML, "photo.png", "of a kind we do not take"),
        (HTML, "notes.txt", "of a kind we do not take"),
        (b"MZ" + b"\0" * 400, "setup.exe", "of a kind we do not take"),
        (b"\x7fELF" + b"\0" * 400, "picture.jpg", "of a kind we do not take"),
        (drawn()[:60], "half.png", "damaged"),
        (drawn("JPEG", (400, 400))[:900], "half.jpg", "damaged"),
        (office(extra="word/vbaProject.bin"), "letter.docx", "macros"),
        (office("other/"), "archive.zip", "of a kind we do not take"),
        (office()[:80], "letter.docx", "damaged"),
        (film(b"heic"), "IMG.HEIC", "Save it as JPEG"),
        (film()[:90], "film.mp4", "damaged"),
        (b"words\x00more", "notes.txt", "of a kind we do not take"),
        (b"OggS" + b"\0" * 60 + b"theora", "film.ogg", "of a kind we do not take"),
        (b"\xff\xfb\x90\x64" + b"\0" * 900, "noise.mp3", "of a kind we do not take"),
    ],
    ids=named,
)
def test_what_is_not_taken_comes_back_in_words_with_the_draft(
    as_: As, course: Course, db: Database, content: bytes, name: str, words: str
) -> None:
    ada = as_(course.ada)
    thread = begins(ada)
    answer = says(ada, thread, (content, name), body="My careful words", htmx=True)
    assert answer.status_code == 422
    assert words in answer.text
    assert "My careful words" in answer.text
    with db.reading() as session:
        assert session.scalars(select(Upload)).all() == []
        assert len(session.scalars(select(Post)).all()) == 1


@pytest.mark.parametrize(
    ("content", "name", "kind", "media_type", "kept_name"),
    [
        (drawn("GIF"), "moves.gif", "image", "image/png", "moves.png"),
        (drawn("WEBP"), "x.webp", "image", "image/webp", "x.webp"),
        (drawn("JPEG") + b"PK\x03\x04 and <script>alert(1)</script>", "poly.jpg", "image", "image/jpeg", "poly.jpg"),
        (drawn("PNG"), "really.jpg", "image", "image/png", "really.png"),
        (b"%PDF-1.4\n<script>alert(1)</script>", "a.pdf.exe", "file", "application/pdf", "a.pdf.pdf"),
        (office("xl/"), "sheet.xlsx", "file", None, "sheet.xlsx"),
        ("però, è così".encode(), "note.md", "file", "text/plain", "note.md"),
        (b"<p>Not a page, though it looks so</p> ", "note.csv", "file", "text/plain", "note.csv"),
        (b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 40, "a.wav", "audio", "audio/wav", "a.wav"),
        (b"OggS\0\2" + b"\0" * 22 + b"OpusHead" + b"\0" * 9, "a.oga", "audio", "audio/ogg", "a.oga"),
        (film(b"M4A ", b"soun"), "voice.m4a", "audio", "audio/mp4", "voice.m4a"),
        (film(b"qt  "), "IMG_2.MOV", "video", "video/mp4", "IMG_2.mov"),
        (b"\x1a\x45\xdf\xa3\x9fB\x82\x84webm" + b"\0" * 90 + b"V_VP9", "a.webm", "video", "video/webm", "a.webm"),
        (b"\x1a\x45\xdf\xa3\x9fB\x82\x84webm" + b"\0" * 90 + b"A_OPUS", "a.webm", "audio", "audio/webm", "a.weba"),
        ((b"\xff\xfb\x90\x64" + b"\0" * 413) * 3, "song.mp3", "audio", "audio/mpeg", "song.mp3"),
    ],
    ids=named,
)
def test_what_is_taken_is_what_it_is_and_nothing_else(
    as_: As, course: Course, db: Database, content: bytes, name: str, kind: str, media_type: str, kept_name: str
) -> None:
    ada = as_(course.ada)
    thread = begins(ada)
    answer = says(ada, thread, (content, name))
    assert answer.status_code == 200, answer.text
    row = only(db)
    assert (row.kind, row.name) == (kind, kept_name)
    assert media_type is None or row.media_type == media_type
    got = fetch(ada, addresses(ada.opens(f"talk/{thread}").text)[0])
    assert got.headers["Content-Disposition"].startswith("attachment" if kind == "file" else "inline")
    if kind == "image":
        assert b"<script" not in got.data


@pytest.mark.parametrize("size", [(6000, 6000), (12_000, 9_000), (60_000, 60_000)])
def test_a_picture_with_too_many_dots_is_never_unfolded(as_: As, course: Course, size: tuple[int, int]) -> None:
    ada = as_(course.ada)
    answer = says(ada, begins(ada), (png_bomb(*size), "bomb.png"))
    assert answer.status_code == 422
    assert "more dots than we can handle" in answer.text


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("C:\\Users\\ada\\me.png", "me.png"),
        ("../../../etc/passwd", "passwd.png"),
        ("..", "file.png"),
        ("", "file.png"),
        (None, "file.png"),
        ("a\x00b\r\nSet-Cookie: x.png", "abSet-Cookie: x.png"),
        ("\u202egnp.exe", "gnp.png"),
        ("n" * 400 + ".png", "n" * 150 + ".png"),
        ("grafico è.jpeg", "grafico è.png"),
    ],
)
def test_a_name_is_only_ever_a_name(raw: str | None, kept: str) -> None:
    assert fitting_name(raw, "png") == kept
