"""The tutor says that they are away, or here again."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Response, abort, g, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from lti_app.answers import answer
from lti_app.desk import blueprint
from lti_app.desk.views import Written, queue_page, tutor_here
from lti_app.house import house
from lti_app.store.absence import go_away
from lti_app.store.refusals import NotYours


def _until() -> datetime | None:
    """Return the morning after the day of the form, in the tutor's time zone; None where it names none."""
    try:
        day = date.fromisoformat(request.form.get("until", ""))
        return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(g.time_zone))
    except (ValueError, OverflowError):
        return None


@blueprint.post("/away")
def away() -> Response:
    """Be away until the end of a day, or be here again."""
    tutor = tutor_here()
    if tutor is None:
        abort(403)
    back = request.form.get("what") == "back"
    until, now = None if back else _until(), house().clock.now()
    if not back and until is None:
        return _answer(Written(note=_("Say until which day, please.")), 422)
    try:
        with house().db.writing() as session:
            shared = go_away(
                session, tutor, g.membership.context_id, until, now, share=request.form.get("share") == "yes"
            )
    except NotYours:
        abort(404)
    except ValueError:
        return _answer(Written(note=_("Choose a day to come, within half a year.")), 422)
    g.membership.settings = {**(g.membership.settings or {}), "away_until": until.isoformat() if until else None}
    if back:
        return _answer(Written(done=_("Welcome back: new cases reach you again.")))
    words = _("Nothing new lands on your desk until then.")
    if shared:
        told = ngettext("%(num)s case has gone to a colleague.", "%(num)s cases have gone to your colleagues.", shared)
        words = f"{words} {told}"
    return _answer(Written(done=words))


def _answer(written: Written, status: int = 200) -> Response:
    return answer(
        fragment=lambda: queue_page(written),
        page=lambda: queue_page(written),
        to=url_for("desk.queue"),
        status=status,
    )
