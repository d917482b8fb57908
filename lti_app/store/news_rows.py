"""The statements that news is read by: what may still be told, what was not seen, and a page of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from lti_app.models import CircleMember, Membership, Notification, Person, Post, Thread
from lti_app.store import names
from lti_app.store.apart import open_to
from lti_app.store.built import among, built

# More than so many are "99+": counting on would cost more than it tells.
MOST = 100
SNIPPET = 280
# What moderators decided, and what waits for them, is told although the words themselves are hidden.
TO_THE_LAST = ("moderated", "report_decided", "crisis", "reported", "role")


def live() -> ColumnElement[bool]:
    """What may still be told, over an outer join with thread and post: it can be read, or is a moderator's."""
    in_circle = select(CircleMember.id).where(
        CircleMember.circle_id == Thread.circle_id,
        CircleMember.membership_id == Notification.membership_id,
        CircleMember.state == "in",
    )
    return or_(
        among(Notification.kind, TO_THE_LAST),
        and_(
            Thread.hidden_at.is_(None),
            or_(Thread.circle_id.is_(None), in_circle.exists()),
            or_(Thread.id.is_(None), open_to(Notification.membership_id)),
            Post.hidden_at.is_(None),
            Post.deleted_at.is_(None),
            Post.held_at.is_(None),
        ),
    )


def unseen(membership_id: int) -> ColumnElement[int]:
    """Count the things that this member has not seen, at most ``MOST``: a look at what is unseen alone."""
    rows = (
        select(Notification.id)
        .outerjoin(Thread, Thread.id == Notification.thread_id)
        .outerjoin(Post, Post.id == Notification.post_id)
        .where(Notification.membership_id == membership_id, Notification.seen_at.is_(None), live())
        .limit(MOST)
    )
    return select(func.count()).select_from(rows.subquery()).scalar_subquery()


TOLD = (
    *(Notification.id, Notification.membership_id, Notification.kind, Notification.by_id, Notification.facts),
    *(Notification.made_at, Notification.seen_at),
)
ABOUT = (
    *(Thread.id.label("thread_id"), Thread.kind.label("thread_kind"), Thread.title, Thread.merged_into_id),
    *(
        Thread.match_id,
        Thread.circle_id,
        Thread.author_id.label("thread_by"),
        Thread.anonymous.label("thread_anonymous"),
    ),
)
SAID = (Post.id.label("post_id"), Post.author_id.label("post_by"), Post.anonymous.label("post_anonymous"))


@built
def told(membership_ids: Sequence[int], before: int, limit: int, *, paged: bool) -> Select[*tuple[Any, ...]]:
    """Select what members were told and may still be, newest first; ``paged``: what came before one of them."""
    doer = aliased(Membership)
    query = (
        select(*TOLD, *ABOUT, *SAID, func.substr(Post.body, 1, SNIPPET).label("words"))
        .add_columns(doer.role, Person.id.label("person_id"), *names.NAMING)
        .outerjoin(Thread, Thread.id == Notification.thread_id)
        .outerjoin(Post, Post.id == Notification.post_id)
        .outerjoin(doer, doer.id == Notification.by_id)
        .outerjoin(Person, Person.id == doer.person_id)
        .where(Notification.membership_id.in_(membership_ids), live())
    )
    if paged:
        last = select(Notification.made_at).where(Notification.id == before).scalar_subquery()
        query = query.where(
            or_(Notification.made_at < last, and_(Notification.made_at == last, Notification.id < before))
        )
    return query.order_by(Notification.made_at.desc(), Notification.id.desc()).limit(limit)
