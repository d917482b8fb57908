"""How fresh a page about progress is, and what is missing on it and why: said on the page, never guessed from it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from lms_clients.moodle.rights import RIGHTS
from lti_app.models import Activity, Context, Membership, Person, SyncGap, SyncRun
from lti_app.store.built import built, read_rows
from lti_app.store.names import short_name

# "<function>: lacks mod/quiz:viewreports (View quiz reports)", as lms_clients writes it.
_LACKS = re.compile(r"lacks (?P<right>[a-z]+/[a-z_]+:[a-z_]+)|lacks (?P<words>[^.;]+)")
_TITLES = {right.capability: right.title for right in RIGHTS}
MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class GapNote:
    """Something the LMS could not or would not say; ``people`` counts the learners concerned, 0 means everybody.

    ``what`` is a part of a snapshot (roster, access, grades, ...), perhaps with an activity after a colon; ``reason``
    is permission, feature_off, unsupported, error or truncated; ``detail`` names what an administrator mends.
    ``activity`` is the activity's title where there is one, ``names`` are some of the learners, for staff alone.
    """

    what: str
    reason: str
    detail: str
    since: datetime
    people: int = 0
    activity: str = ""
    names: tuple[str, ...] = ()

    @property
    def part(self) -> str:
        """The part of a snapshot alone."""
        return self.what.partition(":")[0]

    @property
    def capability(self) -> str:
        """The right that lacks, as the LMS calls it; empty where none was named."""
        found = _LACKS.search(self.detail)
        return (found["right"] or "") if found else ""

    @property
    def title(self) -> str:
        """What the LMS's own admin pages call that right."""
        found = _LACKS.search(self.detail)
        return _TITLES.get(self.capability, "") or ((found["words"] or "").strip() if found else "")


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh a page about progress is: as of when, what is missing, since when the LMS has not answered and why.

    ``as_of`` None means that nothing was read yet; ``error`` is a short code (unreachable, throttled, ...).
    """

    as_of: datetime | None
    gaps: tuple[GapNote, ...] = ()
    failing_since: datetime | None = None
    error: str | None = None
    detail: str = ""


@built
def _gap_rows(ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            SyncGap.context_id,
            SyncGap.what,
            SyncGap.reason,
            func.min(SyncGap.detail),
            func.min(SyncGap.since),
            func.count(SyncGap.membership_id),
        )
        .where(SyncGap.context_id.in_(ids))
        .group_by(SyncGap.context_id, SyncGap.what, SyncGap.reason, SyncGap.membership_id.is_(None))
        .order_by(SyncGap.context_id, SyncGap.what, SyncGap.reason)
    )


def _titles(session: Session, ids: Collection[int], keys: set[str]) -> Mapping[tuple[int, str], str]:
    query = select(Activity.context_id, Activity.api_id, Activity.title)
    rows = session.execute(query.where(Activity.context_id.in_(ids), Activity.api_id.in_(keys))) if keys else ()
    return {(row[0], row[1]): row[2] for row in rows}


def _names(session: Session, ids: Collection[int]) -> Mapping[tuple[int, str, str], tuple[str, ...]]:
    rank = func.row_number().over(
        partition_by=(SyncGap.context_id, SyncGap.what, SyncGap.reason), order_by=SyncGap.membership_id
    )
    ranked = (
        select(SyncGap.context_id, SyncGap.what, SyncGap.reason, SyncGap.membership_id, rank.label("rank"))
        .where(SyncGap.context_id.in_(ids), SyncGap.membership_id.is_not(None))
        .subquery()
    )
    rows = session.execute(
        select(ranked.c.context_id, ranked.c.what, ranked.c.reason, Person)
        .join(Membership, Membership.id == ranked.c.membership_id)
        .join(Person, Person.id == Membership.person_id)
        .where(ranked.c.rank <= MOST_NAMES)
        .order_by(ranked.c.rank)
    )
    found: dict[tuple[int, str, str], tuple[str, ...]] = {}
    for context_id, what, reason, person in rows:
        found[context_id, what, reason] = (*found.get((context_id, what, reason), ()), short_name(person))
    return found


def _gaps(session: Session, ids: Collection[int]) -> Mapping[int, tuple[GapNote, ...]]:
    rows = read_rows(session, _gap_rows(list(ids))).all()
    titles = _titles(session, ids, {key for row in rows if (key := row[1].partition(":")[2])})
    names = _names(session, ids) if any(row[5] for row in rows) else {}
    found: dict[int, tuple[GapNote, ...]] = {}
    for context_id, what, reason, detail, since, people in rows:
        key = what.partition(":")[2]
        whose = names.get((context_id, what, reason), ()) if people else ()
        note = GapNote(
            what, reason, detail, since, people, titles.get((context_id, key), "" if key.isdecimal() else key), whose
        )
        found[context_id] = (*found.get(context_id, ()), note)
    return found


@built
def _synced(ids: Sequence[int]) -> Select[int, datetime | None]:
    return select(Context.id, Context.synced_at).where(Context.id.in_(ids))


@built
def _failed(ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    since = and_(SyncRun.state == "failed", Context.synced_at.is_(None) | (SyncRun.started_at > Context.synced_at))
    return (
        select(SyncRun.context_id, SyncRun.started_at, SyncRun.error, SyncRun.error_detail)
        .join(Context, Context.id == SyncRun.context_id)
        .where(SyncRun.context_id.in_(ids), since)
        .order_by(SyncRun.started_at, SyncRun.id)
    )


def freshness_of(session: Session, ids: Collection[int]) -> Mapping[int, Freshness]:
    """Return how fresh each of these courses is, in a handful of queries however many there are."""
    courses = read_rows(session, _synced(list(ids)))
    failed = read_rows(session, _failed(list(ids)))
    runs: dict[int, list[Any]] = {}
    for row in failed:
        runs.setdefault(row[0], []).append(row)
    gaps = _gaps(session, ids)
    found = {}
    for context_id, as_of in courses:
        mine = runs.get(context_id)
        failing = (mine[0][1], mine[-1][2], mine[-1][3]) if mine else (None, None, "")
        found[context_id] = Freshness(as_of, gaps.get(context_id, ()), *failing)
    return found


def freshness(session: Session, context_id: int, now: datetime | None = None) -> Freshness:
    """Return how fresh a course's progress is; ``now`` is taken for the pages' sake and not needed."""
    return freshness_of(session, (context_id,)).get(context_id, Freshness(None))
