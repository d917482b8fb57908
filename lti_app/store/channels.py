"""By which way a word reaches a member, and when: the panel first, then a message in the LMS, then e-mail."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from lti_app.models import Context, Deployment, LmsConnection, Membership, Person
from lti_app.store.bulk import among, table_of

PANEL, LMS, EMAIL, CONSOLE = "panel", "lms", "email", "console"
# In this order; the panel stands before all of them.
WAYS = (LMS, EMAIL)
LETTERS = "letters"
# The digest is a letter about the panel's news; when it comes is each person's plan (digest_plans.py).
DIGEST = "digest"
# What a person may choose about, each with its own unsubscribe link; every other kind is about peers.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "nudge": ("nudge",),
    "peer": ("ask_helper", "introduced", "next_candidate", "circle_invited"),
    "tutor": ("tutor_message",),
    "desk": ("tutor",),
    "events": ("event_soon", "event_changed", "event_seat"),
}
# So long a word waits in the panel before it goes out as a message: most people come by themselves.
PANEL_FIRST = {
    "nudge": timedelta(hours=24),
    "ask_helper": timedelta(hours=2),
    "introduced": timedelta(hours=2),
    "next_candidate": timedelta(hours=24),
    "circle_invited": timedelta(hours=12),
    "tutor": timedelta(hours=12),
}


def channel_for(session: Session, membership_id: int, kind: str = "tutor_message", *, but: Collection[str] = ()) -> str:
    """Return how a message of this kind reaches a member: lms, else email, else panel, as far as they allow it.

    The course's setting ``messages`` may say panel (nothing goes out) or console (development: into the log). ``but``
    are the ways that have failed already. Whether this installation can send e-mail is known when it is sent.
    """
    return channels_for(session, [membership_id], kind, but=but).get(membership_id, PANEL)


def channels_for(
    session: Session, membership_ids: Collection[int], kind: str, *, but: Collection[str] = ()
) -> dict[int, str]:
    """Return the same for many members at once, in one query."""
    reach = reach_of(session, list(membership_ids))
    return {membership_id: channel_from(row, kind, but=but) for membership_id, row in reach.items()}


_M, _P, _C, _D, _L = (table_of(model) for model in (Membership, Person, Context, Deployment, LmsConnection))
_REACH = (
    select(
        _M.c.id, _C.c.settings, _L.c.status, _L.c.cannot, _P.c.api_id, _P.c.email, _P.c.time_zone,
        _M.c.settings.label("own"),
    )
    .select_from(_M)
    .join(_P, _P.c.id == _M.c.person_id)
    .join(_C, _C.c.id == _M.c.context_id)
    .join(_D, _D.c.id == _C.c.deployment_id)
    .outerjoin(_L, _L.c.registration_id == _D.c.registration_id)
)  # fmt: skip


def reach_of(session: Session, membership_ids: Sequence[int]) -> dict[int, Row[Any]]:
    """Return what decides how members are reached (for ``channel_from``), in one query."""
    rows: Iterable[Row[Any]] = session.execute(_REACH.where(among(session, _M.c.id, membership_ids)))
    return {row.id: row for row in rows}


def channel_from(row: Row[Any] | None, kind: str, *, but: Collection[str] = ()) -> str:
    """Return what ``channel_for`` says, from a row of ``reach_of``."""
    if row is None:
        return PANEL
    wanted = (row.settings or {}).get("messages", LMS)
    allowed = [way for way in ways_of(row.own, kind) if way not in but]
    if wanted in (PANEL, CONSOLE) or not allowed:
        return str(wanted) if wanted == CONSOLE and allowed else PANEL
    missing = {item.get("ability") if isinstance(item, dict) else item for item in row.cannot or ()}
    open_ways = {
        LMS: row.status == "ok" and row.api_id is not None and "messages" not in missing,
        EMAIL: bool(row.email),
    }
    return next((way for way in allowed if open_ways[way]), PANEL)


def group_of(kind: str) -> str:
    """Return which sort of message a prompt's kind belongs to."""
    if kind == DIGEST:
        return DIGEST
    return next((group for group, kinds in GROUPS.items() if kind in kinds), "peer")


def ways_of(settings: Mapping[str, Any] | None, kind: str) -> tuple[str, ...]:
    """Return by which ways a member lets messages of this kind reach them, best first; none means the panel alone."""
    if kind == DIGEST:
        return (EMAIL,)
    chosen = ((settings or {}).get(LETTERS) or {}).get(group_of(kind))
    return tuple(way for way in WAYS if chosen is None or way in chosen)


def wait_of(kind: str, channel: str) -> timedelta:
    """Return how long a word of this kind waits before it leaves by this channel."""
    return timedelta() if channel == PANEL else PANEL_FIRST.get(kind, timedelta())


def course_address(session: Session, context_id: int) -> str | None:
    """Return the course's page in the LMS, to which every message leads back, or None where we cannot tell."""
    return course_addresses(session, [context_id]).get(context_id)


def course_addresses(session: Session, context_ids: Collection[int]) -> dict[int, str]:
    """Return the pages of these courses in their LMS, those that we can tell, in one query."""
    rows = session.execute(
        select(Context.id, LmsConnection.kind, LmsConnection.base_url, Context.api_id)
        .select_from(Context)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(LmsConnection, LmsConnection.registration_id == Deployment.registration_id)
        .where(Context.id.in_(context_ids), Context.api_id.is_not(None))
    )
    paths = {"moodle": "/course/view.php?id={}", "canvas": "/courses/{}"}
    return {
        context_id: base_url.rstrip("/") + paths[kind].format(api_id)
        for context_id, kind, base_url, api_id in rows
        if kind in paths
    }
