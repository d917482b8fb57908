"""The course's questions: listed, found again while they are typed, and those that show others the way."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from lti_app.models import Thread
from lti_app.store import ask_rows, people, words_index
from lti_app.store.ask_rows import Viewer
from lti_app.store.ask_views import QuestionLine, Similar
from lti_app.store.built import built, read_rows
from lti_app.store.course_facts import activity_refs
from lti_app.store.places import Beside, stands
from lti_app.store.views import Solved

MAX_TITLE = 200
MAX_BODY = 8000
PAGE = 20
LAST_PAGE = 500
# So much of what is being written must be in a question for it to be shown as similar.
ALIKE = 0.42
MOST_SIMILAR = 4
RISING = 3


class Show(StrEnum):
    """Which questions a list holds."""

    ALL = "all"
    MINE = "mine"
    UNANSWERED = "unanswered"
    ANSWERED = "answered"


# What a line tells of the thread itself.
LINE = (
    *(Thread.id, Thread.title, Thread.author_id, Thread.anonymous, Thread.activity_id, Thread.section),
    *(Thread.created_at, Thread.moved_at, Thread.raised_at),
)


def _columns(viewer: Viewer) -> tuple[ColumnElement[Any], ...]:
    me = viewer.membership_id
    return (
        ask_rows.number_of_answers().label("answers"),
        ask_rows.number_of_same().label("same"),
        ask_rows.is_settled("accepted_at").label("accepted"),
        ask_rows.is_settled("endorsed_at").label("endorsed"),
        ask_rows.has_same(me).label("i_have_it"),
        ask_rows.has_passed(me).label("passed"),
        and_(ask_rows.involves(me), ask_rows.is_new_to(me)).label("is_new"),
    )


def lines(session: Session, viewer: Viewer, query: Select[Thread]) -> tuple[QuestionLine, ...]:
    """Return the questions that ``query`` selects as lines, in four queries whatever their number."""
    # First which, then what there is to say of them: a database counts for every row that it sorts.
    return lines_of(session, viewer, list(session.scalars(query.with_only_columns(Thread.id))))


@built
def _told(ids: Sequence[int], membership_id: int, context_id: int, *, is_staff: bool) -> Select[*tuple[Any, ...]]:
    viewer = Viewer(context_id, membership_id, is_staff)
    return select(*LINE).where(Thread.id.in_(ids)).add_columns(*_columns(viewer))


def lines_of(session: Session, viewer: Viewer, ids: Sequence[int]) -> tuple[QuestionLine, ...]:
    """Return these questions as lines, in this order: they must be some that this viewer may read."""
    if not ids:
        return ()
    asked = _told(ids, viewer.membership_id, viewer.context_id, is_staff=viewer.is_staff)
    rows: Sequence[Any] = sorted(read_rows(session, asked), key=lambda row: ids.index(row.id))
    shown = {row.author_id for row in rows if _is_seen(row, viewer)}
    known = people.faces(session, shown, to_staff=viewer.is_staff)
    refs = activity_refs(session, {row.activity_id for row in rows})
    return tuple(
        QuestionLine(
            id=row.id,
            title=row.title,
            author=known.get(row.author_id or 0) if _is_seen(row, viewer) else None,
            hides=row.anonymous,
            is_mine=row.author_id is not None and row.author_id == viewer.membership_id,
            activity=refs.get(row.activity_id or 0),
            section=row.section or "",
            answers=row.answers,
            same=row.same,
            i_have_it=bool(row.i_have_it),
            state=state_of(row.accepted, row.endorsed),
            passed=bool(row.passed),
            is_new=bool(row.is_new),
            created_at=row.created_at,
            moved_at=row.moved_at,
            waited=row.raised_at is not None,
        )
        for row in rows
    )


def _is_seen(thread: Any, viewer: Viewer) -> bool:
    return not thread.anonymous or viewer.is_staff or thread.author_id == viewer.membership_id


def state_of(accepted: object, endorsed: object) -> str:
    """Return how far a question is: open, answered or confirmed."""
    return "confirmed" if endorsed else "answered" if accepted else "open"


def _filtered(
    viewer: Viewer, show: str, shape: str, activity_id: int, section: str, *first: ColumnElement[bool]
) -> Select[Thread]:
    query = ask_rows.questions(viewer, *first).where(Thread.archived_at.is_(None))
    query = query.where(stands(shape, activity_id, section, viewer.context_id, Thread.activity_id, Thread.section))
    if show == Show.MINE:
        return query.where(ask_rows.involves(viewer.membership_id))
    if show == Show.UNANSWERED:
        return query.where(ask_rows.nobody_yet())
    if show == Show.ANSWERED:
        return query.where(or_(ask_rows.has_answer(), ask_rows.is_settled("accepted_at")))
    return query


@built
def _listed(
    context_id: int,
    me: int,
    activity_id: int,
    section: str,
    but: Sequence[int],
    limit: int,
    offset: int,
    *,
    is_staff: bool,
    show: str,
    shape: str,
) -> Select[int]:
    query = _filtered(Viewer(context_id, me, is_staff), show, shape, activity_id, section)
    found = query.where(Thread.id.not_in(but)).with_only_columns(Thread.id)
    if show == Show.UNANSWERED:
        found = found.order_by(ask_rows.has_passed(me).desc(), Thread.created_at, Thread.id)
    else:
        found = found.order_by(Thread.pinned_at.is_(None), Thread.moved_at.desc(), Thread.id.desc())
    return found.limit(limit).offset(offset)


def list_questions(
    session: Session, viewer: Viewer, show: Show, place: Beside, page: int = 1, but: Sequence[int] = ()
) -> tuple[tuple[QuestionLine, ...], bool]:
    """Return one page of questions, and whether there are more; unanswered ones oldest first, others as they moved.

    Among the unanswered those come first whose activity the viewer has passed.
    """
    page = min(max(page, 1), LAST_PAGE)
    asked = _listed(
        viewer.context_id,
        viewer.membership_id,
        place.activity_id,
        place.section,
        list(but),
        PAGE + 1,
        (page - 1) * PAGE,
        is_staff=viewer.is_staff,
        show=show.value,
        shape=place.shape,
    )
    found = lines_of(session, viewer, read_rows(session, asked).scalars().all())
    return found[:PAGE], len(found) > PAGE


@built
def _rising(
    context_id: int, me: int, activity_id: int, section: str, limit: int, *, is_staff: bool, shape: str
) -> Select[int]:
    viewer = Viewer(context_id, me, is_staff)
    # A database looks at what is said first, first: few have passed much.
    first = () if is_staff else (ask_rows.has_passed(me),)
    query = _filtered(viewer, Show.UNANSWERED, shape, activity_id, section, *first)
    query = query.where(Thread.author_id.is_distinct_from(me), ~ask_rows.has_same(me))
    return query.with_only_columns(Thread.id).order_by(Thread.created_at, Thread.id).limit(limit)


def rising(session: Session, viewer: Viewer, place: Beside, limit: int = RISING) -> tuple[QuestionLine, ...]:
    """Return the oldest open questions that this viewer could answer: staff any, learners where they have passed."""
    me, where = viewer.membership_id, (place.activity_id, place.section)
    asked = _rising(viewer.context_id, me, *where, limit, is_staff=viewer.is_staff, shape=place.shape)
    return lines_of(session, viewer, read_rows(session, asked).scalars().all())


@built
def _for_home(context_id: int, me: int, limit: int, *, is_staff: bool) -> Select[int]:
    mine = and_(ask_rows.involves(me), ask_rows.is_new_to(me))
    helpful = and_(
        Thread.author_id.is_distinct_from(me), ask_rows.has_passed(me), ~ask_rows.has_same(me), ask_rows.nobody_yet()
    )
    waits = ask_rows.nobody_yet() if is_staff else helpful
    viewer = Viewer(context_id, me, is_staff)
    query = ask_rows.questions(viewer, Thread.archived_at.is_(None), or_(mine, waits))
    return query.with_only_columns(Thread.id).order_by(mine.desc(), Thread.created_at, Thread.id).limit(limit)


def for_home(session: Session, viewer: Viewer, limit: int = 3) -> tuple[QuestionLine, ...]:
    """Return what moves among the questions for this person: news about mine first, then those I could answer."""
    asked = _for_home(viewer.context_id, viewer.membership_id, limit, is_staff=viewer.is_staff)
    return lines_of(session, viewer, read_rows(session, asked).scalars().all())


def new_answers(viewer: Viewer) -> ColumnElement[int]:
    """Count the questions that this member asked, shares or answered and that have news for them."""
    me = viewer.membership_id
    query = ask_rows.questions(viewer).where(ask_rows.involves(me), ask_rows.is_new_to(me))
    return query.with_only_columns(func.count(Thread.id)).scalar_subquery()


def similar(session: Session, viewer: Viewer, text: str, *, but: int | None = None) -> tuple[Similar, ...]:
    """Return the questions of this course that look like ``text``, those with an answer that helped a little first."""
    ranks = words_index.ranked(session, viewer.context_id, words_index.THREAD, text, at_least=ALIKE)
    if ranks is None:
        return ()
    query = (
        ask_rows.questions(viewer)
        .join(ranks, ranks.c.item_id == Thread.id)
        .where(Thread.id != (but or 0))
        .order_by(ranks.c.score.desc(), Thread.id.desc())
        .limit(MOST_SIMILAR * 2)
    )
    found = lines(session, viewer, query)
    # Closeness picks them; among the close ones those that help at once stand first.
    best = sorted(found, key=lambda it: it.state == "open")[:MOST_SIMILAR]
    return tuple(
        Similar(it.id, it.title, it.state, it.answers, it.same, it.i_have_it, it.is_mine, it.activity) for it in best
    )


def solved_threads(session: Session, activity_id: int | None, limit: int = 2) -> tuple[Solved, ...]:
    """Return the questions about an activity in which somebody found the answer, confirmed ones first."""
    if activity_id is None:
        return ()
    accepted, endorsed = ask_rows.is_settled("accepted_at"), ask_rows.is_settled("endorsed_at")
    same = ask_rows.number_of_same().label("same")
    rows = session.execute(
        select(Thread.id, Thread.title, endorsed.label("endorsed"), same)
        .where(Thread.activity_id == activity_id, Thread.kind == ask_rows.ASK)
        .where(Thread.hidden_at.is_(None), Thread.archived_at.is_(None), Thread.merged_into_id.is_(None))
        # Nobody asks here whose eyes it is for, so only what the whole course may read.
        .where(or_(accepted, endorsed), Thread.group_key.is_(None))
        .order_by(endorsed.desc(), same.desc(), Thread.moved_at.desc())
        .limit(limit)
    )
    return tuple(Solved(row.id, row.title, bool(row.endorsed), row.same) for row in rows)
