"""Several cases of one kind in one sitting: each keeps its own draft, read and changed before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, g, request
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from lti_app.desk import blueprint
from lti_app.desk.drafts import draft_for
from lti_app.desk.views import LONGEST_MESSAGE, Written, queue_page, tutor_here
from lti_app.fields import Field, form_key, read_text
from lti_app.house import house
from lti_app.shell import render_panel
from lti_app.store.desk import desk_case, desk_queue, tutor_acted
from lti_app.store.desk_views import DeskCase
from lti_app.store.refusals import NotYours, TooLate

#: More than that is no longer personal.
MOST = 12


@dataclass(frozen=True, slots=True)
class Letter:
    """One case of the review, and what would be sent."""

    case: DeskCase
    body: Field


def _chosen() -> list[int]:
    said = [int(raw) for raw in request.values.getlist("ids") if raw.isascii() and raw.isdecimal() and len(raw) < 18]
    return list(dict.fromkeys(said))[:MOST]


def _letters(session: Session, ids: list[int], written: dict[int, Field] | None = None) -> list[Letter]:
    """Return the chosen cases that are open and of one kind (the first one's), each with its own draft."""
    found: list[Letter] = []
    for episode_id in ids:
        try:
            case = desk_case(session, g.membership.context_id, episode_id, house().clock.now(), tutor_id=tutor_here())
        except NotYours:
            abort(404)
        if case.outcome is None and (not found or case.kind == found[0].case.kind):
            found.append(Letter(case, (written or {}).get(episode_id) or Field(draft_for(session, case.draft))))
    return found


def _page(ids: list[int], written: dict[int, Field] | None = None) -> str:
    with house().db.reading() as session:
        letters = _letters(session, ids, written)
        queue = desk_queue(session, g.membership.context_id, house().clock.now(), tutor_id=tutor_here())
        kinds: dict[str, list[object]] = {}
        for item in queue.items:
            kinds.setdefault(item.kind, []).append(item)
        return render_panel(
            session,
            "desk/together.html",
            tab="desk",
            letters=letters,
            kinds={kind: items for kind, items in kinds.items() if len(items) > 1},
            most=MOST,
        )


@blueprint.route("/together", methods=["GET", "POST"])
def together() -> str:
    """Choose several cases of one kind, or review what would be sent to each."""
    return _page(_chosen())


@blueprint.post("/together/send")
def send_together() -> str | tuple[str, int]:
    """Send every letter of the review, or none while one of them has a fault; a second sending sends nothing twice."""
    tutor, ids = tutor_here(), _chosen()
    if tutor is None:
        abort(403)
    written = {one: read_text(f"body-{one}", most=LONGEST_MESSAGE) for one in ids}
    if not ids or any(field.fault for field in written.values()):
        return _page(ids, written), 422
    now, sent, closed = house().clock.now(), 0, 0
    for episode_id, field in written.items():
        try:
            with house().db.writing() as session:
                desk_case(session, g.membership.context_id, episode_id, now)
                tutor_acted(session, episode_id, tutor, "message", field.value, now, form_key=form_key())
            sent += 1
        except NotYours:
            abort(404)
        except TooLate:
            closed += 1
    done = ngettext("%(num)s message is on its way.", "%(num)s messages are on their way.", sent)
    return queue_page(Written(done=done, note=_("Some cases had closed by themselves.") if closed else ""))
