"""The stalled learner's own card: where, why, and who would help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from engagement.verdicts import ReasonCode
from lti_app.models import Activity, ActivityProgress, Attempt, Episode, HelpOffer, Match, Membership, Person
from lti_app.store.ask import solved_threads
from lti_app.store.built import built
from lti_app.store.calls import ANSWER_WITHIN, called, helpers_here
from lti_app.store.challenges import challenge_of
from lti_app.store.course_facts import (
    activity_refs,
    faces,
    hidden_activities,
    named_activities,
    reason_views,
    time_zone_of,
)
from lti_app.store.more_time import asked_time, plan_of
from lti_app.store.names import initials, short_name
from lti_app.store.offers import PASSED
from lti_app.store.policies import policy_of
from lti_app.store.presence import is_here
from lti_app.store.views import CandidateView, StallView

# What a chosen helper will see of the learner; the page says it beside the button.
SHARED = ("name", "activity")
# More reasons would weigh on a person rather than explain.
MOST_REASONS = 4


@built
def _open(membership_id: int) -> Select[Episode]:
    return select(Episode).where(Episode.membership_id == membership_id, Episode.ended_at.is_(None))


def stall_of(session: Session, member: Membership, now: datetime) -> StallView | None:
    """Return the member's open episode as a card, or None when there is none or it sleeps ("not now")."""
    episode = session.scalar(*_open(member.id))
    # A tutor's delay is nothing that the learner can do something about; a holdout hears nothing from us.
    if episode is None or episode.kind == "waiting" or episode.held_out:
        return None
    if episode.snoozed_until is not None and episode.snoozed_until > now:
        return None
    refs = activity_refs(session, {episode.activity_id, *named_activities(episode.reasons)})
    shown = _candidates(session, episode, now)
    asked = next((candidate for candidate in shown if candidate.state == "asked"), None)
    question = session.get(Match, asked.match_id) if asked else None
    calling = called(session, episode.id)
    here = () if asked or calling or episode.held_out else helpers_here(session, episode, now)
    people = faces(session, [member.id, *here, *(match.helper_id for match in calling)])
    allowed = timedelta(hours=policy_of(session, member.context_id).match_timeout_hours)
    return StallView(
        episode_id=episode.id,
        kind=episode.kind,
        state=episode.state,
        activity=refs.get(episode.activity_id or 0),
        reasons=reason_views(_told_to(session, episode), refs, episode.kind)[:MOST_REASONS],
        since=episode.since,
        others=stuck_at(session, episode.context_id, episode.activity_id, but=member.id),
        passed=_passed(session, episode.activity_id),
        candidates=tuple(candidate for candidate in shown if candidate.state == "proposed"),
        shared=SHARED,
        asked=asked,
        answer_by=_answer_by(question, calling, allowed),
        then_next=question.then_next if question else False,
        here=tuple(people[one] for one in here),
        calling=tuple(people[match.helper_id] for match in calling),
        seen_as=people[member.id],
        solved=solved_threads(session, episode.activity_id) if episode.kind == "stuck" else (),
        plan=plan_of(session, member, now) if episode.kind == "overloaded" else (),
        asked_time=asked_time(session, episode.id) if episode.kind == "overloaded" else None,
        challenge=challenge_of(session, member, now) if episode.kind == "bored" else None,
    )


def _told_to(session: Session, episode: Episode) -> list[Mapping[str, Any]]:
    """Return the reasons that the learner may read: what they may not see in the LMS is not said here either."""
    hidden = hidden_activities(session, [episode.membership_id])

    def may_be_said(reason: Mapping[str, Any]) -> bool:
        if reason["code"] == ReasonCode.HIGH_SCORES.value:
            return not hidden
        at = (episode.membership_id, reason.get("facts", {}).get("activity_id"))
        return reason["code"] != ReasonCode.FAILED_ATTEMPTS.value or at not in hidden

    return [reason for reason in episode.reasons if may_be_said(reason)]


def _answer_by(question: Match | None, calling: Sequence[Match], allowed: timedelta) -> datetime | None:
    if question is not None and question.asked_at is not None:
        return question.asked_at + allowed
    return max((match.asked_at + ANSWER_WITHIN for match in calling if match.asked_at is not None), default=None)


def stuck_at(session: Session, context_id: int, activity_id: int | None, *, but: int) -> int:
    """Return how many others in the course are or were stuck at an activity (an episode, or two failed tries)."""
    if activity_id is None:
        return 0
    failed = (
        select(Attempt.membership_id)
        .where(Attempt.activity_id == activity_id, Attempt.passed.is_(False))
        .group_by(Attempt.membership_id)
        .having(func.count() >= 2)
    )
    stalled = select(Episode.membership_id).where(
        Episode.activity_id == activity_id, or_(Episode.outcome.is_(None), Episode.outcome != "wrong")
    )
    return (
        session.scalar(
            select(func.count())
            .select_from(Membership)
            .where(Membership.context_id == context_id, Membership.role == "learner", Membership.id != but)
            .where(or_(Membership.id.in_(failed), Membership.id.in_(stalled)))
        )
        or 0
    )


def _passed(session: Session, activity_id: int | None) -> int:
    query = (
        select(func.count())
        .select_from(ActivityProgress)
        .join(Membership, Membership.id == ActivityProgress.membership_id)
        .where(ActivityProgress.activity_id == activity_id, ActivityProgress.state.in_(PASSED))
        .where(Membership.state == "active", Membership.role == "learner")
    )
    return session.scalar(query) or 0


def _candidates(session: Session, episode: Episode, now: datetime) -> list[CandidateView]:
    # A helper who has paused or ended the offer since is not shown; the sweep withdraws the proposal later.
    open_offer = and_(HelpOffer.ended_at.is_(None), HelpOffer.paused_at.is_(None))
    rows: Sequence[tuple[Match, HelpOffer, Membership, Person]] = session.execute(
        select(Match, HelpOffer, Membership, Person)
        .join(Membership, Membership.id == Match.helper_id)
        .join(Person, Person.id == Membership.person_id)
        .join(
            HelpOffer,
            and_(HelpOffer.membership_id == Match.helper_id, HelpOffer.activity_id == Match.activity_id),
        )
        .where(Match.episode_id == episode.id, Membership.state == "active")
        .where(or_(and_(Match.state == "proposed", open_offer), Match.state.in_(("asked", "accepted"))))
        .order_by(Match.rank, Match.id)
    ).all()
    zone = time_zone_of(session, episode.context_id)
    today = now.astimezone(zone).date()
    views = []
    for match, offer, member, person in rows:
        passed_at, attempts = _feat(session, match)
        passed_on = passed_at.astimezone(zone).date() if passed_at else None
        views.append(
            CandidateView(
                match_id=match.id,
                name=short_name(person),
                initials=initials(person),
                state=match.state,
                passed_on=passed_on,
                passed_days_ago=max((today - passed_on).days, 0) if passed_on else None,
                attempts=attempts if offer.shows_attempts else None,
                words=offer.words,
                languages=tuple(offer.languages),
                windows=tuple(offer.windows),
                here_now=is_here(member, person, now),
                reasons=tuple(match.reasons),
            )
        )
    return views


def _feat(session: Session, match: Match) -> tuple[datetime | None, int | None]:
    progress = session.scalar(
        select(ActivityProgress)
        .join(Activity, Activity.id == ActivityProgress.activity_id)
        .where(ActivityProgress.membership_id == match.helper_id, ActivityProgress.activity_id == match.activity_id)
    )
    if progress is None:
        return None, None
    return progress.completed_at or progress.graded_at or progress.submitted_at, progress.attempts
