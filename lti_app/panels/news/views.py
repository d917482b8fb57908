"""What concerns me, newest first, by day; each line leads to its very place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app import door
from lti_app.answers import answer
from lti_app.house import house
from lti_app.panels.news.forms import read_seen
from lti_app.panels.news.links import place_of
from lti_app.shell import render_panel
from lti_app.store import news
from lti_app.wording import day_of

blueprint = Blueprint("news", __name__, url_prefix="/v/<ref>/news")
door.guard(blueprint)


@dataclass(frozen=True, slots=True)
class Day:
    """What one day brought."""

    on: date
    lines: Sequence[news.Line]


@dataclass(frozen=True, slots=True)
class NewsView:
    """A page of news; ``before`` leads to what is older, None where that was all."""

    days: Sequence[Day]
    unseen: int
    before: int | None
    earlier: bool


def _view(session: Session) -> NewsView:
    raw = request.args.get("before", "")
    before = int(raw) if raw.isascii() and raw.isdecimal() and len(raw) <= 18 else None
    me = g.membership
    found = news.items(session, [me.id], before=before, limit=news.PAGE + 1, to_staff=g.visit.is_staff)[me.id]
    shown = found[: news.PAGE]
    days = groupby(shown, lambda item: day_of(item.at))
    return NewsView(
        days=[Day(on, news.gather(list(own))) for on, own in days],
        unseen=news.number_unseen(session, me.id),
        before=shown[-1].id if len(found) > len(shown) else None,
        earlier=before is not None,
    )


def _page() -> str:
    with house().db.reading() as session:
        return render_panel(session, "panels/news/page.html", tab="news", view=_view(session))


def _part(said: str) -> str:
    with house().db.reading() as session:
        return render_template("panels/news/_lines.html", view=_view(session), said=said)


@blueprint.route("", methods=["GET", "POST"])
def show() -> str:
    """Show what concerns me."""
    return _page()


@blueprint.route("/<int:notification_id>", methods=["GET", "POST"])
def open_one(notification_id: int) -> Response:
    """Go to the place that a notification is about; it has been seen then."""
    me = g.membership
    with house().db.writing() as session:
        item = news.see_like(session, me.id, notification_id, house().clock.now())
    if item is None:
        abort(404)
    # 307 repeats the form that carried the token, where no cookie does.
    return make_response(redirect(place_of(item), code=303 if door.cookie_works() else 307))


@blueprint.post("/seen")
def seen() -> Response:
    """Count some of it as seen, or all."""
    ids = read_seen()
    with house().db.writing() as session:
        news.see(session, g.membership.id, house().clock.now(), ids)
    return answer(fragment=lambda: _part(_("Seen.")), page=_page, to=url_for(".show"))
