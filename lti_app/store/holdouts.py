"""The holdout of an academy: turned on by its community manager, drawn by lot in the sweep, over when it has enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from engagement.uplift import Entry, draw_holdout
from engagement.values import ReasonCode, StallKind
from lti_app.models import Academy, AuditEntry, Context, Deployment, Episode, Report
from lti_app.store.channels import channel_for
from lti_app.store.inserts import changed_rows
from lti_app.store.sweep_values import OpenRow

HELPED, HELD_OUT = "helped", "held_out"
SETTING = "holdouts"
# Whoever calls for help, or seems in danger, is never part of a lot.
EXEMPT = frozenset({ReasonCode.ASKED_FOR_HELP})
# So long words that spoke of harm keep their author out of every lot, unless a person has found that they did not.
IN_DANGER_FOR = timedelta(days=56)


@dataclass(frozen=True, slots=True)
class Holdout:
    """One holdout, declared before the first lot: ``seed`` is its name, ``share`` the part held out.

    ``planned`` held-out episodes are needed to see a difference of ``worth`` where ``usual`` come back anyway.
    ``stopped_at`` is when somebody turned it off; ``ends_at`` when it turns itself off.
    """

    seed: int
    share: float
    usual: float
    worth: float
    planned: int
    started_at: datetime
    ends_at: datetime
    stopped_at: datetime | None = None

    def is_on(self, now: datetime) -> bool:
        """Whether lots are drawn at ``now``, as far as the calendar says."""
        return self.stopped_at is None and self.started_at <= now < self.ends_at


def holdouts_of(academy: Academy) -> tuple[Holdout, ...]:
    """Return an academy's holdouts, the newest first."""
    rows = (academy.settings or {}).get(SETTING, [])
    return tuple(_read(row) for row in reversed(rows))


def _read(row: dict[str, Any]) -> Holdout:
    times = {name: datetime.fromisoformat(row[name]) for name in ("started_at", "ends_at")}
    stopped = row.get("stopped_at")
    return Holdout(**{**row, **times, "stopped_at": datetime.fromisoformat(stopped) if stopped else None})


def _row(one: Holdout) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(one).items()}


def _locked(session: Session, academy_id: int) -> Academy:
    query = select(Academy).where(Academy.id == academy_id).with_for_update(key_share=True)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def start(session: Session, academy_id: int, new: Holdout, person_id: int | None) -> bool:
    """Turn the holdout on from ``new.started_at``; False where one is on already (a double click, two managers)."""
    academy = _locked(session, academy_id)
    if any(one.is_on(new.started_at) for one in holdouts_of(academy)):
        return False
    kept = (academy.settings or {}).get(SETTING, [])
    academy.settings = {**(academy.settings or {}), SETTING: [*kept, _row(new)]}
    _note(session, academy_id, person_id, "holdout_on", new, new.started_at)
    return True


def stop(session: Session, academy_id: int, person_id: int | None, now: datetime) -> bool:
    """Turn it off: whoever is held out at this moment is let in again. False where none was on."""
    academy = _locked(session, academy_id)
    on = next((one for one in holdouts_of(academy) if one.is_on(now)), None)
    if on is None:
        return False
    ended = replace(on, stopped_at=now)
    academy.settings = {
        **(academy.settings or {}),
        SETTING: [_row(ended if one.seed == on.seed else one) for one in reversed(holdouts_of(academy))],
    }
    changed_rows(session, update(Episode).where(Episode.lot_seed == on.seed, _open()).values(held_out=False))
    _note(session, academy_id, person_id, "holdout_off", ended, now)
    return True


def _open() -> Any:
    return Episode.ended_at.is_(None) & Episode.held_out.is_(True)


def _note(session: Session, academy_id: int, person_id: int | None, what: str, one: Holdout, now: datetime) -> None:
    session.add(AuditEntry(academy_id=academy_id, actor_id=person_id, what=what, facts=_row(one), at=now))
    session.flush()


def drawn(session: Session, seed: int) -> Counter[str]:
    """Return how many episodes of one holdout are in each arm."""
    query = select(Episode.arm, func.count()).where(Episode.lot_seed == seed).group_by(Episode.arm)
    return Counter({arm: count for arm, count in session.execute(query).all() if arm})


def draw(session: Session, context_id: int, opened: Iterable[OpenRow], now: datetime) -> tuple[OpenRow, ...]:
    """Draw lots over the episodes that a sweep has just opened and return them as they are now.

    Nothing is drawn where no holdout is on, or where it has all it needs. The caller holds the course's lock, so that
    the places in each stratum (course and kind) follow one another.
    """
    rows = tuple(opened)
    on = _running(session, context_id, now) if rows else None
    if on is None:
        return rows
    safe = in_danger(session, context_id, now)
    entries = [
        Entry(row.episode.id, context_id, row.episode.kind, is_exempt(row) or row.episode.learner_id in safe)
        for row in rows
    ]
    lot = [entry for entry in entries if not entry.exempt]
    held = draw_holdout(lot, on.share, on.seed, _places(session, context_id, on.seed))
    for entry in lot:
        values = {
            "arm": HELD_OUT if entry.episode_id in held else HELPED,
            "held_out": entry.episode_id in held,
            "stratum": f"{context_id}:{entry.kind.value}",
            "lot_seed": on.seed,
        }
        learner_id = next(row.episode.learner_id for row in rows if row.episode.id == entry.episode_id)
        values["way"] = channel_for(session, learner_id, "nudge")
        changed_rows(session, update(Episode).where(Episode.id == entry.episode_id).values(**values))
    session.expire_all()
    return tuple(
        replace(row, episode=replace(row.episode, held_out=True)) if row.episode.id in held else row for row in rows
    )


def is_exempt(row: OpenRow) -> bool:
    """Whether an episode may never be held out."""
    return any(reason.code in EXEMPT for reason in row.episode.reasons)


def in_danger(session: Session, context_id: int, now: datetime) -> frozenset[int]:
    """Return the members whose words spoke of harm to themselves or others: they are never held out."""
    query = select(Report.about_id).where(Report.context_id == context_id, Report.why == "crisis")
    query = query.where(Report.about_id.is_not(None), Report.state != "dismissed", Report.made_at > now - IN_DANGER_FOR)
    return frozenset(one for one in session.scalars(query) if one is not None)


def _running(session: Session, context_id: int, now: datetime) -> Holdout | None:
    academy = session.scalars(
        select(Academy)
        .join(Deployment, Deployment.academy_id == Academy.id)
        .join(Context, Context.deployment_id == Deployment.id)
        .where(Context.id == context_id)
    ).one()
    on = next((one for one in holdouts_of(academy) if one.is_on(now)), None)
    # Nobody goes without a word for longer than the plan needs.
    return None if on is None or drawn(session, on.seed)[HELD_OUT] >= on.planned else on


def _places(session: Session, context_id: int, seed: int) -> dict[tuple[int, StallKind], int]:
    query = (
        select(Episode.stratum, func.count())
        .where(Episode.context_id == context_id, Episode.lot_seed == seed)
        .group_by(Episode.stratum)
    )
    counts = {stratum: count for stratum, count in session.execute(query).all() if stratum}
    return {(context_id, kind): counts.get(f"{context_id}:{kind.value}", 0) for kind in StallKind}


def release(session: Session, rows: Iterable[OpenRow], asked: frozenset[int]) -> tuple[OpenRow, ...]:
    """Let in again whoever was held out and has asked for help or seems in danger since (``asked``: learners).

    Their arm stays as it was drawn.
    """
    found = []
    for row in rows:
        calls = row.episode.held_out and (row.episode.learner_id in asked or is_exempt(row))
        if calls:
            changed_rows(session, update(Episode).where(Episode.id == row.episode.id).values(held_out=False))
        found.append(replace(row, episode=replace(row.episode, held_out=False)) if calls else row)
    return tuple(found)
