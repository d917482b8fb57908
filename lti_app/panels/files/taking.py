"""What files a form brought: new ones are checked and kept as drafts, earlier ones go along."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, request
from werkzeug.datastructures import FileStorage

from lti_app.fields import read_text
from lti_app.filekinds import UploadRefused
from lti_app.house import house
from lti_app.store import uploads
from lti_app.store.uploads import MOST, UploadView
from lti_app.upload_words import refused_words
from lti_app.uploads import shelf_of

MAX_WORDS = 300


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a form so far, and the sentence to put beside the field when one was not taken."""

    kept: tuple[UploadView, ...] = ()
    fault: str = ""
    words: str = ""
    feedback: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys to tie to what is being written."""
        return tuple(one.key for one in self.kept)


def take_files(name: str = "files", *, most: int = MOST, kinds: frozenset[str] | None = None) -> Files:
    """Take the files of this request's form; call it before the transaction that writes the rest.

    Nothing is lost when the rest is faulty: what was taken comes back as ``kept`` (the form carries its key), what was
    not has its sentence in ``fault``. ``kinds`` narrows what is welcome (image, file, audio, video).
    """
    words, feedback = read_text(f"{name}_words", most=MAX_WORDS, needed=False, lines=False), _wish(name)
    kept = _kept(name)
    faults: list[str] = []
    for sent in request.files.getlist(name):
        if not sent.filename and not _has_bytes(sent):
            continue
        try:
            if len(kept) >= most:
                raise UploadRefused("too_many", most=most)
            kept = (*kept, _take(sent, kinds, words.value[:MAX_WORDS], feedback))
        except UploadRefused as refused:
            faults.append(refused_words(refused))
            if refused.code in ("too_many", "person_full", "course_full", "often"):
                break
    return Files(kept, " ".join(faults) or words.fault, words.value, feedback)


def _wish(name: str) -> str:
    return read_text(f"{name}_feedback", most=MAX_WORDS, needed=False, lines=False).value[:MAX_WORDS]


def _has_bytes(sent: FileStorage) -> bool:
    there = bool(sent.stream.read(1))
    sent.stream.seek(0)
    return there


def _kept(name: str) -> tuple[UploadView, ...]:
    """Return the files that this form brought before, without those that were ticked away."""
    dropped = set(request.form.getlist(f"{name}_drop"))
    keys = [key for key in request.form.getlist(f"{name}_kept") if key not in dropped and len(key) <= 64]
    if not keys:
        return ()
    with house().db.reading() as session:
        return uploads.drafts(session, g.membership.id, keys)


def _take(sent: FileStorage, kinds: frozenset[str] | None, words: str, feedback: str) -> UploadView:
    me, house_ = g.membership, house()
    with house_.db.reading() as session:
        uploads.check_room(session, me.context_id, me.id, house_.settings, house_.clock.now())
    shelf = shelf_of(house_.settings)
    # The bytes are there before the row: what has no row is cleared away after a day.
    stored = shelf.take(sent)
    if kinds is not None and stored.kind not in kinds:
        shelf.remove(stored.key)
        raise UploadRefused("kind", stored.name)
    with house_.db.writing() as session:
        now = house_.clock.now()
        return uploads.keep(session, me.context_id, me.id, stored, now, words=words, feedback=feedback)
