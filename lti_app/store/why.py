"""Why somebody is here, *il proprio perché*: said by themselves, theirs to share, to change and to erase."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engagement.values import Motive
from lti_app.models import Membership, Why
from lti_app.store.course_facts import active_membership
from lti_app.store.hearing import hear

NOBODY, TUTORS, HELPERS = "nobody", "tutors", "helpers"
SHARES = (NOBODY, TUTORS, HELPERS)
MAX_WHY = 600
# In the membership's settings: tutors may read the sphere.
MOTIVE_SHARED = "shares_motive"


@dataclass(frozen=True, slots=True)
class WhyView:
    """``motive`` is practical, belonging, self, or empty; ``shared_with`` as in the table."""

    motive: str = ""
    words: str = ""
    shared_with: str = NOBODY

    @property
    def is_said(self) -> bool:
        """Whether there is anything to read."""
        return bool(self.motive or self.words)


def why_of(session: Session, member: Membership) -> WhyView:
    """Return what a member said, for themselves."""
    row = session.scalar(select(Why).where(Why.membership_id == member.id))
    if row is None:
        return WhyView(member.motive or "")
    return WhyView(member.motive or "", row.words, row.shared_with if row.shared_with in SHARES else NOBODY)


def say_why(
    session: Session, membership_id: int, motive: str, words: str, shared_with: str, now: datetime
) -> Membership:
    """Keep why a member is here; without a sphere and words it is erased. Raises NotYours, and ValueError."""
    if motive not in ("", *Motive) or shared_with not in SHARES or len(words) > MAX_WHY:
        raise ValueError("why")
    member = active_membership(session, membership_id, lock=True)
    if not motive and not words:
        erase_why(session, membership_id)
        return member
    member.motive = motive or None
    row = session.scalar(select(Why).where(Why.membership_id == membership_id))
    if row is None:
        row = Why(membership_id=membership_id)
        session.add(row)
    row.words, row.shared_with, row.said_at = words, shared_with, now
    member.settings = {**(member.settings or {}), MOTIVE_SHARED: shared_with != NOBODY}
    session.flush()
    hear(session, member.context_id, membership_id, words, now)
    return member


def erase_why(session: Session, membership_id: int) -> None:
    """Forget why a member is here: sphere, words and whom they were shared with."""
    member = active_membership(session, membership_id, lock=True)
    member.motive = None
    member.settings = {name: value for name, value in (member.settings or {}).items() if name != MOTIVE_SHARED}
    session.execute(delete(Why).where(Why.membership_id == membership_id))
    session.flush()


def shared_why(session: Session, membership_id: int, *, with_helper: bool = False) -> WhyView | None:
    """Return what a member lets the tutors (or whoever helps them) read, None where they share nothing."""
    allowed = (HELPERS,) if with_helper else (TUTORS, HELPERS)
    row = session.execute(
        select(Why, Membership.motive)
        .join(Membership, Membership.id == Why.membership_id)
        .where(Why.membership_id == membership_id, Why.shared_with.in_(allowed))
    ).one_or_none()
    return None if row is None else WhyView(row[1] or "", row[0].words, row[0].shared_with)
