"""What the staff of a course may set: when a case opens, how many, how quiet, and by which way words go out."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engagement.budget import budget_for
from engagement.values import Holiday, Policy
from lti_app.models import AuditEntry, Context, Deployment, Membership
from lti_app.store.channels import CONSOLE, LMS, PANEL
from lti_app.store.cohorts import spans_from
from lti_app.store.course_facts import active_staff
from lti_app.store.policies import policy_from

MOST_SPANS = 20
LONGEST_SPAN_DAYS = 120
#: Lowest and highest value of what is set by a number.
BOUNDS = {"weekly_most": (0, 500), "cool_down_days": (0, 90), "silent_days": (3, 30)}


@dataclass(frozen=True, slots=True)
class CourseSettings:
    """One course's settings as its staff sees them; ``messages`` is lms or panel, ``threshold`` a chance, 0 to 1."""

    threshold: float
    weekly_most: int
    cool_down_days: int
    silent_days: int
    holidays: tuple[Holiday, ...] = ()
    exam_weeks: tuple[Holiday, ...] = ()
    messages: str = LMS

    def policy(self, base: Policy) -> Policy:
        """``base`` with these settings."""
        return replace(
            base,
            threshold=self.threshold,
            weekly_most=self.weekly_most,
            cool_down_days=self.cool_down_days,
            silent_days=self.silent_days,
        )


def settings_of(session: Session, context_id: int) -> CourseSettings:
    """Return the settings of a course; what nobody has set is as the policy has it."""
    told: dict[str, Any] = session.get_one(Context, context_id).settings or {}
    policy = policy_from(told)
    return CourseSettings(
        threshold=policy.threshold,
        weekly_most=budget_for(_learners(session, context_id), policy),
        cool_down_days=policy.cool_down_days,
        silent_days=policy.silent_days,
        holidays=spans_from(told.get("holidays")),
        exam_weeks=spans_from(told.get("exam_weeks")),
        messages=PANEL if told.get("messages") == PANEL else LMS,
    )


def _learners(session: Session, context_id: int) -> int:
    active = (Membership.context_id == context_id, Membership.role == "learner", Membership.state == "active")
    return session.scalar(select(func.count()).select_from(Membership).where(*active)) or 0


def save_course_settings(
    session: Session, context_id: int, chosen: CourseSettings, by_id: int, now: datetime
) -> tuple[str, ...]:
    """Keep what a tutor or community manager of this course has chosen, and return the names of what changed.

    What was not changed stays unset, so that it follows the defaults. Raises NotYours, and ValueError (naming the
    setting) for what is out of bounds.
    """
    _check(chosen)
    member = active_staff(session, by_id, context_id)
    context = session.scalars(select(Context).where(Context.id == context_id).with_for_update(key_share=True)).one()
    before = settings_of(session, context_id)
    old, new = _plain(before), _plain(chosen)
    changed = tuple(name for name in new if new[name] != old[name])
    if not changed:
        return ()
    told: dict[str, Any] = dict(context.settings or {})
    own = told.get("policy")
    policy = dict(own) if isinstance(own, dict) else {}
    for name in changed:
        if name in ("holidays", "exam_weeks"):
            told[name] = new[name]
        elif name == "messages":
            told[name] = CONSOLE if told.get(name) == CONSOLE and chosen.messages == LMS else chosen.messages
        else:
            policy[name] = new[name]
    context.settings = {**told, "policy": policy}
    academy_id = session.scalar(select(Deployment.academy_id).where(Deployment.id == context.deployment_id))
    facts = {name: [old[name], new[name]] for name in changed}
    session.add(
        AuditEntry(
            academy_id=academy_id, context_id=context_id, actor_id=member.person_id, what="course_settings",
            facts=facts, at=now,
        )
    )  # fmt: skip
    session.flush()
    return changed


def _check(chosen: CourseSettings) -> None:
    if not 0 < chosen.threshold < 1:
        raise ValueError("threshold")
    for name, (low, high) in BOUNDS.items():
        if not low <= getattr(chosen, name) <= high:
            raise ValueError(name)
    for name in ("holidays", "exam_weeks"):
        spans: tuple[Holiday, ...] = getattr(chosen, name)
        if len(spans) > MOST_SPANS or any(not span_is_sane(one.first_on, one.last_on) for one in spans):
            raise ValueError(name)
    if chosen.messages not in (LMS, PANEL):
        raise ValueError("messages")


def span_is_sane(first_on: date, last_on: date) -> bool:
    """Whether a span of days runs forward and is no longer than a term."""
    return 0 <= (last_on - first_on).days <= LONGEST_SPAN_DAYS


def _plain(settings: CourseSettings) -> dict[str, Any]:
    told = asdict(settings)
    for name in ("holidays", "exam_weeks"):
        spans: tuple[Holiday, ...] = getattr(settings, name)
        told[name] = [[one.first_on.isoformat(), one.last_on.isoformat()] for one in spans]
    return told
