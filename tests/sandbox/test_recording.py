"""A fresh practice LMS says what the recorded one said."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lti_app.sandbox import create_practice_lms
from lti_app.sandbox.recorded import PATH, RECORDED_AT, recorded_calls, shifted
from lti_app.sandbox.recording.clean import clean
from tests.conftest import StillClock

Ask = Callable[..., Any]
SHARED = Path(__file__).resolve().parents[3] / "shared/moodle"


def test_every_recorded_call_is_answered_as_it_was_recorded(ask: Ask) -> None:
    calls = list(recorded_calls())
    assert len(calls) > 300
    for call in calls:
        answer = ask(call.function, form=call.params)
        if call.function == "core_webservice_get_site_info":
            answer.pop("functions"), call.response.pop("functions")
        assert answer == call.response, (call.function, call.params)


def test_started_another_day_every_time_has_moved_by_the_same_span(
    tmp_path: Path, practice: Any, still: StillClock
) -> None:
    still.at += timedelta(days=3, hours=5)
    later = create_practice_lms(
        data_dir=tmp_path / "later", public_url=practice.issuer, clock=still, tool=practice.lms.tool
    )
    moved = shifted(practice.lms.course.roster[8], 77 * 3600)
    assert later.lms.course.roster[8] == moved
    assert later.lms.started_at == RECORDED_AT + 77 * 3600


def test_the_functions_that_it_names_are_the_ones_it_answers(ask: Ask) -> None:
    named = {f["name"] for f in ask("core_webservice_get_site_info")["functions"]}
    assert {call.function for call in recorded_calls()} <= named
    assert "core_message_send_instant_messages" in named
    assert "core_user_create_users" not in named


@pytest.mark.parametrize(
    ("function", "params", "recorded"),
    [
        ("core_user_create_users", {}, "function_not_in_service"),
        ("no_such_function", {}, "unknown_function"),
        ("core_course_get_contents", {}, "missing_param"),
        ("core_course_get_contents", {"courseid": "abc"}, "bad_type"),
    ],
)
def test_errors_have_the_recorded_words(ask: Ask, function: str, params: dict[str, str], recorded: str) -> None:
    path = SHARED / "ws/_errors.json"
    if not path.exists():
        pytest.skip("the recordings are not here")
    assert ask(function, form=params) == json.loads(path.read_text())[recorded]["response"]


def test_a_wrong_token_is_refused_with_http_200(ask: Ask) -> None:
    assert ask("core_course_get_contents", token="wrong", form={"courseid": "2"})["errorcode"] == "invalidtoken"


def test_the_packaged_recording_is_the_cleaned_one_and_small() -> None:
    raw = SHARED / "course.jsonl.gz"
    assert PATH.stat().st_size < 200_000
    if not raw.exists():
        pytest.skip("the recordings are not here")
    with gzip.open(raw, "rt", encoding="utf-8") as lines, gzip.open(PATH, "rt", encoding="utf-8") as packaged:
        assert [clean(json.loads(line)) for line in lines] == [json.loads(line) for line in packaged]
