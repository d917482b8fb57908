"""When the one who was asked cannot: the learner is offered the others again, or the next is asked as they wished.

Nobody is asked in a learner's name whom they did not agree to: the next candidate sees who asks. So the default is to
tell the learner and show the others; whoever ticked "then ask the next one" has said yes to those on the card.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Episode, Match, Membership
from lti_app.store.course_facts import active_membership
from lti_app.store.pairing import LIVE, add_prompt, load_of, locked, locked_offers, move
from lti_app.store.refusals import NotYours, Refusal, Taken, TooLate
from lti_app.store.stories import tell


def check_room(session: Session, match: Match, *, wait: bool = True) -> None:
    """Lock the helper's offers and see that there is room; raises TooLate (not offered any more) and Taken (no room).

    Without ``wait`` an offer that somebody else holds at the moment is as if it were not there.
    """
    offers = locked_offers(session, match.helper_id, wait=wait)
    helper = session.scalar(select(Membership.state).where(Membership.id == match.helper_id))
    if helper != "active" or match.activity_id not in {offer.activity_id for offer in offers}:
        raise TooLate
    if load_of(session, match.helper_id) >= max(offer.capacity for offer in offers):
        raise Taken


def ask(
    session: Session, match: Match, episode: Episode, now: datetime, *, then_next: bool = False, wait: bool = True
) -> None:
    """Ask a proposed candidate whose episode is locked; raises TooLate and Taken."""
    check_room(session, match, wait=wait)
    if not move(session, match, "proposed", state="asked", asked_at=now, then_next=then_next):
        raise TooLate
    key = f"ask_helper:{match.id}:{int(now.timestamp())}"
    add_prompt(session, match, "ask_helper", match.helper_id, now, key, activity_id=match.activity_id)
    tell(session, episode.id, "asked", now, by_id=episode.membership_id, helper_id=match.helper_id)


def move_on(session: Session, match: Match, episode: Episode, now: datetime) -> bool:
    """After a no, or none in time: ask the next one where the learner wished so, else tell them that they may choose.

    Returns whether somebody else was asked.
    """
    waiting = session.scalars(
        select(Match)
        .where(Match.episode_id == episode.id, Match.state == "proposed")
        .order_by(Match.rank, Match.id)
        .execution_options(populate_existing=True)
    ).all()
    for other in waiting if match.then_next else ():
        try:
            # Several episodes may be locked by now: whoever holds an offer could be waiting for one of them.
            ask(session, other, episode, now, then_next=True, wait=False)
        except Refusal:
            continue
        add_prompt(session, match, "next_asked", episode.membership_id, now)
        return True
    add_prompt(session, match, "next_candidate", episode.membership_id, now)
    return False


def let_move_on(session: Session, match_id: int, membership_id: int, wishes: bool) -> None:
    """The learner says that the next one may be asked without asking them again (or not any more).

    Raises NotYours when it is not their question, TooLate when it was answered.
    """
    match, episode = locked(session, match_id)
    active_membership(session, membership_id)
    if episode.membership_id != membership_id:
        raise NotYours
    if not move(session, match, LIVE[0], then_next=wishes):
        raise TooLate
