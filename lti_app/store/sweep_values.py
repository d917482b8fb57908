"""What a sweep must know besides the cohort, as values: open episodes, past alerts, desks and used pairs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from engagement.budget import AlertHistory, Desk, PastAlert
from engagement.episodes import OpenEpisode
from engagement.policy import Policy
from engagement.values import Reason, ReasonCode, Stall, StallKind
from lti_app.db import UtcDateTime
from lti_app.models import Episode, GroupMember, HelpOffer, Match, Membership
from lti_app.store.bulk import table_of
from lti_app.store.meetings import blocked_pairs
from lti_app.store.pairing import LIVE

AWAY_UNTIL = "away_until"
# A match that was let go for these reasons may be proposed again; every other pair has had its chance.
FORGIVEN = ("full", "gone", "not_now")
DATED = ("on", "due_on")
# Every sweep asks these: they are put together once, on plain tables.
_E, _G, _O, _X, _M = (table_of(model) for model in (Episode, GroupMember, HelpOffer, Match, Membership))
_HERE: BindParameter[int] = bindparam("context_id")
_PAST = select(_E.c.membership_id, _E.c.opened_at, _E.c.ended_at, _E.c.outcome, _E.c.owner_id).where(
    _E.c.context_id == _HERE, (_E.c.ended_at.is_(None)) | (_E.c.ended_at > bindparam("oldest", type_=UtcDateTime()))
)
_TUTORS = (
    select(_M.c.id, _M.c.settings)
    .where(_M.c.context_id == _HERE, _M.c.role == "tutor", _M.c.state == "active")
    .order_by(_M.c.id)
)
_TUTORS_GROUPS = (
    select(_G.c.membership_id, _G.c.group_id)
    .join(_M, _M.c.id == _G.c.membership_id)
    .where(_M.c.context_id == _HERE, _M.c.role == "tutor", _M.c.state == "active")
)
_MATCHES = (
    select(
        _X.c.id, _X.c.state, _X.c.episode_id, _X.c.helper_id, _X.c.activity_id, _X.c.ended_why,
        _E.c.membership_id.label("learner_id"),
    )
    .join(_E, _E.c.id == _X.c.episode_id)
    .where(_X.c.context_id == _HERE)
    .order_by(_X.c.id)
)  # fmt: skip
_OFFERS = (
    select(_O.c.membership_id, _O.c.activity_id, _O.c.capacity)
    .join(_M, _M.c.id == _O.c.membership_id)
    .where(_M.c.context_id == _HERE, _M.c.state == "active")
    .where(_O.c.ended_at.is_(None), _O.c.paused_at.is_(None))
)


@dataclass(frozen=True, slots=True)
class OpenRow:
    """An open episode with what engagement leaves to the store."""

    episode: OpenEpisode
    state: str
    owner_id: int | None
    asleep_until: datetime | None
    handled_at: datetime | None


@dataclass(frozen=True, slots=True)
class SweepFacts:
    """All of it: ``proposed`` are helpers proposed and still possible, by episode; ``lapsed`` the matches that are not.

    ``used`` are (learner, helper) pairs that must not be proposed again: tried, declined, or one reported the other.
    """

    open: tuple[OpenRow, ...]
    history: AlertHistory
    proposed: Mapping[int, frozenset[int]] = field(default_factory=dict)
    lapsed: tuple[int, ...] = ()
    used: frozenset[tuple[int, int]] = frozenset()


def sweep_facts(session: Session, context_id: int, policy: Policy, now: datetime) -> SweepFacts:
    """Return what a sweep of one course needs to decide, in six queries whatever its size."""
    episodes = session.scalars(
        select(Episode).where(Episode.context_id == context_id, Episode.ended_at.is_(None)).order_by(Episode.id)
    ).all()
    stuck = {one.id: one.membership_id for one in episodes}
    proposed, lapsed, used = _matches(session, context_id, stuck, policy.excluded)
    return SweepFacts(
        open=tuple(open_row(episode) for episode in episodes),
        history=AlertHistory(_past_alerts(session, context_id, policy, now), _desks(session, context_id)),
        proposed=proposed,
        lapsed=tuple(lapsed),
        used=frozenset(used | blocked_pairs(session, context_id)),
    )


def open_row(episode: Episode) -> OpenRow:
    """Return one episode as the sweep needs it."""
    value = OpenEpisode(
        id=episode.id,
        learner_id=episode.membership_id,
        kind=StallKind(episode.kind),
        opened_at=episode.opened_at,
        activity_id=episode.activity_id,
        since=episode.since,
        nudged_at=episode.nudged_at,
        matched_at=episode.matched_at,
        tutored_at=episode.tutored_at,
        probability=episode.probability,
        confidence=episode.confidence,
        reasons=read_reasons(episode.reasons),
        held_out=episode.held_out,
    )
    handled_at = episode.updated_at if episode.desk_snoozed_until is not None else episode.tutored_at
    return OpenRow(value, episode.state, episode.owner_id, episode.snoozed_until, handled_at)


def read_reasons(rows: Iterable[Mapping[str, Any]]) -> tuple[Reason, ...]:
    """Return stored reasons as values again; a code that is not known any more is left out."""
    known = {code.value for code in ReasonCode}
    return tuple(
        Reason(ReasonCode(row["code"]), _dated(row.get("facts", {})), float(row.get("weight", 0.0)))
        for row in rows
        if row["code"] in known
    )


def _dated(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: date.fromisoformat(value[:10]) if name in DATED and isinstance(value, str) else value
        for name, value in facts.items()
    }


def stall_again(row: OpenRow) -> Stall:
    """Return an open episode's stall as it was last written, for a learner whom today's look does not list."""
    episode = row.episode
    return Stall(
        learner_id=episode.learner_id,
        kind=episode.kind,
        probability=episode.probability,
        reasons=episode.reasons,
        since=episode.since,
        activity_id=episode.activity_id,
        confidence=episode.confidence,
    )


def _past_alerts(session: Session, context_id: int, policy: Policy, now: datetime) -> tuple[PastAlert, ...]:
    oldest = now - timedelta(days=max(policy.cool_down_days, policy.wrong_days, 7))
    rows = session.execute(_PAST, {"context_id": context_id, "oldest": oldest})
    return tuple(PastAlert(row[0], row[1], row[2], row[3] == "wrong", row[4]) for row in rows)


def _desks(session: Session, context_id: int) -> tuple[Desk, ...]:
    here = {"context_id": context_id}
    groups: dict[int, set[int]] = defaultdict(set)
    for row in session.execute(_TUTORS_GROUPS, here):
        groups[row[0]].add(row[1])
    tutors = session.execute(_TUTORS, here)
    return tuple(Desk(tutor.id, frozenset(groups[tutor.id]), None, _away(tutor.settings)) for tutor in tutors)


def _away(settings: Mapping[str, Any] | None) -> datetime | None:
    written = (settings or {}).get(AWAY_UNTIL)
    try:
        at = datetime.fromisoformat(written) if isinstance(written, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def _matches(
    session: Session, context_id: int, open_ones: dict[int, int], excluded: frozenset[int]
) -> tuple[dict[int, frozenset[int]], list[int], set[tuple[int, int]]]:
    matches = session.execute(_MATCHES, {"context_id": context_id}).all()
    loads = Counter(match.helper_id for match in matches if match.state in LIVE)
    possible, out = _possible(session, context_id, loads), {*open_ones.values(), *excluded}
    proposed: dict[int, set[int]] = defaultdict(set)
    lapsed: list[int] = []
    used: set[tuple[int, int]] = set()
    for match in matches:
        if match.state == "proposed" and match.episode_id in open_ones:
            # A helper who has stalled since has enough to carry; whom the policy leaves out is not shown any more.
            if (match.helper_id, match.activity_id) in possible and match.helper_id not in out:
                proposed[match.episode_id].add(match.helper_id)
            else:
                lapsed.append(match.id)
        elif match.state != "proposed" and not (match.state == "withdrawn" and match.ended_why in FORGIVEN):
            used.add((match.learner_id, match.helper_id))
    return {episode_id: frozenset(helpers) for episode_id, helpers in proposed.items()}, lapsed, used


def _possible(session: Session, context_id: int, loads: Mapping[int, int]) -> set[tuple[int, int]]:
    """Return (helper, activity) pairs with an open offer of an active learner who has room."""
    offers = session.execute(_OFFERS, {"context_id": context_id}).all()
    room: dict[int, int] = defaultdict(int)
    for helper_id, _, capacity in offers:
        room[helper_id] = max(room[helper_id], capacity)
    return {(row[0], row[1]) for row in offers if loads.get(row[0], 0) < room[row[0]]}
