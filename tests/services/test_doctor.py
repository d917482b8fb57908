"""The self-test names each fault: a healthy practice LMS, then one thing broken after the other."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import update
from werkzeug.serving import WSGIRequestHandler

from lti_app.cli import main
from lti_app.doctor import examine
from lti_app.doctor.verdicts import Verdict
from lti_app.house import House
from lti_app.jobs.sync import sync_context
from lti_app.models import Context, Deployment, LmsConnection, Registration
from lti_app.sandbox.platform import tools
from lti_app.sealing import seal_text
from tests.services.conftest import Pair


def check(pair: Pair, house: House | None = None, **said: Any) -> dict[str, Verdict]:
    with pair.app.test_request_context():
        found = list(examine(house or pair.house, pair.registration_id, **said))
    assert len({one.step for one in found}) == len(found)
    assert all(one.words and one.name for one in found)
    return {one.step: one for one in found}


def faults(found: dict[str, Verdict]) -> set[str]:
    return {one.step for one in found.values() if one.state == "fault"}


def change(pair: Pair, table: Any, **values: Any) -> None:
    with pair.db.writing() as session:
        session.execute(update(table).values(**values))


def connect(pair: Pair, token: str | None = None) -> None:
    with pair.db.writing() as session:
        sealed = seal_text(token or pair.lms.ws_token, pair.house.settings.secret_key)
        ids = {"registration_id": pair.registration_id, "kind": "moodle", "base_url": pair.lms.issuer}
        session.add(LmsConnection(**ids, secret=sealed, created_at=pair.clock.now()))


def test_a_healthy_platform_has_no_fault_and_each_step_was_tried(pair: Pair) -> None:
    pair.enter(pair.lms.lms.cast.tutor)
    connect(pair)
    with pair.app.app_context():
        sync_context(pair.house, pair.course())
    found = check(pair, cookie_came=True)
    assert faults(found) == set(), [found[step] for step in faults(found)]
    good = {step for step, one in found.items() if one.state == "good"}
    assert good >= {
        "own_address", "issuer", "jwks", "clock", "frame", "cookies", "launches",
        "token_roster", "token_column", "token_score", "names", "grades", "web_services",
    }  # fmt: skip
    # Plain http works on this machine alone, and the page says so.
    assert found["https"].state == "note"
    assert found["token_notices"].state == "note"


def test_before_anybody_came_nothing_is_claimed_about_courses(pair: Pair) -> None:
    found = check(pair)
    assert faults(found) == set()
    assert {found[step].state for step in ("names", "grades", "launches", "web_services", "cookies")} == {"note"}


BROKEN: dict[str, tuple[Callable[[Pair], None], set[str], str]] = {
    "the platform is away": (
        lambda pair: change(pair, Registration, issuer="http://127.0.0.1:1"), {"issuer"}, "admin"),
    "its keys are elsewhere": (
        lambda pair: change(pair, Registration, jwks_url=f"{pair.lms.issuer}/nothing"), {"jwks"}, "admin"),
    "its keys are a web page": (
        lambda pair: change(pair, Registration, jwks_url=f"{pair.lms.issuer}/course/view.php"), {"jwks"}, "admin"),
    "our client id is wrong": (
        lambda pair: change(pair, Registration, client_id="another"),
        {"token_roster", "token_column", "token_score", "token_notices"}, "admin"),
    "the token address is wrong": (
        lambda pair: change(pair, Registration, auth_token_url=f"{pair.lms.issuer}/nothing"),
        {"token_roster", "token_column", "token_score", "token_notices"}, "admin"),
    "names and roles are elsewhere": (
        lambda pair: change(pair, Context, memberships_url=f"{pair.lms.issuer}/nothing"), {"names"}, "admin"),
    "the gradebook is elsewhere": (
        lambda pair: change(pair, Context, lineitems_url=f"{pair.lms.issuer}/nothing"), {"grades"}, "admin"),
    "an address is plain http": (
        lambda pair: change(pair, Registration, auth_login_url="http://lms.example.org/auth"), {"https"}, "admin"),
    "an installation waits": (
        lambda pair: change(pair, Deployment, status="waiting"), {"deployments"}, "operator"),
    "the web-service token is dead": (
        lambda pair: connect(pair, "dead"), {"web_services"}, "admin"),
}  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
def test_each_fault_is_named_with_who_can_mend_it(pair: Pair, broken: str) -> None:
    pair.enter(pair.lms.lms.cast.tutor)
    do, expected, who = BROKEN[broken]
    do(pair)
    found = check(pair)
    assert faults(found) == expected, [found[step] for step in faults(found)]
    assert {found[step].who for step in expected} == {who}
    assert all(found[step].who_words for step in expected)


@pytest.mark.parametrize(("ahead", "word"), [(120, "ahead"), (-120, "behind")])
def test_a_clock_that_is_two_minutes_off_is_named(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, ahead: int, word: str
) -> None:
    def wrong(self: object, timestamp: float | None = None) -> str:
        return email.utils.formatdate(time.time() + ahead, usegmt=True)

    monkeypatch.setattr(WSGIRequestHandler, "date_time_string", wrong)
    monkeypatch.setattr("werkzeug.serving.http_date", lambda: wrong(None), raising=False)
    clock = check(pair)["clock"]
    assert (clock.state, word in clock.words) == ("fault", True)


def test_a_scope_that_is_not_granted_is_a_fault_only_where_we_cannot_do_without(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tools._first(pair.lms.lms)
    monkeypatch.setattr(tools, "_first", lambda here: replace(first, scopes=()))
    found = check(pair)
    assert faults(found) == {"token_roster"}
    assert found["token_score"].state == "note"


def test_where_private_addresses_are_not_allowed_the_operator_is_told(pair: Pair) -> None:
    strict = replace(pair.house, settings=replace(pair.house.settings, allow_private_addresses=False))
    found = check(pair, strict)
    assert found["issuer"].state == "fault"
    assert (found["issuer"].who, "REGISTA_ALLOW_PRIVATE_ADDRESSES" in found["issuer"].words) == ("operator", True)


def test_our_own_address_that_leads_elsewhere_is_ours_to_mend(pair: Pair) -> None:
    elsewhere = replace(pair.house, settings=replace(pair.house.settings, public_url="http://127.0.0.1:1"))
    found = check(pair, elsewhere)
    assert (found["own_address"].state, found["own_address"].who) == ("fault", "operator")


def test_an_https_platform_cannot_show_a_plain_regista(pair: Pair) -> None:
    for name in ("issuer", "auth_login_url", "auth_token_url", "jwks_url"):
        change(pair, Registration, **{name: "https://127.0.0.1:1/x"})
    assert check(pair)["https"].state == "fault"


def test_a_web_service_that_lacks_a_right_is_named_in_the_lmss_words(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lms_clients.base import Ability, Capabilities, Missing
    from lms_clients.moodle.client import MoodleClient
    from lms_clients.records import Source

    connect(pair)
    missing = Missing(Ability.ATTEMPTS, "mod/quiz:viewreports", "View quiz reports", "mod_quiz_get_user_attempts")
    told = Capabilities(Source.MOODLE, "4.5", "Accademia", "regista-service", missing=(missing,))
    monkeypatch.setattr(MoodleClient, "capabilities", lambda self, course=None: told)
    found = check(pair)
    assert faults(found) == {"web_services_attempts"}
    words = found["web_services_attempts"].words
    assert "mod/quiz:viewreports" in words
    assert "mod_quiz_get_user_attempts" in words


def test_the_admin_checks_everything_in_a_page_and_a_tutor_cannot(pair: Pair) -> None:
    cast = pair.lms.lms.cast
    admin = pair.enter(cast.admin)
    admin.go("/admin")
    form = admin.form_to(f"/admin/check/{pair.registration_id}")
    assert form is not None
    admin.send(form)
    assert "step-token_roster" in admin.page
    tutor = pair.enter(cast.tutor)
    with pytest.raises(Exception, match="404"):
        tutor.go("/admin")


def test_the_command_prints_each_verdict_and_ends_with_1_where_something_is_broken(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = pair.house.settings
    for name, value in {
        "REGISTA_PUBLIC_URL": settings.public_url,
        "REGISTA_SECRET_KEY": settings.secret_key,
        "REGISTA_DATABASE_URL": settings.database_url,
        "REGISTA_DATA_DIR": settings.data_dir,
        "REGISTA_ALLOW_PRIVATE_ADDRESSES": "yes",
    }.items():
        monkeypatch.setenv(name, value)
    run = CliRunner()
    healthy = run.invoke(main, ["doctor", "--platform", "pract"])
    assert healthy.exit_code == 0, healthy.output
    assert "ok    Token for names and roles: granted" in healthy.output
    change(pair, Registration, jwks_url=f"{pair.lms.issuer}/nothing")
    broken = run.invoke(main, ["doctor"])
    assert broken.exit_code == 1
    assert "FAIL  The platform's keys" in broken.output
    assert "The administrator of the learning platform can mend this." in broken.output
    assert run.invoke(main, ["doctor", "--platform", "elsewhere"]).exit_code == 1
