"""Who may be invited to a circle, and which circles have seats free: rows become engagement's values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engagement.circles import LEAST, Seeker, Standing
from engagement.facts import Cohort, Learner
from engagement.hours import own_slots, slots_of_windows
from lti_app.models import Circle, CircleMember, CircleWish, Episode, HelpOffer, Membership
from lti_app.store.bulk import table_of
from lti_app.store.meetings import blocked_pairs
from lti_app.store.offers import windows_of
from lti_app.store.policies import policy_of

# Whoever did not ask for a group is invited once in so long, and only while they come by.
UNASKED_EVERY = timedelta(days=28)
ASKED_EVERY = timedelta(days=2)
COMES_BY = timedelta(days=14)
LIVE = ("invited", "in")
_W, _M, _C = (table_of(model) for model in (CircleWish, Membership, Circle))
_WISHES = (
    select(_W.c.id)
    .join(_M, _M.c.id == _W.c.membership_id)
    .where(_M.c.context_id == bindparam("context_id"), _W.c.wants.is_(True))
    .limit(1)
)
_CIRCLES = select(_C.c.id).where(_C.c.context_id == bindparam("context_id"), _C.c.state != "ended").limit(1)


@dataclass(frozen=True, slots=True)
class CircleFacts:
    """What the forming of circles decides on."""

    seekers: tuple[Seeker, ...]
    standing: tuple[Standing, ...]
    activities: int


def anybody_waits(session: Session, context_id: int) -> bool:
    """Return whether a course has a wish for a group, or a circle at all: without either there is nothing to do."""
    here = {"context_id": context_id}
    return any(session.execute(query, here).first() is not None for query in (_WISHES, _CIRCLES))


def circle_facts(session: Session, cohort: Cohort, now: datetime) -> CircleFacts:
    """Return who may be invited in a course, and the circles with seats free, in seven queries."""
    context_id = cohort.context_id
    wishes = {
        row.membership_id: row
        for row in session.scalars(
            select(CircleWish)
            .join(Membership, Membership.id == CircleWish.membership_id)
            .where(Membership.context_id == context_id)
        )
    }
    members = list(
        session.scalars(
            select(CircleMember)
            .join(Circle, Circle.id == CircleMember.circle_id)
            .where(Circle.context_id == context_id)
        )
    )
    make = _Seekers(session, cohort, wishes, now)
    taken = {one.membership_id for one in members if one.state in LIVE}
    asked_at = _latest(members)
    excluded = policy_of(session, context_id).excluded
    seekers = []
    for learner in cohort.learners:
        wish = wishes.get(learner.id)
        if learner.id in taken or learner.id in excluded or not make.may_be_asked(learner, asked_at.get(learner.id)):
            continue
        seekers.append(make.seeker(learner, wish.said_at if wish is not None and wish.wants else None))
    learners = {one.id: one for one in cohort.learners}
    return CircleFacts(tuple(seekers), _standing(session, context_id, members, learners, make), len(cohort.activities))


def _latest(members: list[CircleMember]) -> dict[int, datetime]:
    found: dict[int, datetime] = {}
    for one in members:
        found[one.membership_id] = max(one.invited_at, found.get(one.membership_id, one.invited_at))
    return found


def _standing(
    session: Session,
    context_id: int,
    members: list[CircleMember],
    learners: Mapping[int, Learner],
    make: _Seekers,
) -> tuple[Standing, ...]:
    circles = session.scalars(
        select(Circle.id).where(Circle.context_id == context_id, Circle.state != "ended").order_by(Circle.id)
    )
    found = []
    for circle_id in circles:
        own = [one for one in members if one.circle_id == circle_id]
        live = [one for one in own if one.state in LIVE and one.membership_id in learners]
        # Somebody must be in it to be joined.
        if len(live) >= LEAST or not any(one.state == "in" for one in live):
            continue
        gone = frozenset(one.membership_id for one in own if one.state not in LIVE)
        found.append(Standing(circle_id, tuple(make.seeker(learners[one.membership_id], None) for one in live), gone))
    return tuple(found)


class _Seekers:
    """Turns learners into seekers, with what they said about their times and whom they must not meet."""

    def __init__(self, session: Session, cohort: Cohort, wishes: Mapping[int, CircleWish], now: datetime) -> None:
        self._zone, self._now, self._wishes = ZoneInfo(cohort.time_zone), now, wishes
        self._order = {one.id: place for place, one in enumerate(cohort.activities)}
        self._apart: dict[int, set[int]] = {}
        for one, other in blocked_pairs(session, cohort.context_id):
            self._apart.setdefault(one, set()).add(other)
        self._codes: dict[int, list[str]] = {}
        offers = (
            select(HelpOffer.membership_id, HelpOffer.windows)
            .join(Membership, Membership.id == HelpOffer.membership_id)
            .where(Membership.context_id == cohort.context_id, HelpOffer.ended_at.is_(None))
        )
        for membership_id, windows in session.execute(offers):
            self._codes.setdefault(membership_id, []).extend(windows or ())
        # Those held out get nothing by themselves; a wish of their own is theirs.
        self._held_out = set(
            session.scalars(
                select(Episode.membership_id).where(
                    Episode.context_id == cohort.context_id, Episode.ended_at.is_(None), Episode.held_out.is_(True)
                )
            )
        )

    def may_be_asked(self, learner: Learner, asked_at: datetime | None) -> bool:
        """Return whether this learner may be invited now, seen from what they wish and when they were asked last."""
        wish = self._wishes.get(learner.id)
        if wish is not None and wish.wants:
            return asked_at is None or asked_at <= self._now - ASKED_EVERY
        if wish is not None or learner.id in self._held_out:
            return False
        comes_by = learner.last_seen_at is not None and learner.last_seen_at > self._now - COMES_BY
        return comes_by and (asked_at is None or asked_at <= self._now - UNASKED_EVERY)

    def seeker(self, learner: Learner, wished_at: datetime | None) -> Seeker:
        """Return one learner as engagement sees them."""
        wish = self._wishes.get(learner.id)
        codes = (wish.windows if wish is not None else ()) or self._codes.get(learner.id, ())
        done = [key for key, progress in learner.progress.items() if progress.state.is_done and key in self._order]
        return Seeker(
            learner_id=learner.id,
            done=len(done),
            slots=slots_of_windows(windows_of(codes)) if codes else own_slots(learner, self._zone, self._now),
            wished_at=wished_at,
            at_activity=self._at(learner),
            languages=learner.languages,
            groups=learner.groups,
            motive=learner.motive,
            apart=frozenset(self._apart.get(learner.id, ())),
        )

    def _at(self, learner: Learner) -> int | None:
        """The first graded activity of the course that this learner has not done."""
        open_ones = (
            key for key in self._order if key not in learner.progress or not learner.progress[key].state.is_done
        )
        return next(open_ones, None)
