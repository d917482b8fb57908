"""An academy's own calibration of the detector: fitted to its history, kept with its date, and undone in one step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engagement.detector import Calibration, Recalibration
from lti_app.models import Academy, AuditEntry, Context, Deployment
from lti_app.store.bulk import table_of

KEY = "calibration"
_A, _D, _C = (table_of(model) for model in (Academy, Deployment, Context))
_SETTINGS = (
    select(_A.c.settings)
    .join(_D, _D.c.academy_id == _A.c.id)
    .join(_C, _C.c.deployment_id == _D.c.id)
    .where(_C.c.id == bindparam("context_id"))
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A calibration in use: since which day, and on how many learner-weeks it rests."""

    calibration: Calibration
    on: date
    rows: int
    events: int


def calibration_from(settings: Mapping[str, Any] | None) -> Kept | None:
    """Return the calibration that an academy's settings hold, or None; what cannot be read counts as none."""
    told = (settings or {}).get(KEY)
    try:
        intercept, slope = float(told["intercept"]), float(told["slope"])  # type: ignore[index]
        on, rows, events = date.fromisoformat(told["on"]), int(told["rows"]), int(told["events"])  # type: ignore[index]
    except (KeyError, TypeError, ValueError):
        return None
    if not (math.isfinite(intercept) and math.isfinite(slope) and slope > 0):
        return None
    return Kept(Calibration(intercept, slope), on, rows, events)


def calibration_of(session: Session, context_id: int) -> Calibration | None:
    """Return the calibration of the academy to which a course belongs, or None where it has none."""
    kept = calibration_from(session.execute(_SETTINGS, {"context_id": context_id}).scalar())
    return kept.calibration if kept else None


def save_calibration(session: Session, academy_id: int, fit: Recalibration, now: datetime) -> None:
    """Put a fit to use for all courses of an academy; raises ValueError for one that was refused."""
    if fit.calibration is None:
        raise ValueError(fit.refused or "calibration")
    told = {
        "intercept": round(fit.calibration.intercept, 6),
        "slope": round(fit.calibration.slope, 6),
        "on": now.date().isoformat(),
        "rows": fit.rows,
        "events": fit.events,
        "ece_before": round(fit.ece_before, 4),
        "ece_after": round(fit.ece_after, 4),
    }
    _set(session, academy_id, told, now)


def undo_calibration(session: Session, academy_id: int, now: datetime) -> bool:
    """Go back to the shipped chances and return whether there was anything to undo."""
    academy = session.get_one(Academy, academy_id)
    if KEY not in (academy.settings or {}):
        return False
    _set(session, academy_id, None, now)
    return True


def _set(session: Session, academy_id: int, told: dict[str, Any] | None, now: datetime) -> None:
    academy = session.scalars(select(Academy).where(Academy.id == academy_id).with_for_update(key_share=True)).one()
    rest = {key: value for key, value in (academy.settings or {}).items() if key != KEY}
    before = (academy.settings or {}).get(KEY)
    academy.settings = rest if told is None else {**rest, KEY: told}
    what = "calibration_undone" if told is None else "calibration_applied"
    session.add(AuditEntry(academy_id=academy_id, what=what, facts={"before": before, "after": told}, at=now))
    session.flush()
