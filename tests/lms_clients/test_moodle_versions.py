"""Moodle 4.1 to 5.x: the functions that a service holds, and which of two names is called."""

from __future__ import annotations

import pytest

from lms_clients.base import Ability, Missing
from lms_clients.moodle import rights
from lms_clients.moodle.client import MoodleClient
from tests.lms_clients.conftest import COURSE, RECORDED_AT
from tests.lms_clients.fake_moodle import FakeMoodle

OLD, NEW = "mod_quiz_get_user_attempts", "mod_quiz_get_user_quiz_attempts"
ALL = frozenset(rights.FUNCTIONS) - rights.OPTIONAL
RELEASES = {
    "4.1": ("4.1.18 (Build: 20250414)", ALL),
    "4.4": ("4.4.8 (Build: 20250414)", ALL | {"core_course_get_updates_since"}),
    "4.5": ("4.5.6 (Build: 20250811)", ALL | {"mod_assign_get_user_flags"}),
    # From 5.0 on both names may be in a service; an administrator who begins there adds only the new one.
    "5.0 both": ("5.0.2 (Build: 20250811)", ALL | {NEW}),
    "5.0": ("5.0.2 (Build: 20250811)", ALL - {OLD} | {NEW}),
    "5.1": ("5.1 (Build: 20251006)", ALL - {OLD} | {NEW, "mod_quiz_get_user_best_grade"}),
}


def holds(moodle: FakeMoodle, release: str, functions: frozenset[str]) -> None:
    site = moodle["core_webservice_get_site_info"]
    site["release"], site["functions"] = release, [{"name": name} for name in sorted(functions)]
    moodle.instead[NEW] = lambda params: moodle.table.get(
        f"{OLD} {params['quizid']} {params['userid']}", {"attempts": []}
    )


@pytest.mark.parametrize("name", RELEASES)
def test_each_release_is_read_whole_and_nothing_is_said_to_be_missing(
    moodle: FakeMoodle, client: MoodleClient, name: str
) -> None:
    release, functions = RELEASES[name]
    holds(moodle, release, functions)
    told = client.capabilities()
    assert (told.version, told.missing) == (release, ())
    snapshot = client.snapshot(COURSE, {}, None, RECORDED_AT)
    assert snapshot.complete
    assert [one for one in snapshot.attempts if one.learner_id == "37"]
    called, other = (NEW, OLD) if NEW in functions else (OLD, NEW)
    assert moodle.calls[called] > 0
    assert moodle.calls[other] == 0


@pytest.mark.parametrize(
    ("release", "name"), [("4.5.6 (Build: 20250811)", OLD), ("5.1 (Build: 20251006)", NEW), ("", OLD)]
)
def test_an_administrator_is_told_the_name_that_their_release_has(
    moodle: FakeMoodle, client: MoodleClient, release: str, name: str
) -> None:
    holds(moodle, release, ALL - {OLD})
    assert client.capabilities().missing == (
        Missing(Ability.ATTEMPTS, function=name, detail="not in the external service"),
    )
