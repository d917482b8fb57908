"""Moodle's web services, answering from a recorded course; single functions can be made to answer otherwise."""

from __future__ import annotations

import copy
import gzip
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import requests
import responses

PAYLOADS = Path(__file__).parent.parent / "payloads" / "moodle"
SITE = "https://moodle.example"
PER_LEARNER = ("core_completion_get_activities_completion_status", "mod_quiz_get_user_attempts")
Params = dict[str, str]
Answer = Callable[[Params], Any]


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def recorded_course() -> dict[str, Any]:
    """Function (and for those per learner, its parameters) to what Moodle answered."""
    table: dict[str, Any] = {}
    with gzip.open(PAYLOADS / "course.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            call = json.loads(line)
            table[_key(call["function"], call["params"])] = call["response"]
    return table


def _key(function: str, params: Params) -> str:
    if function in PER_LEARNER:
        return f"{function} {params.get('quizid', '')} {params['userid']}"
    return function


def refuses(fault: dict[str, Any]) -> Answer:
    return lambda params: fault


class FakeMoodle:
    def __init__(self, table: dict[str, Any]) -> None:
        self.table = copy.deepcopy(table)
        self.calls: Counter[str] = Counter()
        self.asked: list[tuple[str, Params]] = []
        self.instead: dict[str, Answer] = {}

    def __getitem__(self, function: str) -> Any:
        """The recorded answer, to be changed in place by a test."""
        return self.table[function]

    def answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        body = request.body.decode() if isinstance(request.body, bytes) else str(request.body or "")
        params = dict(parse_qsl(body, keep_blank_values=True))
        function = params.pop("wsfunction")
        assert params.pop("wstoken") == "a-token"
        assert params.pop("moodlewsrestformat") == "json"
        assert "a-token" not in (request.url or "")
        self.calls[function] += 1
        self.asked.append((function, params))
        found = self.instead[function](params) if function in self.instead else self._recorded(function, params)
        return 200, {}, json.dumps(found)

    def _recorded(self, function: str, params: Params) -> Any:
        key = _key(function, params)
        if key in self.table:
            return self.table[key]
        if function == "mod_quiz_get_user_attempts":
            return {"attempts": [], "warnings": []}
        return payload("errors")["function_not_in_service"]

    def serve(self, mock: responses.RequestsMock) -> None:
        mock.add_callback(
            "POST", f"{SITE}/webservice/rest/server.php", self.answer, content_type="application/json; charset=utf-8"
        )
