"""A newcomer's two minutes: which step is next, and which were taken or left out.

It stands in the membership's settings, which every page has read already, so that asking costs no query.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from lti_app.models import Membership
from lti_app.store.course_facts import active_membership

STEPS = ("norms", "name", "why", "hello")
KEY = "welcome"
# "Later" is at least this long, and after "later" the welcome is one line.
LATER = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Walk:
    """How far a member is: ``passed`` steps, the version of the norms they were asked about, "later", "enough"."""

    passed: tuple[str, ...] = ()
    norms: str | None = None
    later_until: datetime | None = None
    closed: bool = False

    def due(self, norms: str) -> str | None:
        """Return the step to show: the first one left, or only the norms when they have changed since."""
        if not self.closed:
            return next((step for step in STEPS if step not in self.passed), None)
        return "norms" if self.norms != norms else None


def walk_of(member: Membership) -> Walk:
    """Read how far a member is; what cannot be read is a beginning."""
    told = (member.settings or {}).get(KEY)
    if not isinstance(told, dict):
        return Walk()
    until = told.get("later_until")
    return Walk(
        tuple(step for step in STEPS if step in (told.get("passed") or ())),
        told.get("norms"),
        datetime.fromisoformat(until) if isinstance(until, str) else None,
        bool(told.get("closed")),
    )


def _keep(member: Membership, **changes: Any) -> None:
    told = (member.settings or {}).get(KEY)
    kept = dict(told) if isinstance(told, dict) else {}
    member.settings = {**(member.settings or {}), KEY: {**kept, **changes}}


def pass_step(session: Session, membership_id: int, step: str, norms: str) -> dict[str, Any]:
    """Go on from a step, taken or left out, and return the settings as they are now; raises NotYours."""
    member = active_membership(session, membership_id, lock=True)
    passed = [one for one in STEPS if one == step or one in walk_of(member).passed]
    changes: dict[str, Any] = {"passed": passed, "later_until": None}
    if step == "norms":
        changes["norms"] = norms
    if len(passed) == len(STEPS):
        changes["closed"] = True
    _keep(member, **changes)
    session.flush()
    return member.settings


def put_off(session: Session, membership_id: int, now: datetime) -> dict[str, Any]:
    """Come back another time: where one stopped stays kept; raises NotYours."""
    member = active_membership(session, membership_id, lock=True)
    _keep(member, later_until=(now + LATER).isoformat())
    session.flush()
    return member.settings


def close(session: Session, membership_id: int, norms: str) -> dict[str, Any]:
    """Ask no more: only changed norms come up again; raises NotYours."""
    member = active_membership(session, membership_id, lock=True)
    _keep(member, closed=True, norms=norms)
    session.flush()
    return member.settings
