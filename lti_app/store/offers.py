"""Offers of help: who would help whom with what, and how to stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from engagement.values import ActivityState, Window
from lti_app.models import Activity, ActivityProgress, Context, Episode, HelpOffer, Match, Membership
from lti_app.store.built import among, built, read_rows
from lti_app.store.course_facts import DONE, active_membership, activity_refs
from lti_app.store.inserts import changed_rows, insert_new
from lti_app.store.policies import policy_of
from lti_app.store.refusals import NotYours
from lti_app.store.speaking import speak
from lti_app.store.views import Offerable, OfferView

# Codes of "when I am usually around", in the order of a form; the template finds the words.
WINDOW_CODES = ("mornings", "afternoons", "evenings", "weekends")
MAX_CAPACITY = 5
MAX_WORDS = 280
OFFERABLE_FOR = timedelta(days=28)
PASSED = (ActivityState.PASSED.value, ActivityState.COMPLETED.value)
AT_IT = (ActivityState.IN_PROGRESS.value, ActivityState.FAILED.value)

_HOURS = {
    "mornings": (range(5), time(7), time(12)),
    "afternoons": (range(5), time(12), time(18)),
    "evenings": (range(5), time(18), time(23)),
    "weekends": (range(5, 7), time(8), time(23)),
}


def windows_of(codes: Sequence[str]) -> tuple[Window, ...]:
    """Return the weekly stretches that codes stand for, in the course's time zone; unknown codes are left out."""
    known = (_HOURS[code] for code in codes if code in _HOURS)
    return tuple(Window(weekday, start, end) for days, start, end in known for weekday in days)


def people_at(session: Session, context_id: int, activity_ids: Sequence[int], but: int) -> dict[int, tuple[int, int]]:
    """Return, per activity, how many other active learners are at it now, and how many of them have stalled there."""
    stalled = exists().where(
        Episode.membership_id == Membership.id, Episode.activity_id == Activity.id, Episode.ended_at.is_(None)
    )
    rows = session.execute(
        select(Activity.id, func.count(Membership.id), func.count(Membership.id).filter(stalled))
        .join(Membership, Membership.context_id == Activity.context_id)
        .outerjoin(
            ActivityProgress,
            and_(ActivityProgress.membership_id == Membership.id, ActivityProgress.activity_id == Activity.id),
        )
        .where(Activity.context_id == context_id, Activity.id.in_(activity_ids))
        .where(Membership.state == "active", Membership.role == "learner", Membership.id != but)
        .where(or_(ActivityProgress.state.in_(AT_IT), stalled))
        .group_by(Activity.id)
    )
    return {row[0]: (row[1], row[2]) for row in rows}


@built
def _passed(membership_id: int, since: datetime, now: datetime) -> Select[*tuple[Any, ...]]:
    at = func.coalesce(ActivityProgress.completed_at, ActivityProgress.graded_at, ActivityProgress.submitted_at)
    offered = exists().where(
        HelpOffer.membership_id == membership_id,
        HelpOffer.activity_id == ActivityProgress.activity_id,
        HelpOffer.ended_at.is_(None),
    )
    return (
        select(ActivityProgress.activity_id, at.label("at"))
        .join(Activity, Activity.id == ActivityProgress.activity_id)
        .where(ActivityProgress.membership_id == membership_id, among(ActivityProgress.state, PASSED), ~offered)
        .where(at > since, at <= now, Activity.gone_at.is_(None), among(Activity.kind, ("quiz", "assignment")))
        .order_by(at.desc())
    )


def offerable(session: Session, membership_id: int, now: datetime) -> tuple[Offerable, ...]:
    """Return what this learner completed or passed in the last four weeks and has not offered yet, newest first.

    With it, how many are at it now; an activity where nobody is now is left out.
    """
    member = active_membership(session, membership_id)
    if member.role != "learner" or membership_id in policy_of(session, member.context_id).excluded:
        return ()
    rows = read_rows(session, _passed(membership_id, now - OFFERABLE_FOR, now)).all()
    if not rows:
        return ()
    refs = activity_refs(session, [row.activity_id for row in rows])
    crowd = people_at(session, member.context_id, list(refs), membership_id)
    return tuple(
        Offerable(refs[row.activity_id], row.at, *crowd[row.activity_id]) for row in rows if row.activity_id in crowd
    )


def _check(capacity: int, words: str) -> None:
    if not 1 <= capacity <= MAX_CAPACITY:
        raise ValueError("capacity")
    if len(words) > MAX_WORDS:
        raise ValueError("words")


def offer_help(
    session: Session,
    membership_id: int,
    activity_id: int,
    *,
    capacity: int,
    words: str,
    languages: Sequence[str],
    windows: Sequence[str],
    now: datetime,
    shows_attempts: bool = False,
) -> int:
    """Record (or change) an offer and return its id.

    ``windows`` are codes of WINDOW_CODES. Raises NotYours when the activity is not of this course or the learner has
    not done it, ValueError (naming the field) for a capacity outside 1..5 or words over 280 characters.
    """
    _check(capacity, words)
    member = active_membership(session, membership_id)
    _check_done(session, member, activity_id)
    if words.strip():
        speak(session, member.context_id, membership_id, now, words)
    _look_again(session, member.context_id, now)
    values = {
        "capacity": capacity,
        "words": words.strip(),
        "languages": [code for code in dict.fromkeys(languages) if len(code) <= 20][:8],
        "windows": [code for code in WINDOW_CODES if code in windows],
        "shows_attempts": shows_attempts,
        "offered_at": now,
        "paused_at": None,
        "ended_at": None,
    }
    key = {"membership_id": membership_id, "activity_id": activity_id}
    return insert_new(session, HelpOffer, **key, **values) or _change(session, key, values)


def _change(session: Session, key: Mapping[str, int], values: Mapping[str, object]) -> int:
    offer_id = session.scalars(select(HelpOffer.id).filter_by(**key)).one()
    changed_rows(session, update(HelpOffer).where(HelpOffer.id == offer_id).values(**values))
    return offer_id


def _look_again(session: Session, context_id: int, now: datetime) -> None:
    # Somebody may be waiting for exactly this: the course is looked at again with the next tick. Everybody locks the
    # course before an offer, so that two who cross cannot wait for each other.
    due = or_(Context.sync_due_at.is_(None), Context.sync_due_at > now)
    changed_rows(session, update(Context).where(Context.id == context_id, due).values(sync_due_at=now))


def _check_done(session: Session, member: Membership, activity_id: int) -> None:
    done = session.scalar(
        select(ActivityProgress.id)
        .join(Activity, Activity.id == ActivityProgress.activity_id)
        .where(ActivityProgress.membership_id == member.id, ActivityProgress.activity_id == activity_id)
        .where(ActivityProgress.state.in_(DONE), Activity.context_id == member.context_id)
    )
    if done is None or member.role != "learner" or member.id in policy_of(session, member.context_id).excluded:
        raise NotYours


@built
def _mine(membership_id: int, now: datetime) -> Select[HelpOffer]:
    return (
        select(HelpOffer)
        .join(Activity, Activity.id == HelpOffer.activity_id)
        .where(HelpOffer.membership_id == membership_id, HelpOffer.ended_at.is_(None), HelpOffer.offered_at <= now)
        .order_by(Activity.position, Activity.id)
    )


def my_offers(session: Session, membership_id: int, now: datetime) -> tuple[OfferView, ...]:
    """Return the offers that have not ended, in the order of the course."""
    offers = session.scalars(*_mine(membership_id, now)).all()
    if not offers:
        return ()
    refs = activity_refs(session, [offer.activity_id for offer in offers])
    counts = session.execute(
        select(
            Match.activity_id,
            func.count().filter(Match.state.in_(("asked", "accepted"))),
            func.count().filter(Match.answered_at.is_not(None), Match.state.in_(("accepted", "ended"))),
        )
        .where(Match.helper_id == membership_id)
        .group_by(Match.activity_id)
    )
    loads = {row[0]: (row[1], row[2]) for row in counts}
    return tuple(
        OfferView(
            offer_id=offer.id,
            activity=refs[offer.activity_id],
            capacity=offer.capacity,
            words=offer.words,
            languages=tuple(offer.languages),
            windows=tuple(offer.windows),
            shows_attempts=offer.shows_attempts,
            paused=offer.paused_at is not None,
            load=loads.get(offer.activity_id, (0, 0))[0],
            helped=loads.get(offer.activity_id, (0, 0))[1],
        )
        for offer in offers
    )


def pause_offers(session: Session, membership_id: int, paused: bool, now: datetime) -> None:
    """Pause or resume all offers of one learner; people already being helped keep their helper."""
    active_membership(session, membership_id)
    statement = update(HelpOffer).where(HelpOffer.membership_id == membership_id, HelpOffer.ended_at.is_(None))
    was = HelpOffer.paused_at.is_(None) if paused else HelpOffer.paused_at.is_not(None)
    changed_rows(session, statement.where(was).values(paused_at=now if paused else None))
    session.expire_all()


def end_offer(session: Session, membership_id: int, offer_id: int, now: datetime) -> None:
    """End one offer; it is not proposed to anybody any more, and those already helped keep their helper."""
    mine = select(HelpOffer.ended_at).where(HelpOffer.id == offer_id, HelpOffer.membership_id == membership_id)
    if session.execute(mine).one_or_none() is None:
        raise NotYours
    statement = update(HelpOffer).where(HelpOffer.id == offer_id, HelpOffer.ended_at.is_(None)).values(ended_at=now)
    changed_rows(session, statement)
    session.expire_all()
