"""Two people who met through a match: reading, ending, "did it help?", and leaving when something is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from lti_app.models import AuditEntry, Context, Deployment, Episode, Match, Membership, Milestone, Prompt, Thread
from lti_app.store.bulk import table_of
from lti_app.store.course_facts import active_membership
from lti_app.store.hearing import hear
from lti_app.store.inserts import changed_rows, insert_new
from lti_app.store.pairing import add_prompt, close_prompts, locked, move, settle
from lti_app.store.prompts import NewPrompt, add
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.stories import tell
from lti_app.store.thanks import thanks_of_match

MAX_REPORT = 2000
FOLLOW_UP_AFTER = timedelta(days=3)
_E, _X, _P = (table_of(model) for model in (Episode, Match, Prompt))
# Every sweep asks these twice: they are put together once, on plain tables.
_REPORTED = (
    select(_E.c.membership_id, _X.c.helper_id)
    .join(_E, _E.c.id == _X.c.episode_id)
    .where(_X.c.context_id == bindparam("context_id"), _X.c.reported_by_id.is_not(None))
)
_REPORTS = select(_P.c.facts).where(_P.c.context_id == bindparam("context_id"), _P.c.kind == "report")


def sides(session: Session, match_id: int) -> tuple[int, int]:
    """Return the memberships of the learner and of the helper; raises NotYours when there is no such match."""
    query = select(Episode.membership_id, Match.helper_id).join(Episode, Episode.id == Match.episode_id)
    row = session.execute(query.where(Match.id == match_id)).one_or_none()
    if row is None:
        raise NotYours
    return row[0], row[1]


def _met(session: Session, match_id: int, membership_id: int) -> tuple[Match, Episode]:
    # Only those who met may end, judge or report: a candidate who was never asked knows of nothing.
    match, episode = locked(session, match_id)
    active_membership(session, membership_id)
    if membership_id not in (episode.membership_id, match.helper_id) or match.answered_at is None:
        raise NotYours
    if match.state not in ("accepted", "ended"):
        raise NotYours
    return match, episode


def follow_up(session: Session, match: Match, learner_id: int, now: datetime) -> None:
    """Plan the question whether it helped, to both, a few days after they met."""
    for to_id in (learner_id, match.helper_id):
        key = f"did_it_help:{match.id}:{to_id}"
        new = NewPrompt(key, "did_it_help", match.context_id, to_id, match.episode_id, match.id)
        add(session, replace(new, due_at=now + FOLLOW_UP_AFTER), now)


def said_helped(session: Session, match_id: int, membership_id: int, helped: bool, now: datetime) -> None:
    """Record one side's answer to "did it help?" without ending the match; a learner's yes becomes a thank-you."""
    match, _episode = _met(session, match_id, membership_id)
    asked = update(Prompt).where(Prompt.match_id == match_id, Prompt.membership_id == membership_id)
    asked = asked.where(Prompt.kind == "did_it_help", Prompt.answered_at.is_(None))
    changed_rows(session, asked.values(answered_at=now))
    if membership_id == match.helper_id:
        match.helper_says = helped
        return
    match.helped = helped
    if helped:
        insert_new(
            session,
            Milestone,
            context_id=match.context_id,
            membership_id=match.helper_id,
            key=f"thanked:{match.id}",
            kind="thanked",
            activity_id=match.activity_id,
            facts={},
            reached_at=now,
        )
        thanks_of_match(session, match, membership_id, now)
    session.flush()


def end_match(session: Session, match_id: int, membership_id: int, helped: bool | None, now: datetime) -> None:
    """Either side ends the match, saying whether it helped (None: they did not say).

    The thread stays readable; it takes no more posts unless it ended well. Ending twice changes nothing.
    """
    match, episode = _met(session, match_id, membership_id)
    if helped is not None:
        said_helped(session, match_id, membership_id, helped, now)
    why = "left" if helped is None else "helped" if helped else "not_helped"
    if not move(session, match, "accepted", state="ended", ended_at=now, ended_why=why):
        return
    if why != "helped":
        _close_thread(session, match.id, now)
    tell(session, episode.id, "match_ended", now, by_id=membership_id, helper_id=match.helper_id, why=why)
    if episode.ended_at is None:
        settle(session, episode, now)


def _close_thread(session: Session, match_id: int, now: datetime) -> None:
    statement = update(Thread).where(Thread.match_id == match_id, Thread.closed_at.is_(None)).values(closed_at=now)
    changed_rows(session, statement)


def report(session: Session, match_id: int, membership_id: int, words: str, now: datetime) -> None:
    """Either side reports the other: the match and its thread close at once, and the desk gets a prompt.

    The two are never matched again (``blocked_pairs``). Raises ValueError when ``words`` are over 2000 characters.
    """
    if len(words) > MAX_REPORT:
        raise ValueError("words")
    match, episode = _met(session, match_id, membership_id)
    hear(session, match.context_id, membership_id, words, now)
    match.reported_by_id = match.reported_by_id or membership_id
    match.ended_why = "reported"
    session.flush()
    if move(session, match, "accepted", state="ended", ended_at=now) and episode.ended_at is None:
        settle(session, episode, now)
    _close_thread(session, match.id, now)
    close_prompts(session, now, state="withdrawn", match_id=match.id, kind="did_it_help")
    about_id = match.helper_id if membership_id == episode.membership_id else episode.membership_id
    key = f"report:{match.id}:{membership_id}"
    add_prompt(session, match, "report", None, now, key, by_id=membership_id, about_id=about_id, words=words)
    # The words stay with the report and its desk; the story and the audit log say only that it happened.
    tell(session, episode.id, "reported", now, helper_id=match.helper_id)
    academy_id = session.scalar(
        select(Deployment.academy_id)
        .join(Context, Context.deployment_id == Deployment.id)
        .where(Context.id == match.context_id)
    )
    people = dict(
        session.execute(
            select(Membership.id, Membership.person_id).where(Membership.id.in_((membership_id, about_id)))
        ).all()
    )
    session.add(
        AuditEntry(
            academy_id=academy_id,
            context_id=match.context_id,
            actor_id=people[membership_id],
            about_id=people[about_id],
            what="match_reported",
            facts={"match_id": match.id},
            at=now,
        )
    )


def has_read(session: Session, match_id: int, membership_id: int, now: datetime) -> None:
    """Record that this side has read the private thread up to ``now``."""
    learner_id, helper_id = sides(session, match_id)
    if membership_id not in (learner_id, helper_id):
        raise NotYours
    column = "helper_read_at" if membership_id == helper_id else "learner_read_at"
    if not changed_rows(session, update(Match).where(Match.id == match_id).values(**{column: now})):
        raise TooLate


def blocked_pairs(session: Session, context_id: int) -> set[tuple[int, int]]:
    """Return (learner, helper) pairs of which one reported the other: never proposed again, either way round.

    It does not matter whether they met in a match or in a circle.
    """
    here = {"context_id": context_id}
    told = [(facts.get("by_id"), facts.get("about_id")) for facts in session.execute(_REPORTS, here).scalars()]
    pairs = [(row[0], row[1]) for row in session.execute(_REPORTED, here)]
    pairs += [(one, two) for one, two in told if one and two]
    return {pair for one, two in pairs for pair in ((one, two), (two, one))}
