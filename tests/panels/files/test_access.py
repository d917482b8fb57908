"""Who gets a file, and for how long: strangers, old addresses, what is hidden or private."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from lti_app.db import Database
from lti_app.models import Membership, Post, Thread, Upload
from lti_app.panels.files import address as room
from tests.panels.conftest import Somebody
from tests.panels.conversations import begins, only_looks
from tests.panels.files.conftest import addresses, fetch, only, says
from tests.panels.files.samples import drawn
from tests.panels.lively import lively
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]


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


def test_a_visitor_who_only_looks_leaves_no_file(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada)
    thread = begins(ada)
    looking = only_looks(as_(course.clara))
    assert says(looking, thread, (drawn(), "x.png")).status_code == 403
    with db.reading() as session:
        assert session.scalars(select(Upload)).all() == []
