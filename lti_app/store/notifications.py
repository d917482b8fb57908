"""Tell members of what concerns them; pages and digests read it from here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Membership, Notification
from lti_app.store.digest_plans import has_heard
from lti_app.store.inserts import insert_all

# What members choose about, each with the kinds that belong to it.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "replies": ("reply", "mention", "feedback"),
    "questions": ("answer", "accepted", "endorsed", "unanswered"),
    "events": ("event_new", "event_changed", "event_soon", "event_notes", "event_seat"),
    "library": ("material_shown", "material_declined"),
    "wins": ("kudos", "warm", "praise_due"),
    "pulse": ("idea_status", "changed_because", "survey_new"),
    "care": ("moderated", "report_decided", "crisis", "reported", "role", "wants_person", "asked_time"),
}
# Nobody may miss these: they are about the member's own words, or about somebody's safety.
ALWAYS = frozenset({"moderated", "report_decided", "crisis", "reported", "role", "wants_person", "asked_time"})
QUIET = "quiet_kinds"
# Groups of which nobody may miss anything are not asked about.
CHOSEN = tuple(group for group, kinds in GROUPS.items() if not ALWAYS.intersection(kinds))


def group_of(kind: str) -> str:
    """Return which group a kind of notification belongs to; raises KeyError for one that nobody can choose about."""
    return next(group for group, kinds in GROUPS.items() if kind in kinds)


def notify(
    session: Session,
    membership_ids: Iterable[int | None],
    kind: str,
    key: str,
    now: datetime,
    *,
    by_id: int | None = None,
    thread_id: int | None = None,
    post_id: int | None = None,
    facts: Mapping[str, Any] | None = None,
) -> int:
    """Tell these members once (``key``) that something concerns them, and return how many heard it for the first time.

    Whoever did it, who has left the course, and who wants to hear nothing of this group are left out.
    """
    group = group_of(kind)
    wanted = {one for one in membership_ids if one is not None and one != by_id}
    if not wanted:
        return 0
    rows = session.execute(
        select(Membership.id, Membership.settings).where(Membership.id.in_(wanted), Membership.state == "active")
    )
    told = [one for one, settings in rows if kind in ALWAYS or group not in ((settings or {}).get(QUIET) or ())]
    values = {"key": key, "kind": kind, "by_id": by_id, "thread_id": thread_id, "post_id": post_id, "made_at": now}
    new = insert_all(
        session,
        Notification,
        [{"membership_id": one, "facts": dict(facts or {}), **values} for one in sorted(told)],
    )
    if new:
        has_heard(session, told, now)
    return len(new)


def quiet_groups(session: Session, membership_id: int) -> tuple[str, ...]:
    """Return the groups of which a member wants to hear nothing."""
    settings = session.scalar(select(Membership.settings).where(Membership.id == membership_id))
    return tuple((settings or {}).get(QUIET) or ())


def choose_quiet(session: Session, membership_id: int, asked: Collection[str], wanted: Collection[str]) -> None:
    """Remember about which of the ``asked`` groups a member wants to be told; what was not asked stays as it was."""
    member = session.get(Membership, membership_id, with_for_update=True, populate_existing=True)
    if member is None:
        return
    settings = member.settings or {}
    quiet = {group for group in settings.get(QUIET) or () if group not in asked}
    quiet |= {group for group in asked if group in CHOSEN and group not in wanted}
    member.settings = {**settings, QUIET: sorted(quiet)}
    session.flush()
