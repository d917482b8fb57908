"""Who may be asked for help in a course: offers, room, and with whom they have met before."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, func, select
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
from lti_app.store.bulk import table_of
from lti_app.store.meetings import blocked_pairs
from lti_app.store.offers import PASSED, windows_of
from lti_app.store.pairing import LIVE

RECENT = timedelta(days=28)
# Every sweep asks these: they are put together once, on plain tables.
_A, _P, _T, _E, _G = (table_of(model) for model in (Activity, ActivityProgress, Attempt, Episode, GroupMember))
_O, _X, _M, _WHO = (table_of(model) for model in (HelpOffer, Match, Membership, Person))
_HERE = _M.c.context_id == bindparam("context_id")
_MEETINGS = (
    select(_X.c.helper_id, _X.c.state, _X.c.answered_at, _E.c.membership_id)
    .join(_E, _E.c.id == _X.c.episode_id)
    .where(_X.c.context_id == bindparam("context_id"))
)
_OFFERS = (
    select(
        _O.c.membership_id, _O.c.activity_id, _O.c.capacity, _O.c.languages, _O.c.windows, _O.c.paused_at,
        _O.c.offered_at, _M.c.motive, _M.c.last_access_at, _M.c.launched_at, _WHO.c.locale, _P.c.completed_at,
        _P.c.graded_at, _P.c.attempts,
    )
    .join(_M, _M.c.id == _O.c.membership_id)
    .join(_WHO, _WHO.c.id == _M.c.person_id)
    .join(_A, _A.c.id == _O.c.activity_id)
    .join(_P, (_P.c.membership_id == _O.c.membership_id) & (_P.c.activity_id == _O.c.activity_id))
    .where(_HERE, _M.c.state == "active", _M.c.role == "learner")
    .where(_O.c.ended_at.is_(None), _A.c.gone_at.is_(None), _P.c.state.in_(PASSED))
    .order_by(_O.c.membership_id, _O.c.id)
)  # fmt: skip
_GROUPS = select(_G.c.membership_id, _G.c.group_id).join(_M, _M.c.id == _G.c.membership_id).where(_HERE)
_TRIES = (
    select(_T.c.membership_id, _T.c.activity_id, func.count())
    .join(_O, (_O.c.membership_id == _T.c.membership_id) & (_O.c.activity_id == _T.c.activity_id))
    .join(_M, _M.c.id == _T.c.membership_id)
    .where(_HERE)
    .group_by(_T.c.membership_id, _T.c.activity_id)
)


class _Meetings:
    """The matches of a course, counted by helper."""

    def __init__(self, session: Session, context_id: int, now: datetime) -> None:
        self.load: dict[int, int] = {}
        self.recent: dict[int, int] = {}
        self.met: dict[int, set[int]] = {}
        self.blocked: dict[int, set[int]] = {}
        for row in session.execute(_MEETINGS, {"context_id": context_id}):
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
    found: dict[int, list[Row[*tuple[Any, ...]]]] = {}
    for row in session.execute(_OFFERS, {"context_id": context_id}):
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
    found: dict[int, set[int]] = {}
    for membership_id, group_id in session.execute(_GROUPS, {"context_id": context_id}):
        found.setdefault(membership_id, set()).add(group_id)
    return {membership_id: frozenset(ids) for membership_id, ids in found.items()}


def _tries(session: Session, context_id: int) -> dict[tuple[int, int], int]:
    return {(row[0], row[1]): row[2] for row in session.execute(_TRIES, {"context_id": context_id})}
