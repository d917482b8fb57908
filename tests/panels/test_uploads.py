"""Files beneath posts: taken by content, drawn anew, shown to those who may see them; hostile ones do no harm."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select, update

from lti_app.db import Database
from lti_app.filekinds import UploadRefused, fitting_name, recognise
from lti_app.house import House
from lti_app.jobs.uploads import clear_uploads
from lti_app.models import Membership, Post, Thread, Upload
from lti_app.uploads import shelf_of
from lti_app.visit import new_ref
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.conversations import begins, only_looks
from tests.panels.lively import lively
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What a file is does not depend on the database; the rows have a test on both (test_posts.py)."""
    return sqlite_url


def drawn(kind: str = "PNG", size: tuple[int, int] = (40, 30), **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 120, 40)).save(out, kind, **more)
    return out.getvalue()


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def film(brand: bytes = b"isom", handler: bytes = b"vide") -> bytes:
    place = box(b"udta", box(b"\xa9xyz", b"\x00\x12\x15\xc7+45.6495+013.7768/"))
    hdlr = box(b"hdlr", b"\0" * 8 + handler + b"\0" * 13)
    moov = box(b"moov", box(b"mvhd", b"\0" * 100) + box(b"trak", box(b"mdia", hdlr)) + place)
    return box(b"ftyp", brand + b"\0\0\2\0isom") + moov + box(b"mdat", b"frames" * 40)


def office(folder: str = "word/", extra: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(f"{folder}document.xml", "<w/>")
        if extra:
            archive.writestr(extra, "x")
    return out.getvalue()


def says(who: Somebody, thread: int, *files: tuple[bytes, str], body: str = "Look", **more: Any) -> Any:
    data = [(io.BytesIO(content), name) for content, name in files]
    return who.sends(f"talk/{thread}/reply", body=body, files=data, **more)


def addresses(page: str) -> list[str]:
    found = re.findall(r'(?:src|href)="(/v/[^"]+/files/[^"]+)"', page)
    return [one.replace("&amp;", "&") for one in dict.fromkeys(found)]


def fetch(who: Somebody, address: str, **headers: str) -> Any:
    got = who.client.get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert got.data is not None
    got.close()
    return got


def only(db: Database) -> Upload:
    with db.reading() as session:
        row = session.scalars(select(Upload)).one()
        session.expunge_all()
        return row


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


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><html><script>alert(1)</script></html>"


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


def png_bomb(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = zlib.compress(b"\0" * 100_000, 9)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(6000, 6000), (12_000, 9_000), (60_000, 60_000)])
def test_a_picture_with_too_many_dots_is_never_unfolded(as_: As, course: Course, size: tuple[int, int]) -> None:
    ada = as_(course.ada)
    answer = says(ada, begins(ada), (png_bomb(*size), "bomb.png"))
    assert answer.status_code == 422
    assert "more dots than we can handle" in answer.text


def test_a_large_photo_becomes_a_handy_one(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada)
    assert says(ada, begins(ada), (drawn("JPEG", (4000, 3000)), "big.jpg")).status_code == 200
    assert (only(db).width, only(db).height) == (2048, 1536)


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


def test_dario_and_eva_get_nothing_by_any_address(as_: As, course: Course, db: Database) -> None:
    ada, dario, eva = as_(course.ada), as_(course.dario), as_(course.eva, ref="r9")
    thread = begins(ada)
    says(ada, thread, (drawn(), "x.png"))
    key = only(db).key
    address = addresses(ada.opens(f"talk/{thread}").text)[0]
    for who in (dario, eva):
        assert fetch(who, who.at(f"files/{key}")).status_code == 410
        # Their own good signature is for their own course.
        theirs = address.replace(f"who={course.context}.", f"who={course.dario_context}.")
        assert fetch(who, theirs).status_code == 410
        assert who.sends(f"files/{key}/remove").status_code == 404
    assert fetch(dario, address.replace("/v/r1/", "/v/r2/")).status_code == 410
    assert fetch(ada, address.replace(key, "0" * 48)).status_code == 410
    assert fetch(ada, re.sub(r"\.0\.(\d+)", r".1.\1", address)).status_code == 410
    for hostile in ("..%2f..%2fregista.sqlite3", "x" * 300, "%00"):
        assert fetch(ada, ada.at(f"files/{hostile}")).status_code in (404, 410)
    with db.writing() as session:
        session.execute(update(Membership).where(Membership.id == course.ada).values(state="gone"))
    assert fetch(ada, address).status_code == 404


def test_an_old_address_has_ended(as_: As, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    from lti_app.panels.files import address as room

    ada = as_(course.ada)
    thread = begins(ada)
    says(ada, thread, (drawn(), "x.png"))
    address = addresses(ada.opens(f"talk/{thread}").text)[0]
    now = room._now()
    monkeypatch.setattr(room, "_now", lambda: now + 5 * 3600)
    page = fetch(ada, address)
    assert page.status_code == 410
    assert "works for some hours" in page.text


def test_what_is_hidden_or_private_is_hidden_with_its_files(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        ids = lively(session, course)
    ada, clara = as_(course.ada), as_(course.clara)
    thread = begins(ada)
    says(ada, thread, (drawn(), "x.png"))
    mine = addresses(ada.opens(f"talk/{thread}").text)[0]
    staff = addresses(clara.opens(f"talk/{thread}").text)[0]
    with db.writing() as session:
        session.execute(update(Post).where(Post.thread_id == thread).values(hidden_at=NOW))
    assert fetch(ada, mine).status_code == 404
    assert fetch(clara, staff).status_code == 200
    with db.writing() as session:
        private = session.scalars(select(Thread.id).where(Thread.match_id == ids["met"])).one()
        post = session.scalars(select(Post.id).where(Post.thread_id == private).limit(1)).one()
        session.execute(update(Upload).values(post_id=post))
    # What two people say to each other is not the tutor's.
    assert fetch(clara, staff).status_code == 404
    assert fetch(ada, mine).status_code == 404


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
    import os

    os.utime(stray, (1, 1))
    assert clear_uploads(house, clock.now() + timedelta(days=2)) >= 1
    monkeypatch.setattr("lti_app.jobs.uploads.FOLDERS", 1)
    monkeypatch.setattr(type(shelf), "lying_in", lambda self, folder, before: iter([(stray.name, stray)]))
    clear_uploads(house, clock.now())
    assert not stray.exists()
    with db.reading() as session:
        assert [row.name for row in session.scalars(select(Upload))] == ["said.png"]
    assert len([path for path in shelf.root.rglob("*") if path.is_file()]) == 1


def test_a_visitor_who_only_looks_leaves_no_file(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada)
    thread = begins(ada)
    looking = only_looks(as_(course.clara))
    assert says(looking, thread, (drawn(), "x.png")).status_code == 403
    with db.reading() as session:
        assert session.scalars(select(Upload)).all() == []
