"""The order in which a Canvas course is read: all in pages, submissions only of those who moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import quote

import msgspec

from lms_clients.base import KnownState
from lms_clients.canvas import people, structure, work
from lms_clients.canvas.calls import Calls
from lms_clients.canvas.shapes import Course as CourseShape
from lms_clients.errors import NotFound
from lms_clients.ledger import REFUSALS, Ledger
from lms_clients.records import (
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
from lms_clients.values import digest, from_iso

# Deletions, re-assignments and unposting move no date: everything is read again this often.
_WHOLE_EVERY = timedelta(days=7)
_OVERLAP = timedelta(minutes=10)
# Beyond this share it costs less to read everybody.
_MOST = 0.4
_STATES = {
    "unpublished": CourseState.DRAFT,
    "created": CourseState.DRAFT,
    "claimed": CourseState.DRAFT,
    "available": CourseState.ACTIVE,
    "completed": CourseState.CONCLUDED,
    "deleted": CourseState.DELETED,
}


@dataclass(slots=True)
class Reading:
    """One pass over one course."""

    calls: Calls
    ref: CourseRef
    cursor: Mapping[str, str]
    known: KnownState
    now: datetime
    ledger: Ledger
    lasting: list[Gap] = field(default_factory=list)

    def read(self) -> CourseSnapshot:
        """Read the course; raises where it cannot be read at all, or breaks down half-way."""
        path = course_path(self.ref)
        including = [("include[]", "term"), ("include[]", "concluded")]
        shape = self.calls.get(path, CourseShape, including)
        path = f"/api/v1/courses/{shape.id}"
        rows = people.enrolments(self.calls, path)
        self.ledger.read.update({Part.COURSE, Part.ROSTER})
        learners, nobody = self._named(path, people.learners(rows))
        tree = structure.read(self.calls, path, self.ledger)
        activities = structure.activities(tree)
        counted = work.counts(self.calls, path, self.ledger) if tree.has_requirements else ()
        access = people.access(rows, self.ledger)
        groups = people.groups(self.calls, path, rows, self.ledger)
        cohort = [one.id for one in learners if one.is_learner]
        plan = digest([(one.id, one.due_at, one.points_possible, one.pass_points) for one in activities])
        read, found = self._work(path, cohort, activities, plan)
        cursor = {"since": self.now.isoformat(), "plan": plan, "whole_at": self._whole_at(read, cohort)}
        cursor |= {"nobody": nobody} if nobody else {}
        gaps = [(gap.what, gap.reason, gap.detail) for gap in self.lasting]
        cursor |= {"gaps": msgspec.json.encode(gaps).decode()} if gaps else {}
        base = CourseSnapshot(
            course=self._course(shape, activities, bool(counted)),
            taken_at=self.now,
            complete=found is not None,
            cursor=cursor if found is not None else {},
            read=frozenset(self.ledger.read),
            gaps=self.ledger.gaps,
            learners=learners,
            access=access,
            groups=groups,
            modules=structure.modules(tree),
            activities=activities,
            counts=counted,
            grades=people.course_grades(rows),
        )
        return base if found is None else _with_work(base, found, read, cohort)

    def _named(self, path: str, found: Sequence[Learner]) -> tuple[tuple[Learner, ...], str]:
        """The learners with their launches' names, and whom Canvas did not find (asked again once a week)."""
        before = self.cursor.get("nobody", "") if self._is_fresh() else ""
        learners, nobody = people.named(self.calls, path, found, self.known.unnamed, frozenset(before.split()))
        return learners, " ".join(sorted(nobody))

    def _is_fresh(self) -> bool:
        whole_at = _moment(self.cursor, "whole_at")
        return whole_at is not None and timedelta(0) <= self.now - whole_at < _WHOLE_EVERY

    def _work(
        self, path: str, cohort: Sequence[str], activities: Sequence[Activity], plan: str
    ) -> tuple[Sequence[str], work.Work | None]:
        """Whose rows were read, and the rows; None where submissions may not be read."""
        by_id = {one.id: one for one in activities}
        before = len(self.ledger.gaps)
        try:
            wanted = self._moved(path, cohort, plan)
            everybody = len(wanted) > _MOST * len(cohort)
            whom = cohort if everybody else wanted
            found = work.read_submissions(self.calls, path, whom, everybody, by_id, self.ledger, self.now)
        except REFUSALS as error:
            self.ledger.refused(Part.SUBMISSIONS, error)
            return (), None
        if whom is not None:
            self._note_again()
        self.lasting = [gap for gap in self.ledger.gaps[before:] if gap.learner_id is None]
        return whom, found

    def _note_again(self) -> None:
        """Note again the gaps that only a reading of everybody shows: a partial one does not close them."""
        try:
            told = msgspec.json.decode(self.cursor.get("gaps", "[]"), type=list[tuple[str, GapReason, str]])
        except msgspec.MsgspecError:
            return
        for what, reason, detail in told:
            self.ledger.note(what, reason, detail)

    def _moved(self, path: str, cohort: Sequence[str], plan: str) -> list[str]:
        since = _moment(self.cursor, "since")
        if since is None or not self._is_fresh() or self.cursor.get("plan") != plan:
            return list(cohort)
        moved = work.moved_since(self.calls, path, since - _OVERLAP)
        return [who for who in cohort if who in moved or who not in self.known.marks]

    def _whole_at(self, read: Sequence[str], cohort: Sequence[str]) -> str:
        before = self.cursor.get("whole_at")
        return self.now.isoformat() if before is None or len(read) == len(cohort) else before

    def _course(self, shape: CourseShape, activities: Sequence[Activity], has_counts: bool) -> Course:
        state = _STATES.get(shape.workflow_state, CourseState.UNKNOWN)
        if shape.concluded and state is CourseState.ACTIVE:
            # Concluded by its dates, though still called available.
            state = CourseState.CONCLUDED
        told = {
            ProgressBasis.ACTIVITY_STATE: Part.SUBMISSIONS in self.ledger.read and bool(activities),
            ProgressBasis.SCORES: Part.GRADES in self.ledger.read,
            ProgressBasis.COUNTS: has_counts,
            ProgressBasis.ACCESS: Part.ACCESS in self.ledger.read,
        }
        term = shape.term
        return Course(
            ref=CourseRef(str(shape.id), self.ref.lti_context_id, self.ref.memberships_url, self.ref.lineitems_url),
            title=shape.original_name or shape.name or "",
            code=shape.course_code,
            starts_at=from_iso(shape.start_at) or (from_iso(term.start_at) if term is not None else None),
            ends_at=from_iso(shape.end_at) or (from_iso(term.end_at) if term is not None else None),
            time_zone=shape.time_zone,
            language=shape.locale,
            state=state,
            progress_basis=frozenset(one for one, is_told in told.items() if is_told),
        )


def course_path(ref: CourseRef) -> str:
    """The course's path, by its LTI context id or by its number.

    The context id comes first: launches sign it, while the number may have come in a parameter that a teacher can set.
    """
    if ref.lti_context_id:
        return f"/api/v1/courses/lti_context_id:{quote(ref.lti_context_id, safe='')}"
    if ref.api_id:
        return f"/api/v1/courses/{quote(ref.api_id, safe='')}"
    raise NotFound("the course has no Canvas id", code="no_course_id")


def _with_work(base: CourseSnapshot, found: work.Work, read: Sequence[str], cohort: Sequence[str]) -> CourseSnapshot:
    done = frozenset(read)
    return replace(
        base,
        progress=tuple(row for who, rows in found.progress.items() if who in done for row in rows.values()),
        attempts=tuple(
            one for who, tries in found.attempts.items() if who in done for own in tries.values() for one in own
        ),
        detailed=done,
        marks=dict.fromkeys(cohort, "read"),
    )


def _moment(cursor: Mapping[str, str], name: str) -> datetime | None:
    try:
        return datetime.fromisoformat(cursor[name])
    except (KeyError, ValueError):
        return None
