"""What Moodle tells of learners' work in bulk: the gradebook, assignment submissions and extensions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from lms_clients.ledger import REFUSALS, Ledger
from lms_clients.moodle.calls import Calls, listed
from lms_clients.moodle.shapes import User
from lms_clients.moodle.work_shapes import Assignment, Flags, GradeItem, Grades, Submission, Submissions, UserGrades
from lms_clients.records import CourseGrade, GapReason, Part
from lms_clients.values import decimal, digest, from_epoch

# One row of the gradebook weighs about 12 kB: beyond this the call would be a burden (measured: 40 learners, 484 kB).
BULK_GRADES = 600


@dataclass(slots=True)
class Work:
    """Gradebook cells and submissions, by learner and activity; ``by_learner`` asks for grades one by one."""

    grades: dict[str, dict[str, GradeItem]] = field(default_factory=dict)
    totals: dict[str, GradeItem] = field(default_factory=dict)
    submissions: dict[str, dict[str, Submission]] = field(default_factory=dict)
    by_learner: bool = False

    def add_grades(self, rows: Iterable[UserGrades]) -> None:
        """Take in rows of the gradebook."""
        for row in rows:
            cells = self.grades.setdefault(str(row.userid), {})
            for item in row.gradeitems:
                if item.itemtype == "course":
                    self.totals[str(row.userid)] = item
                elif item.cmid is not None:
                    # An activity may have several grades; the first is its own.
                    cells.setdefault(str(item.cmid), item)

    def signature(self, learner_id: str) -> str:
        """A fingerprint of all that may change without the learner coming back."""
        # Where grades are asked one by one they are not known for those who were not asked.
        cells = {} if self.by_learner else self.grades.get(learner_id, {})
        works = self.submissions.get(learner_id, {})
        return digest(
            [
                (k, i.graderaw, i.gradedategraded, is_visible(i))
                for k, i in sorted(cells.items())
                if i.graderaw is not None
            ],
            [(k, s.status, s.gradingstatus, s.timemodified, s.attemptnumber) for k, s in sorted(works.items())],
        )

    def maxima(self) -> dict[str, Decimal]:
        """The gradebook's points by activity."""
        found: dict[str, Decimal] = {}
        for cells in self.grades.values():
            for key, item in cells.items():
                if key not in found and (points := decimal(item.grademax)):
                    found[key] = points
        return found

    def course_grades(self) -> tuple[CourseGrade, ...]:
        """The grade for the whole course, of those who have one."""
        return tuple(
            CourseGrade(
                learner_id=who,
                current=decimal(item.graderaw),
                scale_max=decimal(item.grademax),
                hidden=not is_visible(item),
            )
            for who, item in self.totals.items()
            if item.graderaw is not None
        )


def is_visible(item: GradeItem) -> bool:
    """Whether the learner may see this grade too."""
    return not item.gradeishidden and not item.gradehiddenbydate


def read_grades(calls: Calls, course_id: str, learners: Sequence[str], work: Work, ledger: Ledger) -> None:
    """Read the whole gradebook at once, or leave it for later one by one where the course is too large."""
    if len(learners) > BULK_GRADES:
        work.by_learner = True
        return
    function = "gradereport_user_get_grade_items"
    answer = ledger.attempt(Part.GRADES, lambda: calls.call(function, Grades, {"courseid": course_id, "userid": 0}))
    if answer is None:
        return
    work.add_grades(answer.usergrades)
    missing = [who for who in learners if who not in work.grades]
    if len(missing) == len(learners) and learners:
        ledger.read.discard(Part.GRADES)
        ledger.note(Part.GRADES, GapReason.PERMISSION, f"{function}: the gradebook tells nothing of the learners")
        return
    for who in missing:
        ledger.note(Part.GRADES, GapReason.ERROR, f"{function}: no row for this learner", who)


def read_submissions(
    calls: Calls, assignments: Sequence[Assignment] | None, users: Sequence[User], work: Work, ledger: Ledger
) -> None:
    """Read all submissions of all assignments at once; anonymous ones are left out and leave a gap."""
    if assignments is None:
        return
    named = {}
    for assignment in assignments:
        if assignment.blindmarking and not assignment.revealidentities:
            what = f"{Part.SUBMISSIONS}:{assignment.cmid}"
            ledger.note(what, GapReason.UNSUPPORTED, "marked anonymously: submissions are not read")
        else:
            named[assignment.id] = assignment
    if not named:
        ledger.read.add(Part.SUBMISSIONS)
        return
    function = "mod_assign_get_submissions"
    answer = ledger.attempt(Part.SUBMISSIONS, lambda: calls.call(function, Submissions, listed("assignmentids", named)))
    if answer is None:
        return
    for warning in answer.warnings:
        ledger.note(Part.SUBMISSIONS, GapReason.PERMISSION, f"{function}: warning {warning.warningcode}")
    teams = _teams(users)
    for entry in answer.assignments:
        if entry.assignmentid in named:
            _take(work, str(named[entry.assignmentid].cmid), entry.submissions, teams)


def _teams(users: Sequence[User]) -> Mapping[int, list[str]]:
    teams: dict[int, list[str]] = {}
    for user in users:
        for group in user.groups or ():
            teams.setdefault(group.id, []).append(str(user.id))
    return teams


def _take(work: Work, activity: str, submissions: Iterable[Submission], teams: Mapping[int, list[str]]) -> None:
    for submission in sorted(submissions, key=lambda one: one.attemptnumber):
        # A team's submission carries no user: it is everybody's in the group.
        people = [str(submission.userid)] if submission.userid else teams.get(submission.groupid or 0, [])
        for who in people:
            work.submissions.setdefault(who, {})[activity] = submission


def read_extensions(
    calls: Calls, assignments: Sequence[Assignment] | None, ledger: Ledger
) -> dict[int, dict[str, datetime]]:
    """Personal due dates of assignments, by activity and learner; only asked where the service has the function."""
    if not assignments:
        return {}
    cmids = {assignment.id: assignment.cmid for assignment in assignments}
    try:
        answer = calls.call("mod_assign_get_user_flags", Flags, listed("assignmentids", cmids))
    except REFUSALS as error:
        ledger.refused(f"{Part.DUE_DATES}:extensions", error)
        return {}
    found: dict[int, dict[str, datetime]] = {}
    for entry in answer.assignments:
        for flag in entry.userflags:
            if (at := from_epoch(flag.extensionduedate)) and entry.assignmentid in cmids:
                found.setdefault(cmids[entry.assignmentid], {})[str(flag.userid)] = at
    return found
