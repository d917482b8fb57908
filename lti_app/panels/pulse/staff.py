"""What staff do in the pulse: say what changed, and see to moods that were shared with them."""

from __future__ import annotations

from functools import partial

from flask import Response, abort, g, url_for
from flask_babel import gettext as _

from lti_app.answers import answer
from lti_app.house import house
from lti_app.panels.pulse.forms import read_change
from lti_app.panels.pulse.rooms import blueprint
from lti_app.panels.pulse.views import page as pulse_page
from lti_app.store import changes, moods
from lti_app.store.refusals import NotYours


@blueprint.post("/change")
def write_change() -> Response:
    """Write down what changed, and let those hear of it who had said so."""
    me, draft = g.membership, read_change()
    if me.role not in ("tutor", "manager"):
        abort(404)
    if draft.fault:
        page = partial(pulse_page, change=draft)
        return answer(fragment=page, page=page, to="", status=422)
    try:
        with house().db.writing() as session:
            changes.write_change(
                session, me.context_id, me.id, draft.title.value, draft.words.value, draft.causes,
                house().clock.now(), form_key=draft.form_key,
            )  # fmt: skip
    except NotYours:
        abort(404)
    page = partial(pulse_page, done=_("It is there, and whoever had said so hears of it."))
    return answer(fragment=page, page=page, to=url_for(".show", done=1))


@blueprint.post("/mood/<int:mood_id>/seen")
def saw_mood(mood_id: int) -> Response:
    """Take a mood off the list because I have seen to it."""
    me = g.membership
    try:
        with house().db.writing() as session:
            moods.seen_to(session, me.context_id, mood_id, me.id, house().clock.now())
    except NotYours:
        abort(404)
    page = partial(pulse_page, done=_("Good. It is off the list."))
    return answer(fragment=page, page=page, to=url_for(".show"))
