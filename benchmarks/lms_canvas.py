"""The large course in the words of Canvas's REST interface: pages of a hundred, with bookmarks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

FIRST_LEARNER, DAY, PAGE = 10_000, 86_400, 100
Query = list[tuple[str, str]]


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class CanvasCourse:
    """Answers each listing page by page; ``started`` is the second from which days are counted back."""

    def __init__(self, learners: int, activities: int, started: int) -> None:
        self._learners = range(FIRST_LEARNER, FIRST_LEARNER + learners)
        self._works = range(100, 100 + activities)
        self._started, self._moved, self._moved_at = started, frozenset[int](), 0

    def move(self, people: int) -> None:
        """Let the first learners who ever came come now, and hand in the first work anew."""
        came = [who for who in self._learners if who % 5]
        self._moved, self._moved_at = frozenset(came[:people]), int(time.time())

    def answer(self, path: str, query: Query, site: str) -> tuple[Any, str | None]:
        """Return one page and the address of the next."""
        name = path.rpartition("/")[2]
        if name == "2" or name.startswith("lti_context_id"):
            return self._course(), None
        rows = getattr(self, f"_{name}")(query)
        start = int(next((value for key, value in query if key == "page"), "bookmark:0").removeprefix("bookmark:"))
        if start + PAGE >= len(rows):
            following = None
        else:
            kept = [(key, value) for key, value in query if key != "page"]
            following = f"{site}{path}?{urlencode([*kept, ('page', f'bookmark:{start + PAGE}')])}"
        return [getattr(self, f"_row_of_{name}")(row) for row in rows[start : start + PAGE]], following

    def _course(self) -> Any:
        return {
            "id": "2", "name": "A large course", "course_code": "LARGE", "workflow_state": "available",
            "start_at": _iso(self._started - 60 * DAY), "end_at": None, "time_zone": "Europe/Rome", "locale": "it",
            "concluded": False, "term": {"start_at": None, "end_at": None},
        }  # fmt: skip

    def _enrollments(self, query: Query) -> Sequence[int]:
        return self._learners

    def _row_of_enrollments(self, who: int) -> Any:
        seen = self._moved_at if who in self._moved else self._started - who % 500 * 3600 - 60
        return {
            "id": str(who + 500_000), "user_id": str(who), "type": "StudentEnrollment", "role": "StudentEnrollment",
            "enrollment_state": "active", "course_section_id": str(who % 20), "created_at": "2026-01-10T08:00:00Z",
            "last_activity_at": _iso(seen) if who % 5 else None, "total_activity_time": who % 9000 if who % 5 else 0,
            "grades": {"current_score": who % 101, "final_score": who % 91},
            "user": {
                "id": str(who), "name": f"Persona {who}", "sortable_name": f"{who}, Persona",
                "email": f"persona{who}@example.org", "sis_user_id": None, "group_ids": [],
            },
        }  # fmt: skip

    def _groups(self, query: Query) -> Sequence[int]:
        return ()

    def _assignments(self, query: Query) -> Sequence[int]:
        return self._works

    def _row_of_assignments(self, work: int) -> Any:
        return {
            "id": str(work), "name": f"Lavoro {work}", "position": work, "due_at": _iso(self._started - DAY),
            "points_possible": 10, "grading_type": "points", "submission_types": ["online_upload"], "published": True,
            "allowed_attempts": -1, "anonymous_grading": False, "html_url": f"https://canvas.example/{work}",
            "all_dates": [{"base": True, "due_at": _iso(self._started - DAY)}],
        }  # fmt: skip

    def _modules(self, query: Query) -> Sequence[int]:
        return range((len(self._works) + 9) // 10)

    def _row_of_modules(self, number: int) -> Any:
        return {
            "id": str(number + 1), "name": f"Settimana {number + 1}", "position": number + 1, "published": True,
            "items": [
                {
                    "id": str(work + 9000), "title": f"Lavoro {work}", "type": "Assignment", "content_id": str(work),
                    "position": at + 1, "published": True, "completion_requirement": {"type": "must_submit"},
                }
                for at, work in enumerate(self._works[number * 10 : number * 10 + 10])
            ],
        }  # fmt: skip

    def _bulk_user_progress(self, query: Query) -> Sequence[int]:
        return self._learners

    def _row_of_bulk_user_progress(self, who: int) -> Any:
        done = sum(1 for work in self._works if who % 5 and (who + work) % 4)
        told = {"requirement_count": len(self._works), "requirement_completed_count": done, "completed_at": None}
        return {"id": str(who), "display_name": f"Persona {who}", "progress": told}

    def _submissions(self, query: Query) -> Sequence[tuple[int, int]]:
        people: Sequence[int] = [int(value) for key, value in query if key == "student_ids[]" and value != "all"]
        if any(key in ("submitted_since", "graded_since") for key, _ in query):
            since = max(value for key, value in query if key in ("submitted_since", "graded_since"))
            moved = [who for who in self._learners if who in self._moved and since <= _iso(self._moved_at)]
            return [(who, self._works[0]) for who in moved]
        people = people or self._learners
        width = len(self._works)
        return _Grid(people, self._works, len(people) * width)

    def _row_of_submissions(self, row: tuple[int, int]) -> Any:
        who, work = row
        again = who in self._moved and work == self._works[0]
        is_done = who % 5 != 0 and ((who + work) % 4 != 0 or again)
        at = _iso(self._moved_at if again else self._started - (work % 40 + 1) * DAY - who % 600 * 60)
        score = float((who * 7 + work) % 11)
        told = {
            "id": str(who * 1000 + work), "user_id": str(who), "assignment_id": str(work),
            "attempt": 1 + again if is_done else None, "workflow_state": "graded" if is_done else "unsubmitted",
            "submitted_at": at if is_done else None, "graded_at": at if is_done else None,
            "posted_at": at if is_done else None, "cached_due_date": _iso(self._started - DAY),
            "score": score if is_done else None, "grade": str(score) if is_done else None, "excused": False,
            "late": False, "missing": not is_done, "redo_request": False,
            "grade_matches_current_submission": True, "grader_id": "7", "seconds_late": 0,
        }  # fmt: skip
        history = {name: told[name] for name in ("attempt", "submitted_at", "workflow_state", "score")}
        return {**told, "submission_history": [history]}


class _Grid(Sequence[tuple[int, int]]):
    """All works of all people, one pair at a time: two hundred thousand pairs are not kept for each page."""

    def __init__(self, people: Sequence[int], works: Sequence[int], size: int) -> None:
        self._people, self._works, self._size = people, works, size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(self._size))]
        return self._people[at // len(self._works)], self._works[at % len(self._works)]
