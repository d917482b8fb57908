"""What a moderator looks at and decides; each act is in the audit log and told to the person concerned."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_app.models import AuditEntry, Context, Deployment, Kudos, Membership, Mute, Post, Report, Thread
from lti_app.store.ask_acts import tell_answer
from lti_app.store.course_facts import active_staff
from lti_app.store.hearing import CARE_UNTIL
from lti_app.store.inserts import changed_rows
from lti_app.store.notifications import notify
from lti_app.store.post_news import tell_of_post
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.reports import MOST_WORDS
from lti_app.store.speaking import WATCHED_UNTIL
from lti_app.store.thanks import tell_kudos
from lti_app.store.words_index import words_changed

#: What a moderator can do with a report: ``show`` lets a held post out, ``hide`` takes a post away, ``taken`` says that
#: a person has taken a signal up.
DECISIONS = ("show", "hide", "warn", "mute", "dismiss", "taken")
LONGEST_MUTE_DAYS = 90
WATCH_FOR = timedelta(days=30)


def decide(
    session: Session,
    context_id: int,
    report_id: int,
    by_id: int,
    decision: str,
    words: str,
    now: datetime,
    *,
    days: int = 7,
) -> None:
    """Carry out a moderator's decision on a report and on all that wait about the same post.

    ``words`` are told to the author (hide, warn, mute). Raises NotYours, TooLate when it is decided already, and
    ValueError for what no form offers.
    """
    if decision not in DECISIONS or len(words) > MOST_WORDS or not 1 <= days <= LONGEST_MUTE_DAYS:
        raise ValueError(decision)
    moderator = active_staff(session, by_id, context_id)
    row = session.scalar(select(Report).where(Report.id == report_id, Report.context_id == context_id))
    if row is None:
        raise NotYours
    state = "dismissed" if decision in ("dismiss", "show") else "upheld"
    same = [Report.id == report_id] if row.post_id is None else [Report.post_id == row.post_id, Report.why != "crisis"]
    if row.why == "crisis":
        same = [Report.id == report_id]
    values = {
        "state": state, "decision": decision, "decision_words": words, "decided_at": now, "decided_by_id": by_id,
    }  # fmt: skip
    if row.state != "open" or not changed_rows(
        session, update(Report).where(*same, Report.context_id == context_id, Report.state == "open").values(**values)
    ):
        raise TooLate
    post = session.get(Post, row.post_id) if row.post_id else None
    _carry_out(session, post, row, decision, words, now, days, by_id)
    if row.kudos_id is not None and decision in ("show", "dismiss"):
        _let_through(session, row.kudos_id, now)
    _settle_care(session, row, decision)
    _tell(session, context_id, row, post, decision, words, now)
    _write_down(session, context_id, moderator, row, decision, words, now)
    session.flush()


def _carry_out(
    session: Session, post: Post | None, row: Report, decision: str, words: str, now: datetime, days: int, by_id: int
) -> None:
    waited = post is not None and post.held_at is not None
    if post is not None and decision in ("show", "dismiss") and post.held_at is not None:
        post.held_at = None
        # Whoever is named in it, or has a part in the conversation, hears of it now.
        tell_of_post(session, session.get_one(Thread, post.thread_id), post, now)
    if post is not None and decision in ("hide", "mute"):
        post.hidden_at, post.held_at = post.hidden_at or now, None
    if decision == "warn" and post is not None:
        post.held_at = None
    if post is not None:
        _now_readable(session, post, waited, now)
    if decision in ("warn", "mute") and row.about_id is not None:
        member = session.get_one(Membership, row.about_id)
        member.settings = {**(member.settings or {}), WATCHED_UNTIL: (now + WATCH_FOR).isoformat()}
    if decision == "mute" and row.about_id is not None:
        until = now + timedelta(days=days)
        session.add(Mute(membership_id=row.about_id, by_id=by_id, reason=words, at=now, until=until))


def _now_readable(session: Session, post: Post, waited: bool, now: datetime) -> None:
    """Let its words be found, or not any more; an answer that waited for this moment is told about now."""
    words_changed(session, post.thread_id)
    thread = session.get_one(Thread, post.thread_id)
    if waited and post.held_at is None and post.hidden_at is None and thread.kind == "ask":
        thread.moved_at = max(now, thread.moved_at)
        if post.author_id != thread.author_id or post.created_at > thread.created_at:
            tell_answer(session, thread, post, now)


def _let_through(session: Session, kudos_id: int, now: datetime) -> None:
    """Give a kind word that waited to whom it is for."""
    kind = session.get_one(Kudos, kudos_id)
    if kind.held_at is not None:
        kind.held_at = None
        tell_kudos(session, kind.id, kind.to_id, kind.from_id, now)


def _settle_care(session: Session, row: Report, decision: str) -> None:
    """A way of speaking that was taken for a signal: the help contacts leave that person's pages again."""
    if row.why == "crisis" and decision == "dismiss" and row.about_id is not None:
        member = session.get_one(Membership, row.about_id)
        member.settings = {name: value for name, value in (member.settings or {}).items() if name != CARE_UNTIL}


def _tell(
    session: Session, context_id: int, row: Report, post: Post | None, decision: str, words: str, now: datetime
) -> None:
    thread_id = post.thread_id if post else None
    facts = {"decision": decision, "words": words, "report_id": row.id}
    # Whom a signal was about hears from a person, never from a rule.
    if row.why != "crisis" and (decision != "dismiss" or row.why == "held"):
        notify(session, [row.about_id], "moderated", f"moderated:{row.id}", now, thread_id=thread_id, facts=facts)
    reporters = session.scalars(
        select(Report.by_id).where(Report.post_id == row.post_id, Report.decided_at == now)
        if row.post_id is not None
        else select(Report.by_id).where(Report.id == row.id)
    ).all()
    key = f"report_decided:{row.id}"
    notify(session, reporters, "report_decided", key, now, facts={"upheld": decision not in ("dismiss", "show")})


def academy_of(session: Session, context_id: int) -> int:
    """Return the academy that a course belongs to."""
    query = select(Deployment.academy_id).join(Context, Context.deployment_id == Deployment.id)
    return session.scalars(query.where(Context.id == context_id)).one()


def _write_down(
    session: Session, context_id: int, moderator: Membership, row: Report, decision: str, words: str, now: datetime
) -> None:
    about = session.get(Membership, row.about_id) if row.about_id else None
    session.add(
        AuditEntry(
            academy_id=academy_of(session, context_id), context_id=context_id, actor_id=moderator.person_id,
            about_id=about.person_id if about else None, what=f"moderation_{decision}",
            facts={"report_id": row.id, "post_id": row.post_id, "why": row.why, "words": words}, at=now,
        )
    )  # fmt: skip


def restore(session: Session, context_id: int, report_id: int, by_id: int, now: datetime) -> None:
    """Show a post again that was taken away after a report; raises NotYours and TooLate."""
    moderator = active_staff(session, by_id, context_id)
    row = session.scalar(select(Report).where(Report.id == report_id, Report.context_id == context_id))
    post = session.get(Post, row.post_id) if row is not None and row.post_id is not None else None
    if row is None or post is None:
        raise NotYours
    if post.hidden_at is None:
        raise TooLate
    post.hidden_at = None
    words_changed(session, post.thread_id)
    facts = {"decision": "restore", "words": "", "report_id": row.id}
    key = f"restored:{row.id}:{now.isoformat()}"
    notify(session, [row.about_id], "moderated", key, now, thread_id=post.thread_id, facts=facts)
    _write_down(session, context_id, moderator, row, "restore", "", now)
    session.flush()
