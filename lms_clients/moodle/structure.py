"""What stands in a Moodle course page: sections, activities, their dates, points and pass marks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from lms_clients.ledger import Ledger
from lms_clients.moodle.shapes import CourseModule, Section
from lms_clients.moodle.work_shapes import Assignment, Event, Quiz
from lms_clients.records import Activity, ActivityKind, GapReason, Module, Part
from lms_clients.values import decimal, from_epoch

KINDS = {
    "assign": ActivityKind.ASSIGNMENT,
    "workshop": ActivityKind.ASSIGNMENT,
    "quiz": ActivityKind.QUIZ,
    "forum": ActivityKind.FORUM,
    "hsuforum": ActivityKind.FORUM,
    "page": ActivityKind.PAGE,
    "book": ActivityKind.PAGE,
    "label": ActivityKind.PAGE,
    "resource": ActivityKind.FILE,
    "folder": ActivityKind.FILE,
    "url": ActivityKind.LINK,
    "lesson": ActivityKind.LESSON,
    "scorm": ActivityKind.SCORM,
    "imscp": ActivityKind.SCORM,
    "h5pactivity": ActivityKind.LESSON,
    "lti": ActivityKind.LTI,
    "feedback": ActivityKind.SURVEY,
    "choice": ActivityKind.SURVEY,
    "survey": ActivityKind.SURVEY,
}
_NOT_ACTIVITIES = frozenset({"label", "subsection", "qbank"})
_DUE = ("duedate", "timeclose", "timedue", "closedate")
_OPENS = ("allowsubmissionsfromdate", "timeopen", "timeavailablefrom", "available")
_CLOSES = ("cutoffdate", "timeclose", "timeavailableto", "deadline")


@dataclass(slots=True)
class Plan:
    """What the functions about structure answered; None where they were refused."""

    sections: list[Section]
    quizzes: list[Quiz] | None = None
    assignments: list[Assignment] | None = None
    events: list[Event] | None = None
    pass_marks: Mapping[str, Decimal | None] = field(default_factory=dict)
    own_dates: Mapping[int, Mapping[str, datetime | None]] = field(default_factory=dict)

    def course_modules(self) -> Iterator[tuple[Section, CourseModule]]:
        """All that stands in the page, in its order, with its section."""
        for section in self.sections:
            for module in section.modules:
                yield section, module


def modules(plan: Plan) -> tuple[Module, ...]:
    """The sections; a sub-section names the section that holds it."""
    homes = {
        module.instance: str(section.id) for section, module in plan.course_modules() if module.modname == "subsection"
    }
    return tuple(
        Module(
            id=str(section.id),
            title=section.name,
            position=section.section,
            parent_id=homes.get(section.itemid) if section.component == "mod_subsection" else None,
            visible=section.visible,
        )
        for section in plan.sections
    )


def activities(plan: Plan, points: Mapping[str, Decimal], ledger: Ledger) -> tuple[Activity, ...]:
    """The activities; ``points`` are the gradebook's maxima by activity, for kinds without a table of their own."""
    quizzes = {quiz.coursemodule: quiz for quiz in plan.quizzes or ()}
    assignments = {work.cmid: work for work in plan.assignments or ()}
    expected = _expected(plan)
    found = []
    for position, (section, module) in enumerate(plan.course_modules()):
        if module.modname in _NOT_ACTIVITIES and not module.completion:
            continue
        _check_vanished(module, plan, quizzes, assignments, ledger)
        dates = _Dates.of(module, quizzes.get(module.id), assignments.get(module.id), expected)
        found.append(_activity(section, module, position, dates, quizzes, assignments, points, plan))
    if plan.events is not None:
        ledger.read.add(Part.DUE_DATES)
    return tuple(found)


def _expected(plan: Plan) -> dict[tuple[str, int], datetime]:
    """The "expect completed on" dates, which only the calendar tells."""
    return {
        (event.modulename, event.instance): at
        for event in plan.events or ()
        if event.eventtype == "expectcompletionon" and event.modulename and event.instance
        if (at := from_epoch(event.timestart))
    }


def _check_vanished(
    module: CourseModule, plan: Plan, quizzes: Mapping[int, Quiz], works: Mapping[int, Assignment], ledger: Ledger
) -> None:
    # Without mod/quiz:view or mod/assign:view nothing fails: the activity is silently absent from the answers.
    if module.modname == "quiz" and plan.quizzes is not None and module.id not in quizzes:
        ledger.note(Part.ATTEMPTS, GapReason.PERMISSION, "quizzes are hidden: lacks mod/quiz:view")
    if module.modname == "assign" and plan.assignments is not None and module.id not in works:
        ledger.note(Part.SUBMISSIONS, GapReason.PERMISSION, "assignments are hidden: lacks mod/assign:view")


@dataclass(frozen=True, slots=True)
class _Dates:
    due_at: datetime | None
    opens_at: datetime | None
    closes_at: datetime | None

    @classmethod
    def of(
        cls,
        module: CourseModule,
        quiz: Quiz | None,
        work: Assignment | None,
        expected: Mapping[tuple[str, int], datetime],
    ) -> _Dates:
        told = {date.dataid: from_epoch(date.timestamp) for date in module.dates}

        def first(names: tuple[str, ...]) -> datetime | None:
            return next((told[name] for name in names if told.get(name)), None)

        due, opens, closes = first(_DUE), first(_OPENS), first(_CLOSES)
        if quiz is not None:
            closes = from_epoch(quiz.timeclose) or closes
            due, opens = closes or due, from_epoch(quiz.timeopen) or opens
        if work is not None:
            due = from_epoch(work.duedate) or from_epoch(work.cutoffdate) or due
            opens, closes = from_epoch(work.allowsubmissionsfromdate) or opens, from_epoch(work.cutoffdate)
        if due is None and module.instance is not None:
            due = expected.get((module.modname, module.instance))
        return cls(due, opens, closes)


def _activity(
    section: Section,
    module: CourseModule,
    position: int,
    dates: _Dates,
    quizzes: Mapping[int, Quiz],
    works: Mapping[int, Assignment],
    points: Mapping[str, Decimal],
    plan: Plan,
) -> Activity:
    quiz, work = quizzes.get(module.id), works.get(module.id)
    key = str(module.id)
    possible = points.get(key)
    tries = None
    if quiz is not None:
        possible, tries = decimal(quiz.grade) or possible, quiz.attempts or None
    if work is not None:
        possible = work_points(work) or possible
        tries = work.maxattempts if (work.maxattempts or 0) > 0 else None
    return Activity(
        id=key,
        kind=KINDS.get(module.modname, ActivityKind.OTHER),
        title=module.name,
        raw_kind=module.modname,
        section_id=str(section.id),
        section_title=section.name,
        position=position,
        due_at=dates.due_at,
        opens_at=dates.opens_at,
        closes_at=dates.closes_at,
        due_overrides={f"learner:{who}": at for who, at in plan.own_dates.get(module.id, {}).items()},
        points_possible=possible,
        pass_points=plan.pass_marks.get(key),
        max_attempts=tries,
        tracked=None if module.completion is None else module.completion > 0,
        visible=module.visible,
        tutor_marked=module.modname == "workshop" or (work is not None and work_points(work) is not None),
        anonymous=None if work is None else bool(work.blindmarking) and not work.revealidentities,
        lti_link_id=str(module.instance) if module.modname == "lti" and module.instance else None,
        url=module.url if (module.url or "").startswith(("https://", "http://")) else None,
    )


def work_points(work: Assignment) -> Decimal | None:
    """An assignment's points; None for a scale (negative) and for ungraded work (0)."""
    points = decimal(work.grade)
    return points if points is not None and points > 0 else None
