"""Questions that learners asked about an activity, here or in the discussions, and that nobody has answered yet."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from lti_app.db import UtcDateTime
from lti_app.models import Post, Thread
from lti_app.store.bulk import table_of

LATELY = timedelta(days=28)
_T, _P = table_of(Thread), table_of(Post)
_ANSWERED = (
    select(_P.c.id)
    .where(_P.c.thread_id == _T.c.id, _P.c.hidden_at.is_(None))
    .where(_P.c.author_id.is_(None) | (_P.c.author_id != _T.c.author_id))
)
# Every sweep asks this: it is put together once, on plain tables.
_OPEN = (
    select(_T.c.author_id, _T.c.activity_id, func.min(_T.c.created_at))
    .where(_T.c.context_id == bindparam("context_id"), _T.c.kind == "talk", _T.c.hidden_at.is_(None))
    .where(_T.c.author_id.is_not(None), _T.c.activity_id.is_not(None), _T.c.closed_at.is_(None))
    .where(_T.c.created_at > bindparam("since", type_=UtcDateTime()))
    .where(_T.c.created_at <= bindparam("now", type_=UtcDateTime()), ~_ANSWERED.exists())
    .group_by(_T.c.author_id, _T.c.activity_id)
)


def open_questions(session: Session, context_id: int, now: datetime) -> dict[int, dict[int, datetime]]:
    """Return when each member asked about which activity; a thread in which somebody else has written is answered."""
    rows = session.execute(_OPEN, {"context_id": context_id, "since": now - LATELY, "now": now})
    found: dict[int, dict[int, datetime]] = {}
    for author_id, activity_id, at in rows:
        if author_id is not None and activity_id is not None:
            found.setdefault(author_id, {})[activity_id] = at
    return found
