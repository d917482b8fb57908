"""Polls beneath posts: asked, answered, answered otherwise; who chose what is counted and never shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from lti_app.models import Poll, PollOption, PollVote
from lti_app.store.built import built
from lti_app.store.refusals import NotYours, TooLate

FEWEST, MOST = 2, 8
MAX_OPTION = 120
LONGEST = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Asked:
    """A poll to put beneath a post."""

    options: tuple[str, ...]
    many: bool = False
    closes_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OptionView:
    """One answer: how many chose it, which share of those who voted (0 to 1), and whether I did."""

    id: int
    words: str
    count: int
    share: float
    mine: bool


@dataclass(frozen=True, slots=True)
class PollView:
    """A poll as one reader sees it: pages show counts once they have ``voted``, or when it is over."""

    id: int
    many: bool
    options: tuple[OptionView, ...]
    voters: int
    closes_at: datetime | None
    voted: bool


def ask(session: Session, post_id: int, asked: Asked, now: datetime) -> None:
    """Put a poll beneath a new post."""
    poll = Poll(post_id=post_id, many=asked.many, closes_at=asked.closes_at, created_at=now)
    session.add(poll)
    session.flush()
    session.add_all(
        PollOption(poll_id=poll.id, position=number, words=words) for number, words in enumerate(asked.options)
    )
    session.flush()


def vote(session: Session, post_id: int, membership_id: int, option_ids: Collection[int], now: datetime) -> None:
    """Choose, or choose otherwise; nothing chosen takes the vote back. Raises NotYours and TooLate.

    The caller has made sure that the member may see the post.
    """
    poll = session.scalar(select(Poll).where(Poll.post_id == post_id).with_for_update())
    if poll is None:
        raise NotYours
    if poll.closes_at is not None and poll.closes_at <= now:
        raise TooLate
    own = set(session.scalars(select(PollOption.id).where(PollOption.poll_id == poll.id)))
    chosen = set(option_ids)
    if not chosen <= own or (len(chosen) > 1 and not poll.many):
        raise NotYours
    session.execute(delete(PollVote).where(PollVote.option_id.in_(own), PollVote.membership_id == membership_id))
    session.add_all(PollVote(option_id=one, membership_id=membership_id, at=now) for one in sorted(chosen))
    session.flush()


@built
def _beneath(post_ids: Sequence[int]) -> Select[Poll]:
    return select(Poll).where(Poll.post_id.in_(post_ids))


def of_posts(session: Session, post_ids: Sequence[int], membership_id: int) -> dict[int, PollView]:
    """Return the polls of many posts in three queries, in one where there is none."""
    if not post_ids:
        return {}
    found = session.scalars(*_beneath(post_ids)).all()
    if not found:
        return {}
    ids = [poll.id for poll in found]
    mine = func.count(PollVote.membership_id).filter(PollVote.membership_id == membership_id)
    rows = session.execute(
        select(PollOption.poll_id, PollOption.id, PollOption.words, func.count(PollVote.membership_id), mine)
        .outerjoin(PollVote, PollVote.option_id == PollOption.id)
        .where(PollOption.poll_id.in_(ids))
        .group_by(PollOption.poll_id, PollOption.id, PollOption.words, PollOption.position)
        .order_by(PollOption.poll_id, PollOption.position)
    ).all()
    heads = session.execute(
        select(PollOption.poll_id, func.count(PollVote.membership_id.distinct()))
        .join(PollVote, PollVote.option_id == PollOption.id)
        .where(PollOption.poll_id.in_(ids))
        .group_by(PollOption.poll_id)
    )
    voters = {row[0]: int(row[1]) for row in heads}
    views = {}
    for poll in found:
        of = voters.get(poll.id, 0)
        options = tuple(
            OptionView(row[1], row[2], int(row[3]), int(row[3]) / of if of else 0.0, bool(row[4]))
            for row in rows
            if row[0] == poll.id
        )
        voted = any(option.mine for option in options)
        views[poll.post_id] = PollView(poll.id, poll.many, options, of, poll.closes_at, voted)
    return views
