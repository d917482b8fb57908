"""A comment on a project or an idea, taken from its form."""

from __future__ import annotations

from flask import abort, g
from flask_babel import gettext as _

from lti_app.caring import stopped
from lti_app.fields import Field, form_key, read_text
from lti_app.house import house
from lti_app.store import remarks
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.speaking import Stopped


def take_comment(thread_id: int, kind: str) -> Field:
    """Say what the form brought; returns it, with its fault where it could not be said."""
    draft, me = read_text("body", most=remarks.MAX_BODY), g.membership
    if draft.fault:
        return draft
    try:
        with house().db.writing() as session:
            now = house().clock.now()
            remarks.comment(session, me.context_id, thread_id, me.id, kind, draft.value, now, form_key=form_key())
    except NotYours:
        abort(404)
    except TooLate:
        return Field(draft.value, _("This discussion has been closed in the meantime."))
    except Stopped as stop:
        return Field(draft.value, stopped(stop))
    return draft
