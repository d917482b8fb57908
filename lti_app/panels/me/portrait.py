"""Taking a picture of a person: small, drawn anew, and the one before it is cleared away."""

from __future__ import annotations

import io

from flask import g, request
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from lti_app.filekinds import UploadRefused
from lti_app.house import house
from lti_app.pictures import redraw
from lti_app.store import uploads
from lti_app.store.uploads import UploadView
from lti_app.upload_words import refused_words
from lti_app.uploads import shelf_of

# Twice the largest circle in which it is shown, for sharp screens.
EDGE = 160


def take_portrait() -> UploadView | str:
    """Take the picture of this request's form as a draft; returns the word for why it cannot be taken."""
    sent = request.files.get("picture")
    if sent is None or not sent.filename:
        return _("Choose a picture first.")
    me, house_ = g.membership, house()
    shelf = shelf_of(house_.settings)
    try:
        with house_.db.reading() as session:
            uploads.check_room(session, me.context_id, me.id, house_.settings, house_.clock.now())
        drawn = redraw(sent.stream.read(), EDGE)
        stored = shelf.take(FileStorage(io.BytesIO(drawn.data), f"me.{drawn.ending}"))
    except UploadRefused as refused:
        refused.name = sent.filename
        return refused_words(refused)
    with house_.db.writing() as session:
        return uploads.keep(session, me.context_id, me.id, stored, house_.clock.now())


def clear(key: str | None) -> None:
    """Take the bytes of a picture away that nobody wears any more."""
    if key is not None:
        shelf_of(house().settings).remove(key)
