"""The order in which a Moodle course is read, so that it costs the fewest calls.

Roster and "anything new?" first; if nothing moved, that is all. Else the gradebook, submissions and structure in
bulk, and completion and attempts one by one only for those who moved: Moodle has no bulk function for these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lms_clients.base import KnownState
from lms_clients.errors import NotFound
from lms_clients.ledger import REFUSALS, Ledger
from lms_clients.moodle import bulk, overrides, people, rows, structure, turns, work
from lms_clients.moodle.calls import Calls
from lms_clients.moodle.detail import Asker, Detail
from lms_clients.moodle.marks import Judge
from lms_clients.moodle.shapes import Course as CourseShape
from lms_clients.moodle.shapes import Courses, User
from lms_clients.moodle.work_shapes import Updates
from lms_clients.options import Options
from lms_clients.records import (
    Access,
    Activity,
    Course,
    CourseRef,
    CourseSnapshot,
    CourseState,
    Gap,
    GapReason,
    Learner,
    Part,
    ProgressBasis,
)
from lms_clients.values import digest, from_epoch

# Even a course in which nothing seems to move is read whole this often: some changes show nowhere else.
_WHOLE_EVERY = timedelta(hours=6)
# Clocks differ and writes land late.
_OVERLAP = timedelta(minutes=5)
_ALWAYS_READ = (Part.COURSE, Part.ROSTER, Part.ACCESS, Part.GROUPS)


@dataclass(slots=True)
class Reading:
    """One pass over one course."""

    calls: Calls
    functions: frozenset[str]
    options: Options
    ref: CourseRef
    cursor: Mapping[str, str]
    known: KnownState
    now: datetime
    ledger: Ledger

    @property
    def course_id(self) -> str:
        """Moodle's own number for the course, which is also its LTI context id."""
        return self.ref.api_id or self.ref.lti_context_id or ""

    def read(self) -> CourseSnapshot:
        """Read the course; raises where it cannot be read at all."""
        shape = self._course()
        users = people.roster(self.calls, self.course_id)
        people.check_empty(users, shape.groupmode)
        self.ledger.read.update({Part.COURSE, Part.ROSTER})
        active = people.active_ids(self.calls, self.course_id, self.ledger)
        named = not people.has_unknown_roles(users)
        tracked = frozenset[int]() if named else people.tracked_ids(self.calls, self.course_id, self.ledger)
        learners = people.learners(users, active, tracked)
        access = people.access(users, self.ledger)
        base = CourseSnapshot(
            course=course_record(self.ref, self.course_id, shape, self.now, self.cursor.get("basis", "")),
            taken_at=self.now,
            complete=True,
            cursor={**self.cursor, "since": self.now.isoformat()},
            read=frozenset(),
            learners=learners,
            access=access,
            groups=people.groups(users, self.ledger),
            # Nobody moved: what was known of each holds until the next whole reading.
            marks=self.known.marks,
        )
        if not self._is_quiet(learners, access):
            base = self._whole(base, shape, users)
        elif self.cursor.get("own_dates") == "unknown":
            overrides.note_unknown(self.ledger)
        return replace(base, read=frozenset(self.ledger.read), gaps=self.ledger.gaps)

    def _course(self) -> CourseShape:
        if not self.course_id.isdecimal():
            raise NotFound("the course has no Moodle number", code="no_course_id")
        found = self.calls.call("core_course_get_courses_by_field", Courses, {"field": "id", "value": self.course_id})
        for course in found.courses:
            if str(course.id) == self.course_id:
                return course
        raise NotFound("the course does not exist (any more)", code="no_course")

    def _is_quiet(self, learners: Sequence[Learner], access: Sequence[Access]) -> bool:
        """Whether nothing has moved since the last whole reading."""
        whole_at, since = _moment(self.cursor, "whole_at"), _moment(self.cursor, "since")
        if whole_at is None or since is None or self.cursor.get("more") or self.cursor.get("gaps"):
            return False
        if not timedelta(0) <= self.now - whole_at < _WHOLE_EVERY:
            return False
        seen = turns.seen(access)
        cohort = {learner.id for learner in learners if learner.is_learner}
        if cohort != self.known.marks.keys() or "core_course_get_updates_since" not in self.functions:
            return False
        if any(self.known.marks[who].partition(".")[0] != seen.get(who, "") for who in cohort):
            return False
        params: dict[str, str | int] = {"courseid": self.course_id, "since": int((since - _OVERLAP).timestamp())}
        try:
            return not self.calls.call("core_course_get_updates_since", Updates, params).instances
        except REFUSALS:
            return False

    def _whole(self, base: CourseSnapshot, shape: CourseShape, users: Sequence[User]) -> CourseSnapshot:
        cohort = [learner.id for learner in base.learners if learner.is_learner]
        came = frozenset(one.learner_id for one in base.access if not one.never)
        plan = bulk.read_structure(self.calls, self.course_id, self.functions, self.now, self.ledger, users)
        if "mod_quiz_get_user_best_grade" in self.functions:
            witness = next(iter([who for who in cohort if who in came] or cohort), None)
            plan.pass_marks = bulk.pass_marks(self.calls, plan.quizzes, witness, self.cursor, self.now)
        done = work.Work()
        work.read_grades(self.calls, self.course_id, cohort, done, self.ledger)
        work.read_submissions(self.calls, plan.assignments, users, done, self.ledger)
        activities = structure.activities(plan, done.maxima(), self.ledger)
        if shape.enablecompletion is False:
            self.ledger.note(Part.COMPLETION, GapReason.FEATURE_OFF, "completion tracking is off in the course")
        asker = Asker(self.calls, self.course_id, activities, plan.quizzes, self.functions, self.ledger)
        seen = turns.seen(base.access)
        marks = {who: turns.mark(who, seen, _signature(who, done, plan)) for who in cohort}
        mended = asker.is_mended(self.cursor.get("lacking", "").split(), cohort)
        turn = turns.choose(marks, self.known, self.options, everyone=mended)
        detail = asker.ask(turn.now, came, done)
        for who in turn.later:
            self.ledger.note(Part.COMPLETION, GapReason.TRUNCATED, "read in a later pass", who)
        snapshot = replace(base, modules=structure.modules(plan), activities=activities, grades=done.course_grades())
        return self._with_detail(snapshot, plan, done, detail, cohort, marks)

    def _with_detail(
        self,
        base: CourseSnapshot,
        plan: structure.Plan,
        done: work.Work,
        detail: Detail,
        cohort: Sequence[str],
        marks: Mapping[str, str],
    ) -> CourseSnapshot:
        judge = Judge(plan.pass_marks)
        judge.learn(detail, done)
        quizzes = {str(quiz.coursemodule): quiz for quiz in plan.quizzes or ()}
        read = [who for who in cohort if who in detail.done]
        unread = {gap.learner_id for gap in self.ledger.gaps if gap.what != Part.DUE_DATES}
        lacking = [part for part in (Part.COMPLETION, Part.ATTEMPTS) if part not in self.ledger.read]
        later = any(who is not None for who in unread)
        cursor = {"since": self.now.isoformat(), "whole_at": self.now.isoformat()}
        cursor |= {"lacking": " ".join(lacking)} if lacking else {}
        cursor |= {"more": "1"} if later else {}
        # A course with gaps is always read whole, so that a granted right shows and no gap is forgotten.
        cursor |= {"gaps": "1"} if any(_may_be_mended(gap) for gap in self.ledger.gaps) else {}
        cursor |= {"own_dates": "unknown"} if overrides.is_unknown(plan.quizzes, self.functions) else {}
        cursor |= bulk.as_cursor(plan.pass_marks, self.cursor, self.now)
        activities = base.activities
        found = basis(activities, self.ledger)
        cursor |= {"basis": " ".join(sorted(found))}
        return replace(
            base,
            complete=not later and {Part.GRADES, Part.COMPLETION} <= self.ledger.read,
            cursor=cursor,
            course=replace(base.course, progress_basis=found),
            progress=tuple(
                row for who in read for row in rows.progress(who, activities, done, detail, judge, self.now)
            ),
            attempts=tuple(one for who in read for one in rows.attempts(who, detail, quizzes, judge)),
            detailed=frozenset(read),
            marks={who: found for who, found in marks.items() if who not in unread},
        )


def _may_be_mended(gap: Gap) -> bool:
    # These are met in a quiet reading too.
    return not gap.what.startswith(_ALWAYS_READ) and not overrides.is_note(gap)


def _signature(who: str, done: work.Work, plan: structure.Plan) -> str:
    own = overrides.of_learner(plan.own_dates, who)
    signature = done.signature(who)
    # A date that changed for one learner is read at once, though nothing else of theirs has moved.
    return digest([signature, *((cmid, at and at.isoformat()) for cmid, at in own)]) if own else signature


def course_record(ref: CourseRef, course_id: str, shape: CourseShape, now: datetime, basis: str) -> Course:
    """The course as a record; a hidden one is a draft, one past its end concluded, and no end is open-ended.

    ``basis`` are the words of the last whole reading, which hold until the next.
    """
    ends_at = from_epoch(shape.enddate)
    state = CourseState.DRAFT if shape.visible is False else CourseState.ACTIVE
    if ends_at is not None and ends_at < now:
        state = CourseState.CONCLUDED
    return Course(
        ref=replace(ref, api_id=course_id),
        title=shape.fullname,
        code=shape.shortname or None,
        starts_at=from_epoch(shape.startdate),
        ends_at=ends_at,
        language=shape.lang or None,
        state=state,
        progress_basis=frozenset(one for one in ProgressBasis if one in basis.split()),
    )


def basis(activities: Sequence[Activity], ledger: Ledger) -> frozenset[ProgressBasis]:
    """What this course can tell, after reading it."""
    told = {
        ProgressBasis.ACTIVITY_STATE: Part.COMPLETION in ledger.read and any(one.tracked for one in activities),
        ProgressBasis.SCORES: Part.GRADES in ledger.read,
        ProgressBasis.ACCESS: Part.ACCESS in ledger.read,
    }
    return frozenset(one for one, is_told in told.items() if is_told)


def _moment(cursor: Mapping[str, str], name: str) -> datetime | None:
    try:
        return datetime.fromisoformat(cursor[name])
    except (KeyError, ValueError):
        return None
