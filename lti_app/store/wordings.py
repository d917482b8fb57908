"""An academy's own words: kept, found again for one person, and taken back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from lti_app.filling import TITLE
from lti_app.models import AuditEntry, Wording
from lti_app.store.inserts import insert_new


@dataclass(frozen=True, slots=True)
class Key:
    """Which words: ``use`` is nudge, draft, card or peer, ``motive`` empty for all without words of their own."""

    use: str
    kind: str
    motive: str
    language: str

    def of_title(self) -> Key:
        """The headline or subject that belongs to these words."""
        return replace(self, use=f"{self.use}{TITLE}")


def own_words(session: Session, academy_id: int, key: Key) -> str | None:
    """Return what the academy says here of its own: for this very reason, else for everybody, else None."""
    query = select(Wording.motive, Wording.body).where(*_about(academy_id, key), Wording.motive.in_({key.motive, ""}))
    rows = dict(session.execute(query).all())
    return rows.get(key.motive, rows.get(""))


def exact_words(session: Session, academy_id: int, key: Key) -> str | None:
    """Return what somebody wrote for exactly this case, or None."""
    return session.scalar(select(Wording.body).where(*_about(academy_id, key), Wording.motive == key.motive))


def changed_words(session: Session, academy_id: int) -> frozenset[Key]:
    """Return for which cases the academy has words of its own."""
    rows = session.scalars(select(Wording).where(Wording.academy_id == academy_id))
    return frozenset(Key(row.use, row.kind, row.motive, row.language) for row in rows)


def keep_words(session: Session, academy_id: int, key: Key, body: str, person_id: int | None, now: datetime) -> None:
    """Say this from now on; the last who writes has the word."""
    insert_new(
        session,
        Wording,
        academy_id=academy_id,
        use=key.use,
        kind=key.kind,
        motive=key.motive,
        language=key.language,
        body=body,
        by_id=person_id,
        changed_at=now,
    )
    row = session.scalars(
        select(Wording).where(*_about(academy_id, key), Wording.motive == key.motive).with_for_update()
    ).one()
    row.body, row.by_id, row.changed_at = body, person_id, now
    _note(session, academy_id, key, person_id, now, "words_changed")


def forget_words(session: Session, academy_id: int, key: Key, person_id: int | None, now: datetime) -> None:
    """Go back to the shipped words; where there were no others nothing happened."""
    if exact_words(session, academy_id, key) is None:
        return
    session.execute(delete(Wording).where(*_about(academy_id, key), Wording.motive == key.motive))
    _note(session, academy_id, key, person_id, now, "words_taken_back")


def _about(academy_id: int, key: Key) -> tuple[ColumnElement[bool], ...]:
    return (
        Wording.academy_id == academy_id,
        Wording.use == key.use,
        Wording.kind == key.kind,
        Wording.language == key.language,
    )


def _note(session: Session, academy_id: int, key: Key, person_id: int | None, now: datetime, what: str) -> None:
    facts = {"use": key.use, "kind": key.kind, "motive": key.motive, "language": key.language}
    session.add(AuditEntry(academy_id=academy_id, actor_id=person_id, what=what, facts=facts, at=now))
    session.flush()
