"""A course of which nothing is known but what LTI tells: roster, visits to this tool, own gradebook columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from lms_clients.advantage import grades, groups, roster
from lms_clients.advantage.identity import ServiceIdentity
from lms_clients.advantage.services import Services
from lms_clients.base import (
    Ability,
    CalendarEvent,
    Capabilities,
    Delivery,
    DeliveryState,
    KnownState,
    Message,
    Missing,
)
from lms_clients.errors import Reauthorise, ScopeMissing, Unsupported
from lms_clients.ledger import REFUSALS, Ledger
from lms_clients.options import Options
from lms_clients.records import (
    Access,
    Activity,
    ActivityKind,
    ActivityState,
    Course,
    CourseRef,
    CourseSnapshot,
    CourseState,
    GapReason,
    Group,
    Learner,
    LearnerProgress,
    Part,
    ProgressBasis,
    Source,
)
from lms_clients.values import decimal, from_iso

_CANNOT = {
    Part.STRUCTURE: "LTI tells only this tool's own items, not what else stands in the course",
    Part.ACCESS: "LTI tells only visits to this tool, not to the course",
    Part.COMPLETION: "LTI does not tell what a learner completed",
    Part.ATTEMPTS: "LTI does not tell attempts",
    Part.SUBMISSIONS: "LTI does not tell submissions",
    Part.DUE_DATES: "LTI tells due dates only of this tool's own items",
}
_NEVER_WRITTEN = "lti_has_no_such_service"


class LtiClient:
    """One platform under one LTI registration (see ``base.LmsClient``)."""

    def __init__(self, secret: str, options: Options | None = None) -> None:
        self.services = Services(ServiceIdentity.from_json(secret), options or Options())

    @property
    def calls(self) -> int:
        """Requests sent so far."""
        return self.services.calls

    def close(self) -> None:
        """Give the sockets back."""
        self.services.close()

    def capabilities(self, course: CourseRef | None = None) -> Capabilities:
        """Tell which services the platform grants a token for."""
        trials = ((Ability.ROSTER, roster.SCOPE), (Ability.GRADES, grades.RESULT_READ), (Ability.GROUPS, groups.SCOPE))
        can, missing = {Ability.CONNECT}, []
        for ability, scope in trials:
            try:
                self.services.token(scope)
                can.add(ability)
            except REFUSALS as error:
                missing.append(Missing(ability, capability=scope, detail=error.detail))
        return Capabilities(Source.LTI, can=frozenset(can), missing=tuple(missing))

    def snapshot(
        self, course: CourseRef, cursor: Mapping[str, str], known: KnownState | None, now: datetime
    ) -> CourseSnapshot:
        """Read roster and own items; everything else is a gap that says so."""
        if course.memberships_url is None:
            raise Unsupported("the platform offers no names and roles to this tool in this course", code="no_nrps")
        ledger = Ledger()
        people = roster.read_roster(self.services, course.memberships_url)
        ledger.read.update({Part.COURSE, Part.ROSTER, Part.ACCESS})
        learners = tuple(roster.learner(member) for member in people.members)
        items: Sequence[grades.LineItem] = ()
        if (items_url := course.lineitems_url) is not None:
            listed = ledger.attempt(Part.STRUCTURE, lambda: self._own_items(items_url)) or ()
            items = [item for item in listed if item.tag != grades.PARTICIPATION]
        found: tuple[Group, ...] = ()
        if (groups_url := course.groups_url) is not None:
            found = (
                ledger.attempt(Part.GROUPS, lambda: groups.read_groups(self.services, groups_url, people.members)) or ()
            )
        progress = self._progress(items, {one.id for one in learners}, now, ledger)
        for part, words in _CANNOT.items():
            ledger.note(part, GapReason.UNSUPPORTED, words)
        differences = {"differences": people.differences_url} if people.differences_url else {}
        return CourseSnapshot(
            course=_course(course, people, bool(items)),
            taken_at=now,
            complete=True,
            cursor=differences,
            read=frozenset(ledger.read),
            learners=learners,
            groups=found,
            activities=tuple(_activity(item, number) for number, item in enumerate(items)),
            progress=progress,
            access=_access(learners, known),
            gaps=ledger.gaps,
            detailed=frozenset(one.id for one in learners if one.is_learner)
            if Part.GRADES in ledger.read
            else frozenset(),
        )

    def _own_items(self, url: str) -> tuple[grades.LineItem, ...]:
        """Read this tool's columns with the scope that the platform heeds: some let writers read only as writers."""
        try:
            return grades.line_items(self.services, url)
        except (Reauthorise, ScopeMissing):
            # The roster was read with the same identity a moment ago: what was refused is the scope.
            pass
        try:
            return grades.line_items(self.services, url, scope=grades.LINEITEM)
        except Reauthorise as error:
            raise ScopeMissing("the platform refuses its columns to this tool", code="no_columns") from error

    def _progress(
        self, items: Sequence[grades.LineItem], people: set[str], now: datetime, ledger: Ledger
    ) -> tuple[LearnerProgress, ...]:
        rows = []
        for item in items:
            address = item.id or ""
            try:
                found = grades.results(self.services, address)
            except REFUSALS as error:
                ledger.refused(Part.GRADES, error)
                return ()
            rows += [_row(one, address, now) for one in found if one.user_id in people]
        if items:
            ledger.read.add(Part.GRADES)
        return tuple(rows)

    def send_message(self, message: Message) -> tuple[Delivery, ...]:
        """LTI has no way to write to a person."""
        return tuple(Delivery(to, DeliveryState.UNSUPPORTED, reason=_NEVER_WRITTEN) for to in message.to)

    def find_message(self, message: Message, since: datetime) -> Delivery:
        """What was never written cannot be found."""
        return Delivery(message.to[0], DeliveryState.UNSUPPORTED, reason=_NEVER_WRITTEN)

    def create_event(self, event: CalendarEvent) -> Delivery:
        """LTI has no calendar."""
        return Delivery(event.learner_id or "", DeliveryState.UNSUPPORTED, reason=_NEVER_WRITTEN)

    def update_event(self, lms_id: str, event: CalendarEvent) -> Delivery:
        """LTI has no calendar."""
        return Delivery("", DeliveryState.UNSUPPORTED, lms_id=lms_id, reason=_NEVER_WRITTEN)

    def delete_event(self, lms_id: str) -> Delivery:
        """LTI has no calendar."""
        return Delivery("", DeliveryState.UNSUPPORTED, lms_id=lms_id, reason=_NEVER_WRITTEN)

    def find_event(self, event: CalendarEvent) -> Delivery:
        """LTI has no calendar."""
        return Delivery("", DeliveryState.UNSUPPORTED, reason=_NEVER_WRITTEN)


def _course(ref: CourseRef, people: roster.Roster, has_items: bool) -> Course:
    basis = {ProgressBasis.ACCESS} | ({ProgressBasis.SCORES} if has_items else set())
    return Course(
        ref=ref,
        title=people.title or "",
        code=people.label,
        state=CourseState.UNKNOWN,
        progress_basis=frozenset(basis),
    )


def _access(learners: Sequence[Learner], known: KnownState | None) -> tuple[Access, ...]:
    """Visits to this tool; who never opened it may well be in the course every day."""
    launches = known.launches if known is not None else {}
    return tuple(Access(one.id, launches[one.id], resolution=timedelta(0)) for one in learners if one.id in launches)


def _activity(item: grades.LineItem, position: int) -> Activity:
    return Activity(
        id=item.id or "",
        kind=ActivityKind.LTI,
        title=item.label,
        raw_kind="lineitem",
        position=position,
        due_at=from_iso(item.end_date_time),
        opens_at=from_iso(item.start_date_time),
        points_possible=decimal(item.score_maximum),
        tracked=False,
        lti_link_id=item.resource_link_id,
    )


def _row(result: grades.Result, item: str, now: datetime) -> LearnerProgress:
    return LearnerProgress(
        learner_id=result.user_id,
        activity_id=item,
        state=ActivityState.COMPLETED if result.score is not None else ActivityState.UNKNOWN,
        score=result.score,
        score_max=result.maximum,
        observed_at=now,
    )
