"""What Moodle's functions answer about learners' work, as far as we read it; only ids are required."""

from __future__ import annotations

from lms_clients.moodle.shapes import Shape, Warn
from lms_clients.values import Number


class GradeItem(Shape):
    """A cell of the gradebook; ``graderaw`` is a number or nothing, the formatted text is never read."""

    itemtype: str = ""
    itemmodule: str | None = None
    cmid: int | None = None
    graderaw: Number = None
    grademax: Number = None
    grademin: Number = None
    gradedatesubmitted: int | None = None
    gradedategraded: int | None = None
    gradeishidden: bool | None = None
    gradehiddenbydate: bool | None = None


class UserGrades(Shape):
    """One learner's row of the gradebook."""

    userid: int
    gradeitems: list[GradeItem] = []


class Grades(Shape):
    """gradereport_user_get_grade_items."""

    usergrades: list[UserGrades] = []
    warnings: list[Warn] = []


class Assignment(Shape):
    """One assignment; a negative ``grade`` is a scale."""

    id: int
    cmid: int
    duedate: int | None = None
    allowsubmissionsfromdate: int | None = None
    cutoffdate: int | None = None
    grade: Number = None
    maxattempts: int | None = None
    nosubmissions: bool | None = None
    blindmarking: bool | None = None
    revealidentities: bool | None = None
    teamsubmission: bool | None = None


class AssignmentCourse(Shape):
    """A course's assignments."""

    id: int
    assignments: list[Assignment] = []


class Assignments(Shape):
    """mod_assign_get_assignments."""

    courses: list[AssignmentCourse] = []
    warnings: list[Warn] = []


class Submission(Shape):
    """One submission; ``userid`` 0 is a team's."""

    userid: int
    groupid: int | None = None
    attemptnumber: int = 0
    timecreated: int | None = None
    timemodified: int | None = None
    status: str = ""
    gradingstatus: str | None = None


class AssignmentSubmissions(Shape):
    """The submissions of one assignment."""

    assignmentid: int
    submissions: list[Submission] = []


class Submissions(Shape):
    """mod_assign_get_submissions."""

    assignments: list[AssignmentSubmissions] = []
    warnings: list[Warn] = []


class UserFlag(Shape):
    """An extension given to one learner."""

    userid: int
    extensionduedate: int | None = None


class AssignmentFlags(Shape):
    """The extensions of one assignment."""

    assignmentid: int
    userflags: list[UserFlag] = []


class Flags(Shape):
    """mod_assign_get_user_flags."""

    assignments: list[AssignmentFlags] = []
    warnings: list[Warn] = []


class Quiz(Shape):
    """One quiz; attempts score up to ``sumgrades``, the gradebook up to ``grade``; 0 ``attempts`` is no limit."""

    id: int
    coursemodule: int
    timeopen: int | None = None
    timeclose: int | None = None
    attempts: int | None = None
    sumgrades: Number = None
    grade: Number = None


class Quizzes(Shape):
    """mod_quiz_get_quizzes_by_courses."""

    quizzes: list[Quiz] = []
    warnings: list[Warn] = []


class Override(Shape):
    """A date of a learner's or a group's own: ``timeclose`` of a quiz, ``duedate`` of an assignment; 0 is none at all.

    What is not given is as for everybody.
    """

    userid: int | None = None
    groupid: int | None = None
    timeclose: int | None = None
    duedate: int | None = None
    sortorder: int | None = None


class Overrides(Shape):
    """mod_quiz_get_overrides and mod_assign_get_overrides."""

    overrides: list[Override] = []
    warnings: list[Warn] = []


class QuizAttempt(Shape):
    """One try at a quiz."""

    id: int
    attempt: int
    state: str = ""
    preview: bool | None = None
    timestart: int | None = None
    timefinish: int | None = None
    sumgrades: Number = None


class QuizAttempts(Shape):
    """mod_quiz_get_user_attempts and mod_quiz_get_user_quiz_attempts."""

    attempts: list[QuizAttempt] = []
    warnings: list[Warn] = []


class BestGrade(Shape):
    """mod_quiz_get_user_best_grade, which alone tells the pass mark."""

    gradetopass: Number = None


class Event(Shape):
    """A calendar entry."""

    id: int = 0
    name: str = ""
    eventtype: str = ""
    modulename: str | None = None
    instance: int | None = None
    userid: int | None = None
    timestart: int | None = None


class Events(Shape):
    """core_calendar_get_calendar_events and core_calendar_create_calendar_events."""

    events: list[Event] = []
    warnings: list[Warn] = []


class Update(Shape):
    """An activity in which something changed."""

    id: int
    contextlevel: str = ""


class Updates(Shape):
    """core_course_get_updates_since."""

    instances: list[Update] = []
    warnings: list[Warn] = []


class Completion(Shape):
    """One learner's state in one activity: 0 not, 1 complete, 2 passed, 3 failed (with a time, too)."""

    cmid: int
    modname: str = ""
    state: int = 0
    timecompleted: int | None = None
    istrackeduser: bool | None = None
    isoverallcomplete: bool | None = None


class Completions(Shape):
    """core_completion_get_activities_completion_status."""

    statuses: list[Completion] = []
    warnings: list[Warn] = []


class Written(Shape):
    """A message as its sender finds it again; ``text`` is the HTML that the recipient reads."""

    id: int
    text: str | None = None
    fullmessage: str | None = None
    smallmessage: str | None = None
    timecreated: int = 0


class Mailbox(Shape):
    """Messages between two people."""

    messages: list[Written] = []


class Sent(Shape):
    """The result for one message; ``msgid`` -1 is a refusal."""

    msgid: int
    clientmsgid: str | None = None
