"""Everything of peer support that one person may see."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from lti_app.models import Episode, HelpOffer, Match, Membership, Post, Prompt, Thread
from lti_app.store.built import among, built, read_rows
from lti_app.store.calls import ANSWER_WITHIN
from lti_app.store.course_facts import active_membership, activity_refs, faces, time_zone_of
from lti_app.store.meetings import FOLLOW_UP_AFTER
from lti_app.store.offers import my_offers, offerable
from lti_app.store.policies import policy_of
from lti_app.store.stall_card import SHARED, stall_of
from lti_app.store.views import AskView, MatchView, SupportView, WordView

WORDS_FOR = timedelta(days=14)
# A match that ended because the learner moved again stays at hand for a goodbye and the question whether it helped.
GOODBYE_FOR = timedelta(days=7)
WORD_KINDS = (
    "tutor_message",
    "thanks",
    "next_candidate",
    "next_asked",
    "quicker",
    "helper_left",
    "introduced",
    "heard",
)


def support_for(session: Session, membership_id: int, now: datetime) -> SupportView:
    """Return the person's own stall, who asks them, their live matches, and what they could offer.

    Nobody else's reasons, scores or attempts are in it. Nothing is recorded: call ``prompts.seen`` when it was shown.
    Raises NotYours when the membership is not active.
    """
    member = active_membership(session, membership_id)
    # Most have nothing of most of it just now, and one look tells.
    there = read_rows(session, _there(membership_id, now - GOODBYE_FOR, now - WORDS_FOR, now)).one()
    return SupportView(
        stall=stall_of(session, member, now) if there.stall else None,
        asks=_asks(session, member) if there.asks else (),
        matches=_matches(session, member, now) if there.matches else (),
        offerables=offerable(session, membership_id, now),
        offers=my_offers(session, membership_id, now) if there.offers else (),
        words=_words(session, member, now) if there.words else (),
    )


def _asked_of(membership_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(Match, Episode.membership_id, Episode.since)
        .join(Episode, Episode.id == Match.episode_id)
        .where(Match.helper_id == membership_id, among(Match.state, ("asked", "called")), Episode.ended_at.is_(None))
        .order_by(Match.asked_at)
    )


_asked = built(_asked_of)


def _asks(session: Session, member: Membership) -> tuple[AskView, ...]:
    rows = session.execute(*_asked(member.id)).all()
    if not rows:
        return ()
    allowed = timedelta(hours=policy_of(session, member.context_id).match_timeout_hours)
    zone = time_zone_of(session, member.context_id)
    people = faces(session, [row.membership_id for row in rows])
    refs = activity_refs(session, [row.Match.activity_id for row in rows])
    return tuple(
        AskView(
            match_id=row.Match.id,
            name=people[row.membership_id].name,
            initials=people[row.membership_id].initials,
            activity=refs[row.Match.activity_id],
            asked_at=row.Match.asked_at,
            answer_by=row.Match.asked_at + (ANSWER_WITHIN if row.Match.state == "called" else allowed),
            since_on=row.since.astimezone(zone).date() if row.since else None,
            knows=SHARED,
            called=row.Match.state == "called",
        )
        for row in rows
    )


def _met_of(membership_id: int, ended_after: datetime) -> Select[*tuple[Any, ...]]:
    # Each side by its own index: an OR over two tables would read all of one.
    helping = select(Match.id).where(Match.helper_id == membership_id)
    helped = select(Match.id).join(Episode, Episode.id == Match.episode_id)
    both = helping.union(helped.where(Episode.membership_id == membership_id))
    return (
        select(Match, Episode.membership_id, Thread.id)
        .join(Episode, Episode.id == Match.episode_id)
        .join(Thread, Thread.match_id == Match.id)
        .where(Match.id.in_(both))
        .where(or_(Match.state == "accepted", _saying_goodbye(ended_after)))
        .order_by(Thread.moved_at.desc())
    )


_met = built(_met_of)


def _matches(session: Session, member: Membership, now: datetime) -> tuple[MatchView, ...]:
    rows = session.execute(*_met(member.id, now - GOODBYE_FOR)).all()
    others = {row.Match.id: row[1] if row.Match.helper_id == member.id else row.Match.helper_id for row in rows}
    people = faces(session, others.values())
    refs = activity_refs(session, [row.Match.activity_id for row in rows])
    views = []
    for match, learner_id, thread_id in rows:
        is_helper = match.helper_id == member.id and learner_id != member.id
        other = people[others[match.id]]
        views.append(
            MatchView(
                match_id=match.id,
                thread_id=thread_id,
                mine="helper" if is_helper else "learner",
                name=other.name,
                initials=other.initials,
                activity=refs[match.activity_id],
                accepted_at=match.answered_at or match.proposed_at,
                unread=_unread(
                    session, thread_id, member.id, match.helper_read_at if is_helper else match.learner_read_at
                ),
                ask_if_helped=_asks_back(match, is_helper, now),
            )
        )
    return tuple(views)


def _saying_goodbye(ended_after: datetime) -> ColumnElement[bool]:
    return and_(Match.state == "ended", among(Match.ended_why, ("recovered", "helped")), Match.ended_at > ended_after)


def _asks_back(match: Match, is_helper: bool, now: datetime) -> bool:
    if (match.helper_says if is_helper else match.helped) is not None:
        return False
    return match.state == "ended" or (match.answered_at is not None and match.answered_at + FOLLOW_UP_AFTER <= now)


def _unread(session: Session, thread_id: int, member_id: int, read_at: datetime | None) -> int:
    query = select(func.count()).select_from(Post).where(Post.thread_id == thread_id, Post.hidden_at.is_(None))
    query = query.where(Post.voice != "academy", or_(Post.author_id.is_(None), Post.author_id != member_id))
    if read_at is not None:
        query = query.where(Post.created_at > read_at)
    return session.scalar(query) or 0


@built
def _there(membership_id: int, ended_after: datetime, told_since: datetime, now: datetime) -> Select[*tuple[Any, ...]]:
    stall = select(Episode.id).where(Episode.membership_id == membership_id, Episode.ended_at.is_(None))
    offers = select(HelpOffer.id).where(HelpOffer.membership_id == membership_id, HelpOffer.ended_at.is_(None))
    return select(
        stall.exists().label("stall"),
        _asked_of(membership_id).exists().label("asks"),
        _met_of(membership_id, ended_after).exists().label("matches"),
        offers.exists().label("offers"),
        _told_of(membership_id, told_since, now).exists().label("words"),
    )


def _told_of(membership_id: int, since: datetime, now: datetime) -> Select[Prompt]:
    return (
        select(Prompt)
        .where(Prompt.membership_id == membership_id, among(Prompt.kind, WORD_KINDS), Prompt.answered_at.is_(None))
        .where(Prompt.made_at > since, Prompt.made_at <= now, Prompt.state != "withdrawn")
        .order_by(Prompt.made_at.desc(), Prompt.id.desc())
        .limit(10)
    )


_told = built(_told_of)


def _words(session: Session, member: Membership, now: datetime) -> tuple[WordView, ...]:
    prompts = session.scalars(*_told(member.id, now - WORDS_FOR, now)).all()
    ids = [p.match_id for p in prompts if p.match_id]
    asked = select(Match.id, Match.activity_id).where(Match.id.in_(ids))
    matched = {row[0]: row[1] for row in session.execute(asked)} if ids else {}
    about = {p.id: matched.get(p.match_id or 0) or p.facts.get("activity_id") for p in prompts}
    refs = activity_refs(session, about.values())
    people = faces(session, [p.by_id for p in prompts])
    return tuple(
        WordView(
            prompt_id=p.id,
            kind=p.kind,
            body=str(p.facts.get("body", "")),
            by=people.get(p.by_id or 0),
            activity=refs.get(about[p.id] or 0),
            at=p.made_at,
            is_new=p.seen_at is None,
        )
        for p in prompts
    )
