"""What something in a course can be about: the whole, one of its sections, one of its activities; and its outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lti_app.models import Activity

MOST = 500
MOST_OUTCOMES = 40
LONGEST_OUTCOME = 300


@dataclass(frozen=True, slots=True)
class Ties:
    """The choices of a form: sections by name, activities by id, in the course's own order."""

    sections: tuple[str, ...]
    activities: tuple[tuple[int, str], ...]
    outcomes: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether there is anything to choose."""
        return bool(self.sections or self.activities)


def ties_of(session: Session, context_id: int, settings: Mapping[str, Any] | None) -> Ties:
    """Return what things of this course can be tied to, in one query."""
    rows = session.execute(
        select(Activity.id, Activity.title, Activity.section)
        .where(Activity.context_id == context_id, Activity.gone_at.is_(None))
        .where(or_(Activity.visible.is_(None), Activity.visible.is_(True)))
        .order_by(Activity.position, Activity.id)
        .limit(MOST)
    ).all()
    sections = tuple(dict.fromkeys(row.section for row in rows if row.section))
    return Ties(sections, tuple((row.id, row.title) for row in rows), outcomes_of(settings))


def outcomes_of(settings: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return the learning outcomes that a course's staff has written down, in their order."""
    told = (settings or {}).get("outcomes")
    return tuple(dict.fromkeys(str(one) for one in told if one)) if isinstance(told, list) else ()
