"""A platform of which we have only LTI: the roster by names and roles, one column for taking part, over real HTTP."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lms_clients.records import Part
from lti_app.jobs.participation import send_participation
from lti_app.jobs.sync import sync_context
from lti_app.models import AuditEntry, Context, Membership, ParticipationScore, Person, SyncGap
from lti_app.sandbox.platform import nrps
from lti_app.sandbox.platform.gradebook import line_items, results
from lti_app.store.participation import column_of, switch_column
from tests.services.conftest import Pair


def synced(pair: Pair) -> int:
    course_id = pair.course()
    with pair.app.app_context():
        summary = sync_context(pair.house, course_id)
    assert summary is not None
    assert summary.state == "done", summary
    return course_id


def members(pair: Pair) -> dict[str, tuple[str, str]]:
    with pair.db.reading() as session:
        rows = session.execute(select(Person.id_on_platform, Membership.role, Membership.state).join(Membership.person))
        return {row[0]: (row[1], row[2]) for row in rows}


def test_the_whole_course_is_known_by_names_and_roles_after_one_launch(pair: Pair) -> None:
    cast = pair.lms.lms.cast
    pair.enter(cast.tutor)
    synced(pair)
    found = members(pair)
    assert len(found) == 43
    assert found[str(cast.tutor)] == ("tutor", "active")
    assert found[str(cast.stalled)] == ("learner", "active")
    with pair.db.reading() as session:
        person = session.scalars(select(Person).where(Person.id_on_platform == str(cast.stalled))).one()
        assert person.name == pair.lms.lms.people[cast.stalled].name
        # What LTI cannot tell is a gap that says so, never an empty course.
        gaps = {row.what for row in session.scalars(select(SyncGap))}
        assert {str(Part.COMPLETION), str(Part.ATTEMPTS)} <= gaps


def test_inactive_and_deleted_members_leave_come_back_and_test_users_never_enter(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = pair.lms.lms.cast
    pair.enter(cast.tutor)
    ada, bruno, test_user = str(cast.stalled), str(cast.helper), str(cast.well)
    said: dict[str, dict[str, Any]] = {
        ada: {"status": "Inactive"},
        bruno: {"status": "Deleted"},
        test_user: {"roles": ["Learner", "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"]},
    }
    whole = nrps._member

    def changed(here: Any, person: Any, link: Any) -> dict[str, Any]:
        return whole(here, person, link) | said.get(str(person.id), {})

    monkeypatch.setattr(nrps, "_member", changed)
    synced(pair)
    found = members(pair)
    assert (found[ada][1], found[bruno][1]) == ("suspended", "deleted")
    assert test_user not in found
    said.clear()
    synced(pair)
    found = members(pair)
    assert (found[ada][1], found[bruno][1], found[test_user][1]) == ("active", "active", "active")


def switch(pair: Pair, course_id: int, *, on: bool = True) -> None:
    with pair.db.writing() as session:
        switch_column(session, course_id, on=on, by_id=None, now=pair.clock.now())


def send(pair: Pair, course_id: int) -> Any:
    with pair.app.app_context():
        return send_participation(pair.house, course_id)


def test_the_column_is_off_until_a_tutor_wants_it_and_then_tells_weeks(pair: Pair) -> None:
    lms, cast = pair.lms.lms, pair.lms.lms.cast
    ada = pair.enter(cast.stalled)
    course_id = synced(pair)
    assert send(pair, course_id).sent == 0
    assert [item for item in line_items(lms, "1") if not item.of_panel] == []
    switch(pair, course_id)
    # Nobody is given a mark of nothing.
    assert send(pair, course_id).sent == 0
    ada.go("/talk")
    form = ada.form_to("/talk/new")
    assert form is not None
    for number in range(3):
        ada.go("/talk")
        form = ada.form_to("/talk/new")
        assert form is not None
        ada.send(form, title=f"Una domanda {number}", body="Che cosa sono i dati mancanti?")
    assert (send(pair, course_id).sent, send(pair, course_id).sent) == (1, 0)
    (column,) = [item for item in line_items(lms, "1") if not item.of_panel]
    assert column.body["tag"] == "regista-participation"
    score = results(lms, column.number)[str(cast.stalled)]
    assert (score["scoreGiven"], score["scoreMaximum"]) == (100, 100)
    assert (score["activityProgress"], score["gradingProgress"]) == ("Completed", "FullyGraded")
    assert "week" in score["comment"]


def test_each_further_score_has_a_later_stamp_and_the_number_follows_the_weeks(pair: Pair) -> None:
    lms, cast = pair.lms.lms, pair.lms.lms.cast
    ada = pair.enter(cast.stalled)
    course_id = synced(pair)
    switch(pair, course_id)
    ada.go("/talk")
    form = ada.form_to("/talk/new")
    assert form is not None
    ada.send(form, title="Una domanda", body="Da dove si comincia?")
    assert send(pair, course_id).sent == 1
    (column,) = [item for item in line_items(lms, "1") if not item.of_panel]
    first = results(lms, column.number)[str(cast.stalled)]
    with pair.db.writing() as session:
        # As if our clock had gone back since: the platform would refuse an earlier stamp.
        sent = session.scalars(select(ParticipationScore)).one()
        sent.stamped_at += timedelta(hours=1)
    pair.clock.offset += timedelta(weeks=3)
    assert send(pair, course_id).sent == 1
    second = results(lms, column.number)[str(cast.stalled)]
    assert second["timestamp"] > first["timestamp"]
    assert second["scoreGiven"] == 50
    assert len([item for item in line_items(lms, "1") if not item.of_panel]) == 1


def test_switching_it_off_leaves_what_is_there_and_is_written_down(pair: Pair) -> None:
    pair.enter(pair.lms.lms.cast.tutor)
    course_id = synced(pair)
    switch(pair, course_id)
    switch(pair, course_id, on=False)
    switch(pair, course_id, on=False)
    with pair.db.reading() as session:
        assert list(session.scalars(select(AuditEntry.what))) == ["participation_on", "participation_off"]
        assert not column_of(session.get_one(Context, course_id)).on


def test_a_platform_that_refuses_the_column_is_named_and_nothing_breaks(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = pair.lms.lms.cast
    ada = pair.enter(cast.stalled)
    course_id = synced(pair)
    switch(pair, course_id)
    ada.go("/talk")
    form = ada.form_to("/talk/new")
    assert form is not None
    ada.send(form, title="Una domanda", body="Da dove si comincia?")
    from lti_app.sandbox.platform import tools

    monkeypatch.setattr(tools, "SCOPES", ())
    first = tools._first(pair.lms.lms)
    monkeypatch.setattr(tools, "_first", lambda here: type(first)(**{**_fields(first), "scopes": ()}))
    assert send(pair, course_id).error == "scope_missing"
    with pair.db.reading() as session:
        assert column_of(session.get_one(Context, course_id)).error == "scope_missing"


def _fields(tool: Any) -> dict[str, Any]:
    return {name: getattr(tool, name) for name in tool.__slots__}


def test_the_tutor_switches_it_on_in_a_page_that_says_what_the_number_means(pair: Pair) -> None:
    anna = pair.enter(pair.lms.lms.cast.tutor)
    synced(pair)
    anna.go("/desk/course")
    assert "One week in two" in anna.page or "una settimana su due" in anna.page
    form = anna.form_to("/desk/course/column")
    assert form is not None
    anna.send(form, on="yes")
    with pair.db.reading() as session:
        assert column_of(session.get_one(Context, pair.course())).on
    ada = pair.enter(pair.lms.lms.cast.stalled)
    with pytest.raises(Exception, match="404"):
        ada.go("/desk/course")


def test_the_snippet_carries_the_address_of_the_panel_as_the_lms_tells_it(pair: Pair) -> None:
    from lti_app.models import LmsConnection
    from lti_app.sealing import seal_text

    anna = pair.enter(pair.lms.lms.cast.tutor)
    with pair.db.writing() as session:
        sealed = seal_text(pair.lms.ws_token, pair.house.settings.secret_key)
        session.add(
            LmsConnection(
                registration_id=pair.registration_id,
                kind="moodle",
                base_url=pair.lms.issuer,
                secret=sealed,
                created_at=pair.clock.now(),
            )
        )
    synced(pair)
    anna.go("/desk/course")
    assert f"{pair.lms.issuer}/mod/lti/launch.php?id=" in anna.page
    assert json.dumps("iframe")[1:-1] in anna.page
