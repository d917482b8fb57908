"""Giving something to the library, and looking after it: shown, declined with a word, put forward, put away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from lti_app.markup import plain
from lti_app.models import AuditEntry, Context, Deployment, Event, Material, MaterialUse, Membership, Upload
from lti_app.store import uploads
from lti_app.store.event_hosts import check_tie
from lti_app.store.inserts import changed_rows, insert_new
from lti_app.store.library import KINDS, Reader
from lti_app.store.notifications import notify
from lti_app.store.refusals import NotYours, Refusal, TooLate
from lti_app.store.search_index import index_material
from lti_app.store.speaking import speak
from lti_app.web_addresses import address_key

MAX_TITLE = 200
MAX_WHY = 2000
MAX_REASON = 300
PLACE = "library"
KEPT = ("waiting", "shown")


class AlreadyThere(Refusal):
    """The address stands in the library (or waits to) already, as the piece ``material_id``."""

    def __init__(self, material_id: int, title: str, shown: bool) -> None:
        self.material_id, self.title, self.shown = material_id, title, shown
        super().__init__(title)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the library as its form says it; ``files`` are keys of the giver's own drafts, the first is taken."""

    kind: str
    title: str
    why: str
    url: str | None = None
    activity_id: int | None = None
    section: str | None = None
    outcome: str | None = None
    files: tuple[str, ...] = ()


def suggest(
    session: Session, reader: Reader, piece: Piece, now: datetime, *, form_key: str | None = None
) -> tuple[int, str]:
    """Give a piece to the library and return its id and state: shown at once from staff, else waiting.

    The same ``form_key`` again returns the same piece. Raises AlreadyThere, NotYours for what is tied to another
    course, Muted and TooFast.
    """
    if not reader.membership_id or piece.kind not in KINDS:
        raise NotYours
    speak(session, reader.context_id, reader.membership_id, now, piece.title, piece.why)
    check_tie(session, reader.context_id, piece.activity_id)
    # No row has an empty key, so a form without one is never taken for another.
    mine = select(Material.id, Material.state).where(
        Material.by_id == reader.membership_id, Material.form_key == (form_key or "")
    )
    before = session.execute(mine).one_or_none()
    if before is not None:
        return before[0], before[1]
    key = address_key(piece.url) if piece.url else None
    _check_new(session, reader.context_id, key)
    files = uploads.settle(session, reader.membership_id, piece.files[:1], PLACE)
    shown = reader.is_staff
    material_id = insert_new(
        session, Material, context_id=reader.context_id, kind=piece.kind, state="shown" if shown else "waiting",
        title=piece.title, why=piece.why, url=piece.url, address_key=key, upload_id=files[0] if files else None,
        activity_id=piece.activity_id, section=piece.section, outcome=piece.outcome, by_id=reader.membership_id,
        form_key=form_key, reason="", created_at=now, changed_at=now, shown_at=now if shown else None,
        decided_by_id=reader.membership_id if shown else None,
    )  # fmt: skip
    if material_id is None:
        # Another request was a moment quicker, with this very form or with the same address.
        before = session.execute(mine).one_or_none()
        if before is not None:
            return before[0], before[1]
        _check_new(session, reader.context_id, key)
        raise TooLate
    index_material(session, session.get_one(Material, material_id))
    return material_id, "shown" if shown else "waiting"


def _check_new(session: Session, context_id: int, key: str | None, but: int | None = None) -> None:
    if key is None:
        return
    row = session.execute(
        select(Material.id, Material.title, Material.state)
        .where(Material.context_id == context_id, Material.address_key == key, Material.state.in_(KEPT))
        .where(Material.id != (but or 0))
    ).first()
    if row is not None:
        raise AlreadyThere(row.id, row.title, row.state == "shown")


def recording_of(session: Session, reader: Reader, event_id: int, now: datetime) -> int:
    """Put a meeting's recording into the library and return its id; raises NotYours, AlreadyThere."""
    event = session.scalar(select(Event).where(Event.id == event_id, Event.context_id == reader.context_id))
    if event is None or not reader.is_staff or not event.recording:
        raise NotYours
    why = plain(event.notes or event.words, MAX_WHY)
    piece = Piece("recording", event.title, why, event.recording, event.activity_id, event.section, event.outcome)
    material_id, _state = suggest(session, reader, piece, now)
    session.execute(update(Material).where(Material.id == material_id).values(event_id=event_id))
    return material_id


def change(session: Session, reader: Reader, material_id: int, piece: Piece, now: datetime) -> None:
    """Change a piece: staff any, a member their own while it waits. Raises NotYours, AlreadyThere."""
    row = _mine_or_staff(session, reader, material_id)
    if (row.title, row.why) != (piece.title, piece.why):
        speak(session, reader.context_id, reader.membership_id, now, piece.title, piece.why)
    check_tie(session, reader.context_id, piece.activity_id)
    key = address_key(piece.url) if piece.url else None
    if row.state in KEPT:
        _check_new(session, reader.context_id, key, but=row.id)
    files = uploads.settle(session, reader.membership_id, piece.files[:1], PLACE)
    row.kind, row.title, row.why, row.url, row.address_key = piece.kind, piece.title, piece.why, piece.url, key
    row.activity_id, row.section, row.outcome = piece.activity_id, piece.section, piece.outcome
    row.upload_id, row.changed_at = files[0] if files else row.upload_id, now
    if row.by_id != reader.membership_id:
        _note(session, reader, row, "material_edited", "", now)
    session.flush()
    index_material(session, row)


def decide(session: Session, reader: Reader, material_id: int, yes: bool, reason: str, now: datetime) -> None:
    """Show a suggestion or decline it with a word, and tell who gave it. Raises NotYours and TooLate."""
    if not reader.is_staff:
        raise NotYours
    row = _locked(session, reader.context_id, material_id)
    if row.state != "waiting":
        raise TooLate
    row.state, row.reason, row.changed_at = ("shown" if yes else "declined"), reason, now
    row.shown_at, row.decided_by_id = (now if yes else None), reader.membership_id
    kind = "material_shown" if yes else "material_declined"
    facts = {"material_id": row.id, "title": row.title, "reason": reason}
    notify(session, [row.by_id], kind, f"{kind}:{row.id}", now, by_id=reader.membership_id, facts=facts)
    _note(session, reader, row, kind, reason, now)
    session.flush()


def put_forward(session: Session, reader: Reader, material_id: int, forward: bool, now: datetime) -> None:
    """Let a piece stand at the top, or among the others again. Raises NotYours and TooLate."""
    row = _for_staff(session, reader, material_id)
    if row.state != "shown":
        raise TooLate
    row.featured_at = now if forward else None
    session.flush()


def put_away(session: Session, reader: Reader, material_id: int, away: bool, now: datetime) -> None:
    """Put a piece away, or bring it back. Raises NotYours, TooLate, and AlreadyThere where it has come anew since."""
    row = _for_staff(session, reader, material_id)
    if row.state not in (("shown",) if away else ("archived", "declined")):
        raise TooLate
    if not away:
        _check_new(session, reader.context_id, row.address_key, but=row.id)
    row.state, row.changed_at, row.featured_at = ("archived" if away else "shown"), now, None
    row.shown_at = row.shown_at or now
    if row.by_id != reader.membership_id:
        _note(session, reader, row, "material_archived" if away else "material_restored", "", now)
    session.flush()


def find_useful(session: Session, reader: Reader, material_id: int, now: datetime) -> bool:
    """Say that a piece was useful, or take it back; returns how it stands. One from each. Raises NotYours."""
    row = _locked(session, reader.context_id, material_id)
    if row.state != "shown" or not reader.membership_id:
        raise NotYours
    mine = (MaterialUse.material_id == material_id, MaterialUse.membership_id == reader.membership_id)
    taken_back = changed_rows(session, delete(MaterialUse).where(*mine)) > 0
    if not taken_back:
        session.add(MaterialUse(material_id=material_id, membership_id=reader.membership_id, at=now))
        session.flush()
    row.useful = session.scalar(
        select(func.count()).select_from(MaterialUse).where(MaterialUse.material_id == material_id)
    ) or 0  # fmt: skip
    session.flush()
    return not taken_back


def _locked(session: Session, context_id: int, material_id: int) -> Material:
    row = session.scalar(
        select(Material)
        .where(Material.id == material_id, Material.context_id == context_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotYours
    return row


def _for_staff(session: Session, reader: Reader, material_id: int) -> Material:
    if not reader.is_staff:
        raise NotYours
    return _locked(session, reader.context_id, material_id)


def _mine_or_staff(session: Session, reader: Reader, material_id: int) -> Material:
    row = _locked(session, reader.context_id, material_id)
    mine = row.by_id == reader.membership_id and reader.membership_id != 0
    if not reader.is_staff and not (mine and row.state == "waiting"):
        raise NotYours
    return row


def _note(session: Session, reader: Reader, row: Material, what: str, reason: str, now: datetime) -> None:
    """Write down what staff did about a member's piece."""
    found = session.execute(
        select(Membership.id, Membership.person_id).where(Membership.id.in_((reader.membership_id, row.by_id or 0)))
    ).all()
    persons = dict(found)
    academy_id = session.scalar(
        select(Deployment.academy_id)
        .join(Context, Context.deployment_id == Deployment.id)
        .where(Context.id == row.context_id)
    )
    session.add(
        AuditEntry(
            academy_id=academy_id, context_id=row.context_id, actor_id=persons.get(reader.membership_id),
            about_id=persons.get(row.by_id or 0), what=what,
            facts={"material_id": row.id, "title": row.title, "reason": reason}, at=now,
        )
    )  # fmt: skip


def _sees_file(session: Session, row: Upload, viewer: uploads.Viewer) -> bool:
    """A file of the library is seen by whoever sees its piece."""
    piece = session.execute(
        select(Material.state, Material.by_id).where(
            Material.upload_id == row.id, Material.context_id == viewer.context_id
        )
    ).first()
    if piece is None:
        return False
    mine = piece.by_id == viewer.membership_id and viewer.membership_id != 0
    return viewer.is_staff or piece.state == "shown" or mine


uploads.SEERS[PLACE] = _sees_file
