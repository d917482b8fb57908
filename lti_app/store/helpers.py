"""Who may be asked for help in a course: offers, room, and with whom they have met before."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from engagement.values import Helper, Motive
from lti_app.models import (
    Activity,
    ActivityProgress,
    Attempt,
    Episode,
    GroupMember,
    HelpOffer,
    Match,
    Membership,
    Person,
)
from lti_app.store.meetings import blocked_pairs
from lti_app.store.offers import PASSED, windows_of
from lti_app.store.pairing import LIVE

RECENT = timedelta(days=28)


class _Meetings:
    """The matches of a course, counted by helper."""

    def __init__(self, session: Session, context_id: int, now: datetime) -> None:
        self.load: dict[int, int] = {}
        self.recent: dict[int, int] = {}
        self.met: dict[int, set[int]] = {}
        self.blocked: dict[int, set[int]] = {}
        rows = session.execute(
            select(
                Match.helper_id, Match.state, Match.answered_at, Episode.membership_id
            )
            .join(Episode, Episode.id == Match.episode_id)
            .where(Match.context_id == context_id)
        )  # fmt: skip
        for row in rows:
            self._count(row, now)
        for learner_id, helper_id in blocked_pairs(session, context_id):
            self.blocked.setdefault(helper_id, set()).add(learner_id)

    def _count(self, row: Row[*tuple[Any, ...]], now: datetime) -> None:
        if row.state in LIVE:
            self.load[row.helper_id] = self.load.get(row.helper_id, 0) + 1
        began = row.state == "accepted" or (row.state == "ended" and row.answered_at is not None)
        if began:
            self.met.setdefault(row.helper_id, set()).add(row.membership_id)
            if row.answered_at is not None and row.answered_at > now - RECENT:
                self.recent[row.helper_id] = self.recent.get(row.helper_id, 0) + 1


def _offers(session: Session, context_id: int) -> dict[int, list[Row[*tuple[Any, ...]]]]:
    rows = session.execute(
        select(
            HelpOffer.membership_id, HelpOffer.activity_id, HelpOffer.capacity, HelpOffer.languages, HelpOffer.windows,
            HelpOffer.paused_at, HelpOffer.offered_at, Membership.motive, Membership.last_access_at,
            Membership.launched_at, Person.locale, ActivityProgress.completed_at, ActivityProgress.graded_at,
            ActivityProgress.attempts,
        )
        .join(Membership, Membership.id == HelpOffer.membership_id)
        .join(Person, Person.id == Membership.person_id)
        .join(Activity, Activity.id == HelpOffer.activity_id)
        .join(
            ActivityProgress,
            (ActivityProgress.membership_id == HelpOffer.membership_id)
            & (ActivityProgress.activity_id == HelpOffer.activity_id),
        )
        .where(Membership.context_id == context_id, Membership.state == "active", Membership.role == "learner")
        .where(HelpOffer.ended_at.is_(None), Activity.gone_at.is_(None), ActivityProgress.state.in_(PASSED))
        .order_by(HelpOffer.membership_id, HelpOffer.id)
    )  # fmt: skip
    found: dict[int, list[Row[*tuple[Any, ...]]]] = {}
    for row in rows:
        found.setdefault(row.membership_id, []).append(row)
    return found


def load_helpers(session: Session, context_id: int, now: datetime) -> tuple[Helper, ...]:
    """Return who opted in and is still here, with what they have really done; in five queries."""
    meetings, groups = _Meetings(session, context_id, now), _groups(session, context_id)
    counts = _tries(session, context_id)
    helpers = []
    for helper_id, offers in _offers(session, context_id).items():
        first, open_offers = offers[0], [offer for offer in offers if offer.paused_at is None]
        seen = [at for at in (first.last_access_at, first.launched_at) if at is not None]
        spoken = {code for offer in offers for code in offer.languages or ()} or ({first.locale} - {None})
        codes = [code for offer in offers for code in offer.windows or ()]
        helpers.append(
            Helper(
                learner_id=helper_id,
                topics={
                    offer.activity_id: offer.completed_at or offer.graded_at or offer.offered_at
                    for offer in open_offers or offers
                },
                capacity=max(offer.capacity for offer in offers),
                load=meetings.load.get(helper_id, 0),
                recent=meetings.recent.get(helper_id, 0),
                paused=not open_offers,
                languages=frozenset(str(code).replace("_", "-").split("-")[0].lower() for code in spoken),
                groups=groups.get(helper_id, frozenset()),
                windows=tuple(dict.fromkeys(windows_of(tuple(dict.fromkeys(codes))))),
                motive=Motive(first.motive) if first.motive in set(Motive) else None,
                last_seen_at=max(seen, default=None),
                attempts={o.activity_id: counts.get((helper_id, o.activity_id), o.attempts or 1) for o in offers},
                met=frozenset(meetings.met.get(helper_id, ())),
                blocked=frozenset(meetings.blocked.get(helper_id, ())),
            )
        )
    return tuple(helpers)


def _groups(session: Session, context_id: int) -> dict[int, frozenset[int]]:
    rows = session.execute(
        select(GroupMember.membership_id, GroupMember.group_id)
        .join(Membership, Membership.id == GroupMember.membership_id)
        .where(Membership.context_id == context_id)
    )
    found: dict[int, set[int]] = {}
    for membership_id, group_id in rows:
        found.setdefault(membership_id, set()).add(group_id)
    return {membership_id: frozenset(ids) for membership_id, ids in found.items()}


def _tries(session: Session, context_id: int) -> dict[tuple[int, int], int]:
    rows = session.execute(
        select(Attempt.membership_id, Attempt.activity_id, func.count())
        .join(HelpOffer, (HelpOffer.membership_id == Attempt.membership_id))
        .where(HelpOffer.activity_id == Attempt.activity_id)
        .join(Membership, Membership.id == Attempt.membership_id)
        .where(Membership.context_id == context_id)
        .group_by(Attempt.membership_id, Attempt.activity_id)
    )
    return {(row[0], row[1]): row[2] for row in rows}
