"""The small signs on questions and answers: same question, thank you, this helped, confirmed by a tutor."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lti_app.models import AuditEntry, Context, Deployment, Membership, Post, Reaction, Thread, ThreadVote
from lti_app.store import ask_rows
from lti_app.store.ask_acts import tell
from lti_app.store.ask_page import THANKS, question_row
from lti_app.store.ask_rows import Viewer
from lti_app.store.inserts import insert_new
from lti_app.store.refusals import NotYours


def same_question(session: Session, viewer: Viewer, thread_id: int, now: datetime) -> bool:
    """Say "I have the same question", or take it back; returns whether it stands now.

    Raises NotYours for who asked it, and for a question that is not there.
    """
    thread = question_row(session, viewer, thread_id, lock=True)
    if thread.author_id == viewer.membership_id:
        raise NotYours
    mine = (ThreadVote.thread_id == thread_id, ThreadVote.membership_id == viewer.membership_id)
    if session.scalar(select(ThreadVote.thread_id).where(*mine)) is not None:
        session.execute(delete(ThreadVote).where(*mine))
        return False
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    vote = make(ThreadVote).values(thread_id=thread_id, membership_id=viewer.membership_id, at=now)
    session.execute(vote.on_conflict_do_nothing())
    return True


def _answer_row(session: Session, viewer: Viewer, thread: Thread, post_id: int) -> Post:
    """Return an answer of this question that the viewer can read (not the question itself); raises NotYours."""
    post = session.scalar(
        select(Post)
        .where(Post.id == post_id, Post.thread_id == thread.id, Post.voice == "member")
        .where(Post.created_at >= thread.created_at, ask_rows.can_be_read(viewer))
        .execution_options(populate_existing=True)
    )
    asks = post is not None and post.created_at == thread.created_at and post.author_id == thread.author_id
    if post is None or asks:
        raise NotYours
    return post


def thank(session: Session, viewer: Viewer, thread_id: int, post_id: int, now: datetime) -> bool:
    """Thank for an answer, or take it back; returns whether it stands now. Raises NotYours, for one's own too."""
    thread = question_row(session, viewer, thread_id)
    post = _answer_row(session, viewer, thread, post_id)
    if post.author_id == viewer.membership_id:
        raise NotYours
    me = viewer.membership_id
    mine = (Reaction.membership_id == me, Reaction.post_id == post_id, Reaction.kind == THANKS)
    if session.scalar(select(Reaction.id).where(*mine)) is not None:
        session.execute(delete(Reaction).where(*mine))
        return False
    insert_new(session, Reaction, membership_id=me, post_id=post_id, kind=THANKS, created_at=now)
    # Who asked without a name is not named by saying thank you in their own question.
    hides = thread.anonymous and thread.author_id == me
    tell(session, [post.author_id], "warm", f"thanks:{post_id}:{me}", now, thread, post, None if hides else me)
    return True


def accept(session: Session, viewer: Viewer, thread_id: int, post_id: int, now: datetime) -> bool:
    """Say that an answer helped (or not any more) and return whether it stands; at most one a question.

    Only whoever asked, or staff; raises NotYours for everybody else.
    """
    thread = question_row(session, viewer, thread_id, lock=True)
    if not viewer.is_staff and thread.author_id != viewer.membership_id:
        raise NotYours
    post = _answer_row(session, viewer, thread, post_id)
    stands = post.accepted_at is None
    session.execute(update(Post).where(Post.thread_id == thread_id).values(accepted_at=None))
    session.execute(update(Post).where(Post.id == post_id).values(accepted_at=now if stands else None))
    if thread.author_id != viewer.membership_id:
        _note(session, viewer, post, "answer_accepted" if stands else "answer_not_accepted", now)
    if stands:
        hides = thread.anonymous and thread.author_id == viewer.membership_id
        by_id = None if hides else viewer.membership_id
        told = {post.author_id} - {viewer.membership_id}
        tell(session, told, "accepted", f"accepted:{post_id}", now, thread, post, by_id)
    return stands


def endorse(session: Session, viewer: Viewer, thread_id: int, post_id: int, now: datetime) -> bool:
    """Confirm an answer as a tutor (or not any more) and return whether it stands; raises NotYours for learners."""
    if not viewer.is_staff:
        raise NotYours
    thread = question_row(session, viewer, thread_id, lock=True)
    post = _answer_row(session, viewer, thread, post_id)
    stands = post.endorsed_at is None
    me = viewer.membership_id
    values = {"endorsed_at": now if stands else None, "endorsed_by_id": me if stands else None}
    session.execute(update(Post).where(Post.id == post_id).values(**values))
    _note(session, viewer, post, "answer_endorsed" if stands else "answer_not_endorsed", now)
    if stands:
        tell(session, [post.author_id], "endorsed", f"endorsed:{post_id}", now, thread, post, me)
    return stands


def _note(session: Session, viewer: Viewer, post: Post, what: str, now: datetime) -> None:
    people = dict(
        session.execute(
            select(Membership.id, Membership.person_id).where(
                Membership.id.in_([one for one in (viewer.membership_id, post.author_id) if one is not None])
            )
        ).all()
    )
    academy = (
        select(Deployment.academy_id)
        .join(Context, Context.deployment_id == Deployment.id)
        .where(Context.id == viewer.context_id)
    )
    session.add(
        AuditEntry(
            academy_id=session.scalar(academy), context_id=viewer.context_id,
            actor_id=people.get(viewer.membership_id), about_id=people.get(post.author_id or 0), what=what,
            facts={"post_id": post.id}, at=now,
        )
    )  # fmt: skip
    session.flush()
