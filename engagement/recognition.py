"""Milestones: something real that a learner reached. Nothing is counted for volume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from engagement.asof import as_of, latest
from engagement.course import told_of
from engagement.facts import Activity, ActivityKind, ActivityState, Cohort, Knowledge, Learner, Progress
from engagement.standing import expected_of, visible_progress

#: A course of fewer activities has no half worth a word.
HALF_OF = 4


class MilestoneKind(StrEnum):
    """What was reached."""

    PASSED = "passed"  # activity_id; a quiz or a marked work
    PASSED_AFTER_FAILING = "passed_after_failing"  # activity_id; facts: tries
    SECTION_FINISHED = "section_finished"  # facts: section, of
    HALFWAY = "halfway"  # facts: done, of
    COURSE_COMPLETED = "course_completed"  # facts: of


@dataclass(frozen=True, slots=True)
class Milestone:
    """One thing reached, once: ``key`` is unique for a learner and survives a second look."""

    learner_id: int
    key: str
    kind: MilestoneKind
    reached_at: datetime
    activity_id: int | None = None
    facts: Mapping[str, int | str] = field(default_factory=dict)


def milestones(cohort: Cohort, now: datetime) -> tuple[Milestone, ...]:
    """Return all that the learners have reached by ``now``, oldest first; raises ValueError for naive times.

    What nobody dated is taken to be reached when the LMS was read. Excused work is no milestone of its own.
    """
    past = as_of(cohort, now)
    read_at = past.as_of or now
    told = told_of(past)
    found = [
        one
        for learner in past.learners
        if Knowledge.PROGRESS in learner.known
        for one in _of_learner(learner, expected_of(learner, past, told), read_at)
    ]
    return tuple(sorted(found, key=lambda one: (one.reached_at, one.learner_id, one.key)))


def _of_learner(learner: Learner, activities: tuple[Activity, ...], read_at: datetime) -> list[Milestone]:
    progress = visible_progress(learner)
    done = {
        one.id: done_at(progress[one.id], read_at)
        for one in activities
        if one.id in progress and progress[one.id].state.is_done
    }
    found = [_passed(learner, one, progress[one.id], done[one.id]) for one in activities if one.id in done]
    return [
        *(one for one in found if one is not None),
        *_sections(learner, activities, done),
        *_course(learner, activities, done),
    ]


def done_at(entry: Progress, read_at: datetime) -> datetime:
    """When done work was done, as exactly as anybody knows."""
    passed = min((one.at for one in entry.attempts if one.passed), default=None)
    return passed or entry.completed_at or entry.submitted_at or latest(entry.graded_at) or read_at


def _passed(learner: Learner, activity: Activity, entry: Progress, at: datetime) -> Milestone | None:
    tested = activity.kind in (ActivityKind.QUIZ, ActivityKind.ASSIGNMENT) or activity.graded
    if not tested or entry.state is ActivityState.EXCUSED:
        return None
    before = sum(1 for one in entry.attempts if one.passed is False and one.at <= at)
    key = f"passed:{activity.id}"
    if before:
        facts = {"tries": before + 1}
        return Milestone(learner.id, key, MilestoneKind.PASSED_AFTER_FAILING, at, activity.id, facts)
    return Milestone(learner.id, key, MilestoneKind.PASSED, at, activity.id)


def _sections(learner: Learner, activities: tuple[Activity, ...], done: Mapping[int, datetime]) -> list[Milestone]:
    sections: dict[str, list[int]] = {}
    for activity in activities:
        if activity.section:
            sections.setdefault(activity.section, []).append(activity.id)
    return [
        Milestone(
            learner.id,
            f"section:{min(ids)}",
            MilestoneKind.SECTION_FINISHED,
            max(done[one] for one in ids),
            None,
            {"section": name, "of": len(ids)},
        )
        for name, ids in sections.items()
        if len(ids) > 1 and all(one in done for one in ids)
    ]


def _course(learner: Learner, activities: tuple[Activity, ...], done: Mapping[int, datetime]) -> list[Milestone]:
    found, of, at = [], len(activities), sorted(done.values())
    half = (of + 1) // 2
    if of >= HALF_OF and len(at) >= half:
        facts = {"done": half, "of": of}
        found.append(Milestone(learner.id, "halfway", MilestoneKind.HALFWAY, at[half - 1], None, facts))
    if of and len(at) == of:
        found.append(Milestone(learner.id, "completed", MilestoneKind.COURSE_COMPLETED, at[-1], None, {"of": of}))
    return found
