"""What Moodle tells of one learner at a time: completion, and attempts at each quiz."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lms_clients.errors import LmsError, Permission, Reauthorise, RefusedAddress, ScopeMissing
from lms_clients.ledger import REFUSALS, Ledger
from lms_clients.moodle.calls import Calls
from lms_clients.moodle.work import Work
from lms_clients.moodle.work_shapes import Completion, Completions, Grades, Quiz, QuizAttempt, QuizAttempts
from lms_clients.records import Activity, GapReason, Part

# Moodle 5.0 renamed the function; the old name hides attempts that were not started (MDL-68806).
NEW_ATTEMPTS, OLD_ATTEMPTS = "mod_quiz_get_user_quiz_attempts", "mod_quiz_get_user_attempts"
_COMPLETION = "core_completion_get_activities_completion_status"
_ONE_LEARNER_ONLY = frozenset({"accessdenied", "notingroup", "invalidrecord", "invalidresponse", "invaliduserid"})


@dataclass(slots=True)
class Detail:
    """What was read about each learner; a learner in neither dictionary was not read."""

    completions: dict[str, dict[str, Completion]] = field(default_factory=dict)
    attempts: dict[str, dict[str, list[QuizAttempt]]] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    left: list[str] = field(default_factory=list)


class Asker:
    """Asks about learners one by one, and stops asking for what the whole connection may not know."""

    def __init__(
        self,
        calls: Calls,
        course_id: str,
        activities: Sequence[Activity],
        quizzes: Sequence[Quiz] | None,
        functions: frozenset[str],
        ledger: Ledger,
    ) -> None:
        self._calls, self._course, self._ledger = calls, course_id, ledger
        self._tracked = {activity.id: activity.raw_kind for activity in activities if activity.tracked}
        self._quizzes = list(quizzes or ())
        self._attempts = NEW_ATTEMPTS if NEW_ATTEMPTS in functions else OLD_ATTEMPTS
        self._asks = {part for part in (Part.COMPLETION,) if self._tracked}
        self._asks |= {part for part in (Part.ATTEMPTS,) if self._quizzes}
        # What there is nothing of is read by not asking.
        ledger.read.update({Part.COMPLETION, Part.ATTEMPTS} - self._asks if quizzes is not None else set())

    def is_mended(self, lacking: Sequence[str], learner_ids: Sequence[str]) -> bool:
        """Whether something that was refused last time is granted now; what is not is not asked again this time."""
        if not learner_ids:
            return False
        calls = {Part.COMPLETION: self._try_completion, Part.ATTEMPTS: self._try_attempts}
        granted = False
        for part in [part for part in calls if part in lacking and part in self._asks]:
            try:
                calls[part](learner_ids[0])
                granted = True
            except REFUSALS as error:
                self._give_up(part, error, learner_ids[0])
        return granted

    def _try_completion(self, who: str) -> None:
        self._calls.call(_COMPLETION, Completions, {"courseid": self._course, "userid": who})

    def _try_attempts(self, who: str) -> None:
        params: dict[str, str | int] = {"quizid": self._quizzes[0].id, "userid": who, "status": "all"}
        self._calls.call(self._attempts, QuizAttempts, params)

    def ask(self, learner_ids: Sequence[str], came: frozenset[str], work: Work) -> Detail:
        """Read the detail of each in turn; on trouble with the platform, stop and keep what was read.

        ``came`` are those who were ever in the course: the others can have no attempts.
        """
        found = Detail()
        for number, who in enumerate(learner_ids):
            try:
                self._ask_one(who, who in came, work, found)
            except (Reauthorise, RefusedAddress):
                raise
            except LmsError as error:
                found.left = list(learner_ids[number:])
                for unread in found.left:
                    found.completions.pop(unread, None)
                    found.attempts.pop(unread, None)
                    self._ledger.note(Part.COMPLETION, GapReason.ERROR, error.detail, unread)
                break
            found.done.add(who)
        self._ledger.read.update(self._asks)
        return found

    def _ask_one(self, who: str, came: bool, work: Work, found: Detail) -> None:
        if work.by_learner:
            self._read_grades(who, work)
        if Part.COMPLETION in self._asks:
            self._read_completion(who, found)
        has_grade = any(item.graderaw is not None for item in work.grades.get(who, {}).values())
        if Part.ATTEMPTS in self._asks and (came or has_grade):
            self._read_attempts(who, found)

    def _read_grades(self, who: str, work: Work) -> None:
        params: dict[str, str | int] = {"courseid": self._course, "userid": who}
        try:
            work.add_grades(self._calls.call("gradereport_user_get_grade_items", Grades, params).usergrades)
            self._ledger.read.add(Part.GRADES)
        except REFUSALS as error:
            self._ledger.refused(Part.GRADES, error, who)

    def _read_completion(self, who: str, found: Detail) -> None:
        params: dict[str, str | int] = {"courseid": self._course, "userid": who}
        try:
            statuses = self._calls.call(_COMPLETION, Completions, params).statuses
        except REFUSALS as error:
            self._give_up(Part.COMPLETION, error, who)
            return
        if statuses and all(status.istrackeduser is False for status in statuses):
            # Moodle answers a full list of zeros for people whom it does not track.
            self._ledger.note(Part.COMPLETION, GapReason.FEATURE_OFF, "Moodle does not track this person", who)
            return
        found.completions[who] = {str(status.cmid): status for status in statuses}
        for kind in {self._tracked[key] for key in self._tracked.keys() - found.completions[who].keys()}:
            self._ledger.note(
                f"{Part.COMPLETION}:{kind}", GapReason.PERMISSION, f"{kind} is hidden: lacks mod/{kind}:view"
            )

    def _read_attempts(self, who: str, found: Detail) -> None:
        for quiz in self._quizzes:
            params: dict[str, str | int] = {"quizid": quiz.id, "userid": who, "status": "all"}
            try:
                tries = self._calls.call(self._attempts, QuizAttempts, params).attempts
            except REFUSALS as error:
                self._give_up(Part.ATTEMPTS, error, who)
                return
            real = [one for one in tries if not one.preview and one.state != "notstarted"]
            found.attempts.setdefault(who, {})[str(quiz.coursemodule)] = real

    def _give_up(self, part: Part, error: LmsError, who: str) -> None:
        if isinstance(error, Permission | ScopeMissing) and error.code not in _ONE_LEARNER_ONLY:
            self._asks.discard(part)
            self._ledger.refused(part, error)
        else:
            self._ledger.refused(part, error, who)
