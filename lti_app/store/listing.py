"""Whom a trial of settings would list today, with faces and reasons for the staff of the course."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from engagement.budget import Chosen
from engagement.values import Stall, worth_saying
from lti_app.store.course_facts import activity_refs, faces
from lti_app.store.names import full_name
from lti_app.store.views import Face, ReasonView


@dataclass(frozen=True, slots=True)
class Listed:
    """One learner who would be on the list; ``running`` where a case is open already."""

    face: Face
    kind: str
    reasons: tuple[ReasonView, ...]
    running: bool


def listed_today(session: Session, chosen: Chosen) -> tuple[Listed, ...]:
    """Return those whom these settings raise today, then those whose case is open; in three queries."""
    new = [alert.stall for alert in chosen.alerts]
    running = sorted(chosen.running, key=lambda stall: (-stall.probability, stall.learner_id))
    everybody = [*new, *running]
    people = faces(session, [stall.learner_id for stall in everybody], full_name)
    refs = activity_refs(session, {one for stall in everybody for one in _named(stall)})
    return tuple(
        Listed(
            people[stall.learner_id],
            stall.kind.value,
            tuple(
                ReasonView(reason.code.value, reason.facts, refs.get(_activity(reason.facts.get("activity_id"))))
                for reason in worth_saying(stall.reasons, stall.kind)[:2]
            ),
            running=number >= len(new),
        )
        for number, stall in enumerate(everybody)
        if stall.learner_id in people
    )


def _named(stall: Stall) -> set[int]:
    return {_activity(reason.facts.get("activity_id")) for reason in stall.reasons}


def _activity(told: object) -> int:
    return told if isinstance(told, int) else 0
