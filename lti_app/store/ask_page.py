"""One question with its answers, as one person may read it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from lti_app.models import ActivityProgress, HelpOffer, Membership, Post, Reaction, Thread
from lti_app.store import ask_rows, people, uploads
from lti_app.store.apart import name_of_group
from lti_app.store.ask import lines
from lti_app.store.ask_rows import Viewer
from lti_app.store.ask_views import AnswerView, QuestionLine, QuestionPage, Reached
from lti_app.store.milestones import SHOWS
from lti_app.store.offers import PASSED
from lti_app.store.post_views import named_in
from lti_app.store.refusals import NotYours
from lti_app.store.views import Face

MOST_ANSWERS = 100
THANKS = "thanks"


def question_row(session: Session, viewer: Viewer, thread_id: int, *, lock: bool = False) -> Thread:
    """Return the row of a question that this viewer may read; raises NotYours."""
    query = ask_rows.questions(viewer).where(Thread.id == thread_id)
    thread = session.scalar(query.with_for_update() if lock else query)
    if thread is None:
        raise NotYours
    return thread


def read_question(session: Session, viewer: Viewer, thread_id: int) -> QuestionPage:
    """Return a question and its answers, in the same few queries whatever their number; raises NotYours."""
    thread = question_row(session, viewer, thread_id)
    line = lines(session, viewer, select(Thread).where(Thread.id == thread_id))[0]
    asked = _asked(session, thread)
    posts, left_out = _answers(session, viewer, thread, asked.id if asked else 0)
    gone = asked is None or asked.deleted_at is not None or asked.hidden_at is not None
    ids = [post.id for post in posts] + ([asked.id] if asked else [])
    files, named = uploads.of_posts(session, ids, viewer.membership_id), named_in(session, ids)
    return QuestionPage(
        line=line,
        post_id=asked.id if asked else None,
        body=None if asked is None or gone else ("" if asked.body == thread.title else asked.body),
        edited_at=asked.edited_at if asked else None,
        held=asked is not None and asked.held_at is not None,
        uploads=() if asked is None or gone else files.get(asked.id, ()),
        answers=_views(session, viewer, thread, posts, files, named),
        names=named.get(asked.id, ()) if asked else (),
        left_out=left_out,
        is_open=thread.closed_at is None and thread.archived_at is None,
        is_archived=thread.archived_at is not None,
        closed=thread.closed_at is not None,
        pinned=thread.pinned_at is not None,
        moved_at=thread.moved_at,
        group=name_of_group(session, thread),
        last_id=max(ids, default=0),
        may_accept=bool(viewer.membership_id) and (viewer.is_staff or _is_asker(line)),
    )


def _is_asker(line: QuestionLine) -> bool:
    return line.is_mine


def _asked(session: Session, thread: Thread) -> Post | None:
    """Return the post that asks: the first of the thread, whoever took it away since."""
    first = select(Post).where(Post.thread_id == thread.id).order_by(Post.created_at, Post.id).limit(1)
    post = session.scalar(first)
    return post if post is not None and post.created_at == thread.created_at else None


def _answers(session: Session, viewer: Viewer, thread: Thread, asked_id: int) -> tuple[Sequence[Post], int]:
    there = (Post.thread_id == thread.id, Post.id != asked_id, ask_rows.can_be_read(viewer))
    posts = session.scalars(
        select(Post)
        .where(*there)
        .order_by(Post.accepted_at.is_(None), Post.endorsed_at.is_(None), Post.created_at, Post.id)
        .limit(MOST_ANSWERS + 1)
    ).all()
    if len(posts) <= MOST_ANSWERS:
        return posts, 0
    count = session.scalar(select(func.count()).select_from(Post).where(*there)) or 0
    return posts[:MOST_ANSWERS], count - MOST_ANSWERS


def _views(
    session: Session,
    viewer: Viewer,
    thread: Thread,
    posts: Sequence[Post],
    files: Mapping[int, tuple[uploads.UploadView, ...]],
    named: Mapping[int, tuple[str, ...]],
) -> tuple[AnswerView, ...]:
    seen = {post.author_id for post in posts if _is_seen(post, viewer)} - {None}
    named_too = {post.endorsed_by_id for post in posts}
    known, staff = people.faces_and_staff(session, seen | named_too, to_staff=viewer.is_staff)
    # Who is hidden here may be named elsewhere for confirming: that they are staff must not show through.
    staff &= seen
    thanks = _thanks(session, [post.id for post in posts], viewer.membership_id)
    reached = _reached(session, thread, {number for number in seen if number is not None} - staff)
    return tuple(
        AnswerView(
            id=post.id,
            author=_face(known, post, viewer),
            hides=post.anonymous,
            is_mine=post.author_id is not None and post.author_id == viewer.membership_id,
            is_staff=post.author_id in staff,
            by_asker=thread.author_id is not None and post.author_id == thread.author_id,
            body=post.body,
            created_at=post.created_at,
            edited_at=post.edited_at,
            accepted=post.accepted_at is not None,
            endorsed_by=known.get(post.endorsed_by_id or 0),
            endorsed=post.endorsed_at is not None,
            thanks=thanks.get(post.id, (0, False))[0],
            i_thanked=thanks.get(post.id, (0, False))[1],
            reached=reached.get(post.author_id or 0, Reached()) if _is_seen(post, viewer) else Reached(),
            held=post.held_at is not None,
            uploads=files.get(post.id, ()),
            names=named.get(post.id, ()),
        )
        for post in posts
    )


def _is_seen(post: Post, viewer: Viewer) -> bool:
    return not post.anonymous or viewer.is_staff or post.author_id == viewer.membership_id


def _face(known: Mapping[int, Face], post: Post, viewer: Viewer) -> Face | None:
    return known.get(post.author_id or 0) if _is_seen(post, viewer) else None


def _thanks(session: Session, post_ids: Sequence[int], membership_id: int) -> dict[int, tuple[int, bool]]:
    mine = func.count().filter(Reaction.membership_id == membership_id)
    rows = session.execute(
        select(Reaction.post_id, func.count(), mine)
        .where(Reaction.post_id.in_(post_ids), Reaction.kind == THANKS)
        .group_by(Reaction.post_id)
    )
    return {row[0]: (row[1], row[2] > 0) for row in rows if row[0] is not None}


def _reached(session: Session, thread: Thread, members: Collection[int]) -> dict[int, Reached]:
    """Return what those who answer have reached: confirmed answers here, and the activity where they let it be seen."""
    confirmed = {
        row[0]: row[1]
        for row in session.execute(
            select(Post.author_id, func.count())
            .join(Thread, Thread.id == Post.thread_id)
            .where(Thread.context_id == thread.context_id, Thread.kind == ask_rows.ASK, Thread.hidden_at.is_(None))
            .where(Post.author_id.in_(members), Post.endorsed_at.is_not(None), Post.anonymous.is_(False))
            .where(Post.hidden_at.is_(None), Post.deleted_at.is_(None))
            .group_by(Post.author_id)
        )
    }
    passed = _passed(session, thread.activity_id, members)
    return {one: Reached(one in passed, confirmed.get(one, 0)) for one in members}


def _passed(session: Session, activity_id: int | None, members: Collection[int]) -> frozenset[int]:
    """Return who has passed the activity and lets others know: by an offer to help there, or by what they show."""
    if activity_id is None or not members:
        return frozenset()
    p, offer = ActivityProgress, aliased(HelpOffer)
    offers = select(offer.id).where(
        offer.membership_id == Membership.id, offer.activity_id == activity_id, offer.ended_at.is_(None)
    )
    rows = session.scalars(
        select(p.membership_id)
        .join(Membership, Membership.id == p.membership_id)
        .where(p.activity_id == activity_id, p.membership_id.in_(members), p.state.in_(PASSED))
        .where(p.score_visible.is_not(False))
        .where(or_(and_(Membership.settings[SHOWS].as_boolean().is_(True)), offers.exists()))
    )
    return frozenset(rows)
