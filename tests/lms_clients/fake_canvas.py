"""Canvas's REST API on the local server, answering with sample payloads; single paths can answer otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.lms_clients.server import LocalLms, Reply, Request

PAYLOADS = Path(__file__).parent.parent / "payloads" / "canvas"
COURSE_PATH = "/api/v1/courses/565"


def sample(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def body(name: str) -> Any:
    return sample(name)["body"]


def error(name: str) -> Reply:
    """One of the recorded refusals, with its status and headers."""
    found = sample(f"error.{name}")
    text = found["body"] if isinstance(found["body"], str) else json.dumps(found["body"])
    return Reply(found["status_code"], text.encode(), found["headers"])


def submissions() -> list[dict[str, Any]]:
    return [row for learner in body("students_submissions.grouped") for row in learner["submissions"]]


class FakeCanvas:
    def __init__(self, lms: LocalLms) -> None:
        self.lms = lms
        self.asked: list[tuple[str, str, list[tuple[str, str]]]] = []
        self.instead: dict[str, Callable[[Request], Reply]] = {}
        self.good_tokens = {"a-token"}
        # The names that launches have for people, and the API's ids.
        self.subs: dict[str, str] = {}
        quiz = {"id": 41, "name": "Quiz", "position": 2, "points_possible": 20, "submission_types": ["online_quiz"]}
        extra = {"id": 43, "name": "Talk", "position": 4, "points_possible": 5, "submission_types": ["on_paper"]}
        self.assignments = [
            *body("assignments"),
            {**quiz, "quiz_id": 410, "due_at": "2026-02-01T22:59:59Z", "allowed_attempts": 3},
            {**extra, "due_at": "2026-02-01T22:59:59Z"},
        ]
        self.submissions = submissions()
        self.course = {
            "id": 565, "name": "Mein Kurs", "original_name": "Grundlagen", "course_code": "GR-1",
            "workflow_state": "available", "time_zone": "Europe/Berlin", "concluded": False,
            "start_at": None, "term": {"start_at": "2026-01-10T00:00:00Z", "end_at": None},
        }  # fmt: skip
        lms.answer = self.answer

    def answer(self, request: Request) -> Reply:
        parts = urlsplit(request.path)
        query = parse_qsl(
            parts.query if request.method in ("GET", "DELETE") else request.body.decode(), keep_blank_values=True
        )
        self.asked.append((request.method, parts.path, query))
        assert request.headers["User-Agent"].startswith("Regista/")
        if parts.path == "/login/oauth2/token":
            return self.instead[parts.path](request)
        assert request.headers["Accept"] == "application/json+canvas-string-ids"
        if request.headers["Authorization"].removeprefix("Bearer ") not in self.good_tokens:
            return error("401_invalid_token")
        if parts.path in self.instead:
            return self.instead[parts.path](request)
        return self._route(parts.path, query)

    def paths(self) -> list[str]:
        return [path.removeprefix(COURSE_PATH) or "/" for _, path, _ in self.asked]

    def _route(self, path: str, query: list[tuple[str, str]]) -> Reply:
        if path in (COURSE_PATH, "/api/v1/courses/lti_context_id:ctx"):
            return Reply.of(self.course)
        if path == "/api/v1/users/self":
            return Reply.of({"id": 9, "name": "Regista Service"})
        name = path.removeprefix(f"{COURSE_PATH}/")
        if name == "enrollments":
            return self._enrollments(query)
        if name == "students/submissions":
            return Reply.of(self._submissions(query))
        lists: dict[str, Any] = {
            "assignments": self.assignments,
            "modules": body("modules.with_items"),
            "modules/12/items": [{"id": 33, "title": "Quiz", "type": "Quiz", "content_id": "410", "position": 1}],
            "bulk_user_progress": body("bulk_user_progress"),
            "groups": [],
        }
        return Reply.of(lists[name]) if name in lists else error("404_not_found")

    def _enrollments(self, query: list[tuple[str, str]]) -> Reply:
        sub = dict(query).get("user_id", "").removeprefix("lti_1_3_id:")
        if sub:
            who = self.subs.get(sub)
            rows = [row for row in body("enrollments.page1") if str(row["user_id"]) == who]
            return Reply.of(rows[:1]) if who is not None else error("404_not_found")
        bookmark = "page=bookmark:WyJTdHVkZW50Il0&per_page=2"
        if ("page", "bookmark:WyJTdHVkZW50Il0") in query:
            return Reply.of(body("enrollments.page2"))
        next_page = f'<{self.lms.url}{COURSE_PATH}/enrollments?{bookmark}>; rel="next"'
        return Reply.of(body("enrollments.page1"), LINK=next_page)

    def _submissions(self, query: list[tuple[str, str]]) -> list[dict[str, Any]]:
        wanted = {value for key, value in query if key == "student_ids[]"}
        rows = [row for row in self.submissions if "all" in wanted or str(row.get("user_id")) in wanted]
        since = dict(query)
        for name, field in (("submitted_since", "submitted_at"), ("graded_since", "graded_at")):
            if name in since:
                rows = [row for row in rows if row[field] and row[field] >= since[name]]
        return rows
