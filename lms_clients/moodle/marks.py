"""Whether a quiz attempt passed, when Moodle tells the pass mark and when it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from lms_clients.moodle.detail import Detail
from lms_clients.moodle.work import Work
from lms_clients.moodle.work_shapes import Quiz, QuizAttempt
from lms_clients.values import decimal

_PASSED, _FAILED = 2, 3


@dataclass(slots=True)
class Judge:
    """Knows, for each quiz, the pass mark or at least scores that Moodle itself called passed or failed."""

    pass_marks: Mapping[str, Decimal | None]
    lowest_passed: dict[str, Decimal] = field(default_factory=dict)
    highest_failed: dict[str, Decimal] = field(default_factory=dict)

    def learn(self, detail: Detail, work: Work) -> None:
        """Take in what completion says of graded scores: a mark between a failed and a passed one stays open."""
        for who, statuses in detail.completions.items():
            for key, status in statuses.items():
                item = work.grades.get(who, {}).get(key)
                score = decimal(item.graderaw) if item is not None else None
                if score is None:
                    continue
                if status.state == _PASSED:
                    self.lowest_passed[key] = min(score, self.lowest_passed.get(key, score))
                elif status.state == _FAILED:
                    self.highest_failed[key] = max(score, self.highest_failed.get(key, score))

    def passed(self, activity_id: str, score: Decimal | None) -> bool | None:
        """Whether ``score``, in the activity's points, passes; None where that is not known."""
        if score is None:
            return None
        mark = self.pass_marks.get(activity_id)
        if mark is not None:
            return score >= mark if mark > 0 else None
        low, high = self.lowest_passed.get(activity_id), self.highest_failed.get(activity_id)
        if low is not None and score >= low:
            return True
        return False if high is not None and score <= high else None


def attempt_score(quiz: Quiz, attempt: QuizAttempt) -> Decimal | None:
    """An attempt's score in the gradebook's points; Moodle keeps it in the quiz's own raw marks."""
    raw, raw_max, points = decimal(attempt.sumgrades), decimal(quiz.sumgrades), decimal(quiz.grade)
    if raw is None or not raw_max or points is None:
        return None
    return decimal(str(raw / raw_max * points))
