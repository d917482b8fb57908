"""Kind words from one member to another. They are read, never counted: no number of them is shown anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.orm import Session

from lti_app.models import Kudos, Match, Membership, Post, Report, Thread
from lti_app.store import people
from lti_app.store.apart import open_to
from lti_app.store.built import built
from lti_app.store.course_facts import active_membership, activity_refs
from lti_app.store.hearing import staff_of
from lti_app.store.inserts import changed_rows
from lti_app.store.meetings import blocked_pairs, sides
from lti_app.store.milestones import SHOWS
from lti_app.store.notifications import notify
from lti_app.store.refusals import NotYours, Refusal
from lti_app.store.speaking import is_watched, speak
from lti_app.store.thanks import MAX_WORDS, REASONS, WELL_DONE, About, write_kudos
from lti_app.store.views import ActivityRef, Face

__all__ = ["MAX_WORDS", "MOST_A_DAY", "REASONS", "WELL_DONE", "About", "give", "received", "shown"]
#: A kind word that costs nothing is worth nothing: so many a day are plenty.
MOST_A_DAY = 5
PAGE = 30


class EnoughToday(Refusal):
    """So many kind words have left this member today that more would weigh little."""


@dataclass(frozen=True, slots=True)
class KudosView:
    """One kind word; ``by`` is None for somebody who has left. ``of_match``: it belongs to a private conversation."""

    id: int
    by: Face | None
    to: Face | None
    reason: str
    words: str
    activity: ActivityRef | None
    thread_id: int | None
    thread_title: str
    of_match: bool
    is_hidden: bool
    is_new: bool
    at: datetime


def give(
    session: Session,
    from_id: int,
    to_id: int,
    reason: str,
    words: str,
    now: datetime,
    *,
    about: About | None = None,
    form_key: str | None = None,
) -> int | None:
    """Say a kind word and return its id, or None when this form was sent before.

    Raises NotYours for somebody of another course, oneself, or one of whom either reported the other; EnoughToday;
    Muted; ValueError for a reason or a length that no form offers.
    """
    if reason not in (*REASONS, WELL_DONE) or len(words) > MAX_WORDS:
        raise ValueError("reason")
    # The giver's row makes two taps at once follow each other: the day's measure holds.
    giver = active_membership(session, from_id, lock=True)
    receiver = active_membership(session, to_id)
    if receiver.context_id != giver.context_id or from_id == to_id:
        raise NotYours
    if (from_id, to_id) in blocked_pairs(session, giver.context_id):
        raise NotYours
    about = _checked(session, about or About(), giver, to_id)
    speak(session, giver.context_id, from_id, now, words)
    if reason != WELL_DONE and about.match_id is None and _today(session, from_id, now) >= MOST_A_DAY:
        raise EnoughToday
    held = bool(words) and is_watched(session, from_id, now)
    return write_kudos(session, giver, to_id, reason, words, about, now, form_key, held=held)


def _checked(session: Session, about: About, giver: Membership, to_id: int) -> About:
    """Return what it is about, if both have to do with it; raises NotYours."""
    if about.match_id is not None:
        if {giver.id, to_id} != set(sides(session, about.match_id)):
            raise NotYours
        match = session.get_one(Match, about.match_id)
        if match.context_id != giver.context_id or match.state not in ("accepted", "ended"):
            raise NotYours
        return About(match_id=match.id, activity_id=match.activity_id)
    if about.post_id is not None:
        row = session.execute(
            select(Post, Thread)
            .join(Thread, Thread.id == Post.thread_id)
            .where(Post.id == about.post_id, Thread.context_id == giver.context_id, Post.author_id == to_id)
            .where(Post.hidden_at.is_(None), Post.deleted_at.is_(None), Thread.hidden_at.is_(None))
            .where(Thread.match_id.is_(None), Thread.circle_id.is_(None), Post.anonymous.is_(False))
            .where(open_to(giver.id))
        ).one_or_none()
        if row is None or (row[1].anonymous and row[1].author_id == to_id):
            raise NotYours
        return About(post_id=row[0].id, thread_id=row[1].id, activity_id=row[1].activity_id)
    if about.thread_id is not None:
        thread = session.get(Thread, about.thread_id)
        if thread is None or thread.context_id != giver.context_id or thread.kind != "event" or thread.hidden_at:
            raise NotYours
        return About(thread_id=thread.id, activity_id=thread.activity_id)
    return About(activity_id=about.activity_id)


def _today(session: Session, from_id: int, now: datetime) -> int:
    recent = (Kudos.from_id == from_id, Kudos.created_at > now - timedelta(days=1), Kudos.match_id.is_(None))
    return session.scalar(select(func.count()).select_from(Kudos).where(*recent)) or 0


def received(session: Session, membership_id: int, *, limit: int = PAGE) -> tuple[KudosView, ...]:
    """Return the kind words that a member received, the hidden ones too, newest first, in four queries."""
    return _views(session, session.scalars(*_received(membership_id, limit)).all())


def shown(session: Session, context_id: int, viewer_id: int, *, limit: int = 6) -> tuple[KudosView, ...]:
    """Return kind words that everybody may read: their receivers show what they reach, and no private match is named.

    What a match was about would tell who was stuck, so its thanks are seen by its two people alone.
    """
    return _views(session, session.scalars(*_shown(context_id, viewer_id, limit)).all())


@built
def _received(membership_id: int, limit: int) -> Select[Kudos]:
    mine = select(Kudos).where(Kudos.to_id == membership_id, Kudos.held_at.is_(None))
    return mine.order_by(Kudos.created_at.desc(), Kudos.id.desc()).limit(limit)


@built
def _shown(context_id: int, viewer_id: int, limit: int) -> Select[Kudos]:
    return (
        select(Kudos)
        .join(Membership, Membership.id == Kudos.to_id)
        .where(Kudos.context_id == context_id, Kudos.hidden_at.is_(None), Kudos.match_id.is_(None))
        .where(Kudos.held_at.is_(None))
        .where(Membership.state == "active", Membership.settings[SHOWS].as_boolean().is_(True))
        .where(Kudos.to_id != viewer_id)
        .order_by(Kudos.created_at.desc(), Kudos.id.desc())
        .limit(limit)
    )


def _views(session: Session, rows: Sequence[Kudos]) -> tuple[KudosView, ...]:
    faces = people.faces(session, {id_ for row in rows for id_ in (row.from_id, row.to_id)})
    refs = activity_refs(session, {row.activity_id for row in rows})
    wanted = {row.thread_id for row in rows if row.thread_id is not None}
    titles: dict[int, str] = {}
    if wanted:
        # The title of a group's own thread is that group's; here everybody reads.
        named = select(Thread.id, Thread.title).where(Thread.id.in_(wanted), Thread.hidden_at.is_(None))
        named = named.where(Thread.group_key.is_(None))
        titles = {row[0]: row[1] for row in session.execute(named)}
    return tuple(
        KudosView(
            id=row.id,
            by=faces.get(row.from_id or 0),
            to=faces.get(row.to_id),
            reason=row.reason,
            words=row.words,
            activity=refs.get(row.activity_id or 0),
            thread_id=row.thread_id if row.thread_id in titles else None,
            thread_title=titles.get(row.thread_id or 0, ""),
            of_match=row.match_id is not None,
            is_hidden=row.hidden_at is not None,
            is_new=row.seen_at is None,
            at=row.created_at,
        )
        for row in rows
    )


def saw_kudos(session: Session, membership_id: int, now: datetime) -> None:
    """Record that a member has read what they received."""
    unseen = update(Kudos).where(Kudos.to_id == membership_id, Kudos.seen_at.is_(None), Kudos.held_at.is_(None))
    changed_rows(session, unseen.values(seen_at=now))


def new_kudos(membership_id: int) -> ColumnElement[int]:
    """Count the kind words that wait to be read."""
    unread = (Kudos.to_id == membership_id, Kudos.seen_at.is_(None), Kudos.held_at.is_(None))
    return select(func.count()).select_from(Kudos).where(*unread).scalar_subquery()


def hide(session: Session, kudos_id: int, membership_id: int, hidden: bool, now: datetime) -> None:
    """Put a kind word out of sight, or back; only whoever received it may. Raises NotYours."""
    mine = update(Kudos).where(Kudos.id == kudos_id, Kudos.to_id == membership_id)
    if not changed_rows(session, mine.values(hidden_at=now if hidden else None)):
        raise NotYours


def tell_tutor(session: Session, kudos_id: int, membership_id: int, now: datetime) -> None:
    """Show a word that was not kind to the moderators, and put it out of sight; raises NotYours."""
    hide(session, kudos_id, membership_id, True, now)
    row = session.get_one(Kudos, kudos_id)
    told = (Report.by_id == membership_id, Report.about_id == row.from_id, Report.words == row.words)
    if session.scalar(select(Report.id).where(*told, Report.state == "open").limit(1)) is not None:
        return
    report = Report(
        context_id=row.context_id, about_id=row.from_id, by_id=membership_id, why="unkind", words=row.words, made_at=now
    )
    session.add(report)
    session.flush()
    notify(session, staff_of(session, row.context_id), "reported", f"reported:{report.id}", now)
