"""A course is copied (F): the platform's notice is verified like a launch, and panels and norms come along."""

from __future__ import annotations

import time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from lti_app.config import Settings
from lti_app.db import Database
from lti_app.models import Activity, Context, Deployment, PlacedPanel, PlatformNotice, ResourceLink
from tests.conftest import NOW
from tests.lti.platform import LTI, Moodle, assert_enters, begin, private_key, rows

NORMS = {
    "policy": {"silent_days": 5, "excluded": [7, 8]},
    "participation": {"on": True, "since": "2026-01-01T00:00:00+00:00", "column": {"address": "http://old/1"}},
}
PNS = "https://purl.imsglobal.org/spec/lti/claim/platformnotificationservice"


def course(db: Database, moodle: Moodle, id_on_platform: str, settings: dict[str, Any] | None = None) -> int:
    with db.writing() as session:
        deployment = session.scalars(select(Deployment).where(Deployment.id_on_platform == "1")).one()
        row = Context(deployment_id=deployment.id, id_on_platform=id_on_platform, title="Data Analysis", created_at=NOW)
        row.settings, row.sync_cursor = settings or {}, {}
        session.add(row)
        session.flush()
        return row.id


def copied(moodle: Moodle, **said: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {
        "iss": moodle.issuer,
        "aud": moodle.client_id,
        "iat": now,
        "exp": now + 60,
        "nonce": "n-1",
        LTI + "version": "1.3.0",
        LTI + "deployment_id": "1",
        LTI + "notice": {"id": "notice-1", "timestamp": "2026-11-20T10:00:00Z", "type": "LtiContextCopyNotice"},
        LTI + "context": {"id": "99", "title": "Data Analysis, spring"},
        LTI + "origin_contexts": ["2"],
    }
    for name, value in said.items():
        full = LTI + name[1:] if name.startswith("_") else name
        if value is None:
            claims.pop(full, None)
        else:
            claims[full] = value
    return claims


def tell(app: Flask, *jwts: Any) -> Any:
    return app.test_client().post("/lti/notices", json={"notices": [{"jwt": one} for one in jwts]})


def test_the_norms_follow_and_what_belongs_to_people_or_the_old_gradebook_stays(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    old = course(db, moodle, "2", NORMS)
    answer = tell(app, moodle.sign(copied(moodle)))
    assert (answer.status_code, answer.json) == (200, {"taken": 1, "seen": 0, "refused": 0})
    with db.reading() as session:
        new = session.scalars(select(Context).where(Context.id_on_platform == "99")).one()
        assert new.copied_from_id == old
        assert new.settings == {"policy": {"silent_days": 5}, "participation": {"on": True}}
        assert (new.title, new.sync_due_at) == ("Data Analysis, spring", None)


def test_f_a_replay_is_harmless_also_when_the_new_course_has_changed_its_mind(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    course(db, moodle, "2", NORMS)
    jwt = moodle.sign(copied(moodle))
    tell(app, jwt)
    with db.writing() as session:
        session.execute(update(Context).where(Context.id_on_platform == "99").values(settings={"policy": {}}))
    before = rows(db)
    answer = tell(app, jwt, moodle.sign(copied(moodle)))
    assert (answer.status_code, answer.json) == (200, {"taken": 0, "seen": 2, "refused": 0})
    assert rows(db) == before
    # Another notice about the same copy does not overrule what was changed since.
    other = {"id": "notice-2", "timestamp": "2026-11-21T10:00:00Z", "type": "LtiContextCopyNotice"}
    assert tell(app, moodle.sign(copied(moodle, _notice=other))).json["taken"] == 1
    with db.reading() as session:
        assert session.scalars(select(Context.settings).where(Context.id_on_platform == "99")).one() == {"policy": {}}


@pytest.mark.parametrize(
    ("change", "signing"),
    [
        ({"iss": "https://evil.example"}, {}),
        ({"aud": "somebody-else"}, {}),
        ({"aud": ["tool-1", "stranger"], "azp": "tool-1"}, {}),
        ({"iat": int(time.time()) - 4000, "exp": int(time.time()) - 3000}, {}),
        ({"iat": int(time.time()) + 4000, "exp": int(time.time()) + 5000}, {}),
        ({"exp": None}, {}),
        ({"_version": "1.1"}, {}),
        ({"_deployment_id": "unknown"}, {}),
        ({"_deployment_id": 1}, {}),
        ({"_notice": None}, {}),
        ({"_notice": "x"}, {}),
        ({"_notice": {"type": "LtiContextCopyNotice"}}, {}),
        ({"_notice": {"id": "n", "type": 5}}, {}),
        ({"_context": None}, {}),
        ({"_context": {"id": 5}}, {}),
        ({"_origin_contexts": "2"}, {}),
        ({"_origin_contexts": [2]}, {}),
        ({}, {"headers": {"kid": "another"}}),
    ],
)
def test_f_a_forged_notice_changes_nothing(
    app: Flask, db: Database, moodle: Moodle, change: dict[str, Any], signing: dict[str, Any]
) -> None:
    course(db, moodle, "2", NORMS)
    before = rows(db)
    answer = tell(app, moodle.sign(copied(moodle, **change), **signing))
    assert (answer.status_code, answer.json) == (401, {"taken": 0, "seen": 0, "refused": 1})
    # A key set may have been asked for; that is all.
    assert {k: v for k, v in rows(db).items() if k != "platform_key_set"} == {
        k: v for k, v in before.items() if k != "platform_key_set"
    }


def test_f_a_stranger_with_the_platforms_kid_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    course(db, moodle, "2", NORMS)
    private_key("stranger")
    assert tell(app, moodle.sign(copied(moodle), key="stranger", headers={"kid": "first"})).status_code == 401
    with db.reading() as session:
        assert session.scalars(select(PlatformNotice)).all() == []


def test_one_bad_notice_does_not_hold_up_the_good_one_of_the_same_batch(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    course(db, moodle, "2", NORMS)
    answer = tell(app, "not.a.jwt", moodle.sign(copied(moodle)), None)
    assert (answer.status_code, answer.json) == (401, {"taken": 1, "seen": 0, "refused": 2})


@pytest.mark.parametrize("body", [None, [], {}, {"notices": []}, {"notices": "x"}, {"notices": [{}] * 101}])
def test_a_body_that_is_no_batch_is_refused(app: Flask, moodle: Moodle, body: Any) -> None:
    assert app.test_client().post("/lti/notices", json=body).status_code == 400


def test_a_hello_is_kept_and_a_course_from_nowhere_is_no_copy(app: Flask, db: Database, moodle: Moodle) -> None:
    hello = copied(moodle, _notice={"id": "h", "type": "LtiHelloWorldNotice"}, _context=None, _origin_contexts=None)
    unknown = copied(moodle, _origin_contexts=["never heard of"])
    assert tell(app, moodle.sign(hello), moodle.sign(unknown)).json["taken"] == 2
    with db.reading() as session:
        assert set(session.scalars(select(PlatformNotice.state))) == {"nothing_to_do"}
        assert session.scalars(select(Context)).all() == []


def place(db: Database, context_id: int, mark: str, **settings: Any) -> None:
    with db.writing() as session:
        row = PlacedPanel(mark=mark, context_id=context_id, panel="talk", title="Parliamone", placed_at=NOW)
        row.settings = settings
        session.add(row)


def launch_in(app: Flask, moodle: Moodle, course_id: str, **custom: str) -> None:
    claims = {"_context": {"id": course_id, "title": "Spring"}, "_resource_link": {"id": f"l{course_id}"}}
    assert_enters(begin(moodle, app).launch(**claims, _custom=custom))


def test_without_a_notice_the_mark_of_a_placed_panel_tells_of_the_copy_at_the_next_launch(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    old = course(db, moodle, "2", NORMS)
    place(db, old, "mark-1", height=480, activity="8")
    with db.writing() as session:
        for context_id, api_id in ((old, "8"), (old, "9")):
            session.add(
                Activity(context_id=context_id, api_id=api_id, kind="quiz", raw_kind="quiz", title=f"Quiz {api_id}")
            )
    launch_in(app, moodle, "77", regista_link="mark-1", activity="8")
    with db.reading() as session:
        new = session.scalars(select(Context).where(Context.id_on_platform == "77")).one()
        assert (new.copied_from_id, new.settings["policy"]) == (old, {"silent_days": 5})
        link = session.scalars(select(ResourceLink).where(ResourceLink.context_id == new.id)).one()
        assert (link.mark, link.settings["height"], link.activity_id) == ("mark-1", 480, None)
        new_id = new.id
    # Once its own activities are known, the panel stands beside the copy of its quiz, which has another number here.
    with db.writing() as session:
        session.add(Activity(context_id=new_id, api_id="108", kind="quiz", raw_kind="quiz", title="Quiz 8"))
    launch_in(app, moodle, "77", regista_link="mark-1", activity="8")
    with db.reading() as session:
        link = session.scalars(select(ResourceLink).where(ResourceLink.context_id == new_id)).one()
        assert link.activity_id == session.scalar(select(Activity.id).where(Activity.api_id == "108"))


def test_the_course_history_tells_of_the_copy_where_the_platform_fills_it_in(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    old = course(db, moodle, "2", NORMS)
    launch_in(app, moodle, "78", context_history="1,2")
    with db.reading() as session:
        assert session.scalars(select(Context.copied_from_id).where(Context.id_on_platform == "78")).one() == old


def test_in_its_own_course_a_mark_changes_nothing_and_another_platforms_mark_counts_for_nothing(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    old = course(db, moodle, "2", NORMS)
    place(db, old, "mark-1")
    launch_in(app, moodle, "2", regista_link="mark-1")
    moodle.register(db, client_id="tool-2", deployment_ids=["5"], academy_name="Another academy")
    login = begin(moodle, app, client_id="tool-2", lti_deployment_id="5")
    claims = {"_context": {"id": "79"}, "_deployment_id": "5", "aud": "tool-2", "_custom": {"regista_link": "mark-1"}}
    assert_enters(login.launch(**claims))
    with db.reading() as session:
        assert set(session.scalars(select(Context.copied_from_id))) == {None}
        assert session.scalars(select(Context.settings).where(Context.id_on_platform == "79")).one() == {}


def test_what_the_new_course_has_set_itself_stays(app: Flask, db: Database, moodle: Moodle) -> None:
    course(db, moodle, "2", NORMS)
    course(db, moodle, "99", {"policy": {"silent_days": 14}})
    tell(app, moodle.sign(copied(moodle)))
    with db.reading() as session:
        kept = session.scalars(select(Context.settings).where(Context.id_on_platform == "99")).one()
        assert kept == {"policy": {"silent_days": 14}, "participation": {"on": True}}


def test_where_a_launch_offers_notices_our_address_is_registered_once(
    app: Flask, settings: Settings, db: Database, moodle: Moodle
) -> None:
    import json

    from lti_app.house import house
    from lti_app.jobs.handlers import register_handlers

    asked: list[tuple[dict[str, str], Any]] = []

    def handlers(body: bytes, headers: Any) -> Any:
        asked.append((dict(headers), json.loads(body)))
        return 200, {"Content-Type": "application/json"}, b"{}"

    token = b'{"access_token": "t", "token_type": "Bearer", "expires_in": 3600}'
    moodle.web.answers["/token"] = lambda body, headers: (200, {"Content-Type": "application/json"}, token)
    moodle.web.answers["/handlers"] = handlers
    registration_id = moodle.register(db, auth_token_url=f"{moodle.web.url}/token")
    offer = {
        "platform_notification_service_url": f"{moodle.web.url}/handlers",
        "notice_types_supported": ["LtiContextCopyNotice"],
    }
    assert_enters(begin(moodle, app).launch(**{PNS: offer}))
    with app.app_context():
        assert register_handlers(house(), registration_id) == 1
        assert register_handlers(house(), registration_id) == 0
    ((headers, body),) = asked
    assert headers["Authorization"] == "Bearer t"
    assert body == {"notice_type": "LtiContextCopyNotice", "handler": "http://127.0.0.1:8000/lti/notices"}


def test_a_platform_that_refuses_notices_is_asked_no_more(app: Flask, db: Database, moodle: Moodle) -> None:
    from lti_app.house import house
    from lti_app.jobs.handlers import register_handlers

    refusal = (400, {"Content-Type": "application/json"}, b'{"error": "invalid_scope"}')
    moodle.web.answers["/token2"] = lambda body, headers: refusal
    registration_id = moodle.register(db, auth_token_url=f"{moodle.web.url}/token2")
    offer = {
        "platform_notification_service_url": f"{moodle.web.url}/handlers",
        "notice_types_supported": ["LtiContextCopyNotice"],
    }
    assert_enters(begin(moodle, app).launch(**{PNS: offer}))
    with app.app_context():
        assert register_handlers(house(), registration_id) == 0
        assert register_handlers(house(), registration_id) == 0
    assert moodle.web.paths().count("/token2") == 1
    with db.reading() as session:
        assert session.scalars(select(Deployment.notices_state)).one() == "refused"
