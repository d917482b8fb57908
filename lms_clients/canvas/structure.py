"""What stands in a Canvas course: modules, assignments with their dates, and items that are no assignment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lms_clients.canvas.calls import Calls
from lms_clients.canvas.shapes import Assignment, Dates, Item, Module
from lms_clients.ledger import Ledger
from lms_clients.records import Activity, ActivityKind, Part
from lms_clients.records import Module as ModuleRecord
from lms_clients.values import decimal, from_iso

_ITEM_KINDS = {
    "Page": ActivityKind.PAGE,
    "File": ActivityKind.FILE,
    "ExternalUrl": ActivityKind.LINK,
    "ExternalTool": ActivityKind.LTI,
    "Discussion": ActivityKind.FORUM,
    "Quiz": ActivityKind.QUIZ,
    "Assignment": ActivityKind.ASSIGNMENT,
}
_SUBMISSION_KINDS = {
    "online_quiz": ActivityKind.QUIZ,
    "discussion_topic": ActivityKind.FORUM,
    "external_tool": ActivityKind.LTI,
    "on_paper": ActivityKind.OFFLINE,
}
_SCOPES = {"CourseSection": "section", "Group": "group"}


@dataclass(slots=True)
class Structure:
    """Modules with all their items, and assignments by id."""

    modules: list[Module]
    assignments: dict[str, Assignment]

    def places(self) -> Mapping[str, tuple[Module, Item, int]]:
        """Where each assignment stands, by its id; the first place counts."""
        quizzes = {str(one.quiz_id): key for key, one in self.assignments.items() if one.quiz_id is not None}
        topics = {
            str(one.discussion_topic.id): key
            for key, one in self.assignments.items()
            if one.discussion_topic is not None
        }
        found: dict[str, tuple[Module, Item, int]] = {}
        for number, (module, item) in enumerate(self.items()):
            content = str(item.content_id)
            key = {"Assignment": content, "Quiz": quizzes.get(content), "Discussion": topics.get(content)}.get(
                item.type
            )
            if key is not None and key in self.assignments:
                found.setdefault(key, (module, item, number))
        return found

    def items(self) -> Iterator[tuple[Module, Item]]:
        """All items in the order of the page."""
        for module in self.modules:
            for item in module.items or ():
                yield module, item

    @property
    def has_requirements(self) -> bool:
        """Whether modules ask for anything, so that Canvas counts requirements done."""
        return any(item.completion_requirement is not None for _, item in self.items())


def read(calls: Calls, course_path: str, ledger: Ledger) -> Structure:
    """Read assignments and modules; items that Canvas leaves out of a large module are asked for by themselves."""
    wanted = [("include[]", "all_dates"), ("override_assignment_dates", "false")]
    listed = calls.each(f"{course_path}/assignments", Assignment, wanted)
    assignments = {str(one.id): one for one in listed}
    ledger.read.update({Part.STRUCTURE, Part.DUE_DATES})
    including = [("include[]", "items"), ("include[]", "content_details")]

    def listing() -> list[Module]:
        found = {str(one.id): one for one in calls.each(f"{course_path}/modules", Module, including)}
        for module in found.values():
            if module.items is None:
                path = f"{course_path}/modules/{module.id}/items"
                rows = calls.each(path, Item, [("include[]", "content_details")])
                module.items = list({str(item.id): item for item in rows}.values())
        return list(found.values())

    return Structure(ledger.attempt(Part.STRUCTURE, listing) or [], assignments)


def modules(structure: Structure) -> tuple[ModuleRecord, ...]:
    """The modules."""
    return tuple(ModuleRecord(str(one.id), one.name, one.position, visible=one.published) for one in structure.modules)


def activities(structure: Structure) -> tuple[Activity, ...]:
    """Assignments, in the order of the modules where they stand in one, and items that are no assignment."""
    places = structure.places()
    standing = {str(item.id) for _, item, _ in places.values()}
    found = [_assignment(key, one, places.get(key)) for key, one in structure.assignments.items()]
    for number, (module, item) in enumerate(structure.items()):
        if str(item.id) not in standing and item.type != "SubHeader":
            found.append(_item(module, item, number))
    # What stands in no module comes last, as Canvas lists it.
    found.sort(key=lambda one: (one.section_id is None, one.position if one.position is not None else 0))
    return tuple(found)


def _assignment(key: str, one: Assignment, place: tuple[Module, Item, int] | None) -> Activity:
    kinds = [_SUBMISSION_KINDS[name] for name in one.submission_types or () if name in _SUBMISSION_KINDS]
    module, item, position = place if place is not None else (None, None, one.position)
    requirement = item.completion_requirement if item is not None else None
    tries = one.allowed_attempts
    return Activity(
        id=key,
        kind=ActivityKind.QUIZ if one.quiz_id is not None else kinds[0] if kinds else ActivityKind.ASSIGNMENT,
        title=one.name,
        raw_kind=",".join(one.submission_types or ()),
        section_id=str(module.id) if module is not None else None,
        section_title=module.name if module is not None else None,
        position=position,
        due_at=from_iso(one.due_at),
        opens_at=from_iso(one.unlock_at),
        closes_at=from_iso(one.lock_at),
        due_overrides=dict(_overrides(one.all_dates or ())),
        points_possible=decimal(one.points_possible),
        pass_points=_mark(requirement.min_score) if requirement is not None else None,
        max_attempts=tries if tries is not None and tries > 0 else None,
        tracked=True,
        required=requirement is not None if module is not None else None,
        visible=one.published,
        tutor_marked="online_quiz" not in (one.submission_types or ()) and is_graded(one),
        anonymous=one.anonymous_grading,
        url=one.html_url,
    )


def _mark(value: str | float | int | None) -> Decimal | None:
    found = decimal(value)
    return found if found is not None and found > 0 else None


def is_graded(one: Assignment) -> bool:
    """Whether anybody gives a grade for it."""
    return one.grading_type != "not_graded" and "not_graded" not in (one.submission_types or ())


def _overrides(dates: Sequence[Dates]) -> Iterator[tuple[str, datetime | None]]:
    for line in dates:
        if line.base:
            continue
        for who in line.student_ids or ():
            yield f"learner:{who}", from_iso(line.due_at)
        if line.set_type in _SCOPES and line.set_id is not None:
            yield f"{_SCOPES[line.set_type]}:{line.set_id}", from_iso(line.due_at)


def _item(module: Module, item: Item, position: int) -> Activity:
    details = item.content_details
    return Activity(
        # Items and assignments are numbered apart.
        id=f"item-{item.id}",
        kind=_ITEM_KINDS.get(item.type, ActivityKind.OTHER),
        title=item.title,
        raw_kind=item.type,
        section_id=str(module.id),
        section_title=module.name,
        position=position,
        due_at=from_iso(details.due_at) if details is not None else None,
        opens_at=from_iso(details.unlock_at) if details is not None else None,
        closes_at=from_iso(details.lock_at) if details is not None else None,
        tracked=False,
        required=item.completion_requirement is not None,
        visible=item.published,
        url=item.html_url,
    )
