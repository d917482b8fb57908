"""The desk's settings: each move shows at once who would be listed, and how the past weeks would have gone."""

from __future__ import annotations

from collections import Counter

from flask import Response, abort, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app.answers import answer, wants_fragment
from lti_app.desk import blueprint
from lti_app.desk.rehearsal import try_out
from lti_app.desk.setting_fields import STEPS, Sent, read_settings, sent_of
from lti_app.house import house
from lti_app.shell import render_panel
from lti_app.store.course_settings import BOUNDS, save_course_settings, settings_of
from lti_app.store.listing import listed_today

SHOWN = 12


def _context_id() -> int:
    return int(g.membership.context_id)


def _may_save() -> bool:
    """A platform administrator may look and try without being of this course's staff."""
    return g.membership.role in ("tutor", "manager")


def _tried(session: Session, sent: Sent) -> dict[str, object]:
    """What the preview shows."""
    tried = try_out(session, _context_id(), sent.settings, house().clock.now())
    listed = listed_today(session, tried.today)
    return {
        "sent": sent,
        "steps": STEPS,
        "tried": tried,
        "listed": listed[:SHOWN],
        "more": max(0, len(listed) - SHOWN),
        "new": len(tried.today.alerts),
        "held": Counter(one.why.value for one in tried.today.held_back),
        "days_known_from": g.membership.context.days_known_from,
    }


def _page(sent: Sent | None = None, done: str = "") -> str:
    with house().db.reading() as session:
        tried = _tried(session, sent or sent_of(settings_of(session, _context_id())))
        return render_panel(
            session, "desk/settings.html", tab="desk", done=done, bounds=BOUNDS, may_save=_may_save(), **tried
        )


def _kept_words() -> str:
    return _("Kept. The next look at the course follows it.")


@blueprint.route("/settings", methods=["GET", "POST"])
def settings() -> ResponseReturnValue:
    """Show the settings and what they do today."""
    return _page(done=_kept_words() if request.args.get("kept") else "")


@blueprint.post("/settings/try")
def try_settings() -> ResponseReturnValue:
    """Show what the settings in the form would do; nothing is kept."""
    sent = read_settings()
    if not wants_fragment():
        return _page(sent)
    with house().db.reading() as session:
        return render_template("desk/_preview.html", **_tried(session, sent))


@blueprint.post("/settings/save")
def save_settings() -> Response:
    """Keep the settings; the next sweep follows them."""
    if not _may_save():
        abort(403)
    sent = read_settings()
    if not sent.fault:
        with house().db.writing() as session:
            save_course_settings(session, _context_id(), sent.settings, g.membership.id, house().clock.now())

    def page() -> str:
        return _page(sent) if sent.fault else _page(done=_kept_words())

    return answer(fragment=page, page=page, to=url_for("desk.settings", kept=1), status=422 if sent.fault else 200)
