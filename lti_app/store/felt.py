"""How activities felt, as the staff read it: in numbers from five people up, and in the words behind them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engagement.values import Feeling as Felt
from lti_app.models import Activity, Feeling
from lti_app.store.moods import FEW
from lti_app.store.views import ActivityRef

SAID = tuple(feeling.value for feeling in Felt)
SHOWN = 60
COMMENTS = 5


@dataclass(frozen=True, slots=True)
class FeltActivity:
    """One activity: ``counts`` by feeling (each person's last word), None while fewer than five people said one.

    ``comments`` are words beside them, without names, also only from five people up.
    """

    activity: ActivityRef
    people: int
    counts: Mapping[str, int] | None
    comments: tuple[tuple[str, str], ...] = ()


def felt(session: Session, context_id: int) -> tuple[FeltActivity, ...]:
    """Return the activities of a course that somebody said something about, in the course's order, in two queries."""
    newest = (
        select(func.max(Feeling.id).label("id"))
        .join(Activity, Activity.id == Feeling.activity_id)
        .where(Activity.context_id == context_id, Activity.gone_at.is_(None), Feeling.said.in_(SAID))
        .group_by(Feeling.membership_id, Feeling.activity_id)
        .subquery()
    )
    rows = session.execute(
        select(Activity.id, Activity.title, Activity.kind, Activity.url, Feeling.said, func.count())
        .join(Feeling, Feeling.activity_id == Activity.id)
        .join(newest, newest.c.id == Feeling.id)
        .group_by(Activity.id, Activity.title, Activity.kind, Activity.url, Activity.position, Feeling.said)
        .order_by(Activity.position, Activity.id)
    ).all()
    refs: dict[int, ActivityRef] = {}
    counts: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(SAID, 0))
    for id_, title, kind, url, said, count in rows:
        refs[id_] = ActivityRef(id_, title, kind, url)
        counts[id_][said] = count
    enough = [id_ for id_ in refs if sum(counts[id_].values()) >= FEW]
    words = _comments(session, enough)
    return tuple(
        FeltActivity(
            ref,
            sum(counts[id_].values()),
            counts[id_] if id_ in enough else None,
            tuple(words.get(id_, ())[:COMMENTS]),
        )
        for id_, ref in list(refs.items())[:SHOWN]
    )


def _comments(session: Session, activity_ids: list[int]) -> dict[int, list[tuple[str, str]]]:
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    if activity_ids:
        query = select(Feeling.activity_id, Feeling.said, Feeling.words).where(
            Feeling.activity_id.in_(activity_ids), Feeling.words != "", Feeling.said.in_(SAID)
        )
        for activity_id, said, words in session.execute(query.order_by(Feeling.id.desc()).limit(300)):
            found[activity_id or 0].append((said, words))
    return found
