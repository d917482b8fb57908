"""Who I am here: how others see me, why I came, what I agreed to, and all of it to change, take along or erase."""

from __future__ import annotations

import json

from flask import Blueprint, Response, abort, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app import door, welcoming
from lti_app.answers import answer
from lti_app.fields import Field
from lti_app.house import house
from lti_app.limits import takes_files
from lti_app.panels.me.forms import name_is_taken, read_name, read_tint, read_why
from lti_app.panels.me.portrait import clear, take_portrait
from lti_app.shell import render_panel
from lti_app.store import names, norms, portraits, selves, welcome, why
from lti_app.store.milestones import SHOWS, show_milestones
from lti_app.store.refusals import Taken
from lti_app.welcoming import Drafts

blueprint = Blueprint("me", __name__, url_prefix="/v/<ref>/me")
door.guard(blueprint)


def _facts(session: Session, drafts: Drafts | None = None, done: str = "") -> dict[str, object]:
    """Return what the page shows; ``drafts`` is what was sent and could not be taken."""
    me, sent = g.membership, drafts or Drafts()
    version = welcoming.version()
    return {
        "seen_as": names.shortened(me.person),
        "told": names.platform_name(me.person),
        "name": sent.name if sent.name.fault else Field(me.person.display_name or ""),
        "tint": me.person.tint,
        "picture_fault": sent.picture,
        "why": sent.said if sent.why.fault else why.why_of(session, me),
        "why_fault": sent.why.fault,
        "agreed_at": norms.accepted_at(session, me.id, version),
        "norms_words": welcoming.norms_words(session, version),
        "shows_milestones": bool((me.settings or {}).get(SHOWS)),
        "walk_due": not g.visit.is_staff and welcome.walk_of(me).due(version),
        "done": done,
    }


def _page(drafts: Drafts | None = None, done: str = "") -> str:
    with house().db.reading() as session:
        return render_panel(session, "panels/me/page.html", tab="me", **_facts(session, drafts, done))


def _answer(done: str = "", drafts: Drafts | None = None) -> Response:
    """Answer with the whole page's middle: a new name shows in every part of it."""

    def part() -> str:
        with house().db.reading() as session:
            return render_template("panels/me/_me.html", **_facts(session, drafts, done))

    def page() -> str:
        return _page(drafts, done)

    return answer(fragment=part, page=page, to=url_for(".show"), status=422 if drafts else 200)


@blueprint.route("", methods=["GET", "POST"])
def show() -> str:
    """Show who I am here."""
    return _page()


@blueprint.post("/name")
def be_called() -> Response:
    """Choose how to be called and how to be shown."""
    name, tint = read_name(), read_tint()
    if name.fault:
        return _answer(drafts=Drafts(name=name))
    try:
        with house().db.writing() as session:
            person = selves.choose_name(session, g.membership.id, name.value, house().clock.now())
            person = selves.choose_look(session, g.membership.id, tint)
            g.membership.person.display_name, g.membership.person.tint = person.display_name, person.tint
    except Taken:
        return _answer(drafts=Drafts(name=name_is_taken(name)))
    return _answer(_("Kept. This is how the others see you from now on."))


@blueprint.post("/picture")
@takes_files
def show_picture() -> Response:
    """Show myself with a picture of mine, or with my initials again."""
    me = g.membership
    if request.form.get("off"):
        with house().db.writing() as session:
            key = portraits.take_off(session, me.id, house().clock.now())
        me.person.portrait = None
        clear(key)
        return _answer(_("Your initials stand there again."))
    taken = take_portrait()
    if isinstance(taken, str):
        return _answer(drafts=Drafts(picture=taken))
    with house().db.writing() as session:
        key = portraits.wear(session, me.id, taken.key, house().clock.now())
    me.person.portrait = taken.key
    clear(key)
    return _answer(_("Kept. This is how the others see you from now on."))


@blueprint.post("/why")
def say_why() -> Response:
    """Say anew why I am here, or erase it."""
    if request.form.get("erase"):
        with house().db.writing() as session:
            why.erase_why(session, g.membership.id)
        g.membership.motive = None
        return _answer(_("Erased. Nobody knows any more, we neither."))
    said, words = read_why()
    if words.fault:
        return _answer(drafts=Drafts(why=words, said=said))
    with house().db.writing() as session:
        now = house().clock.now()
        member = why.say_why(session, g.membership.id, said.motive, said.words, said.shared_with, now)
        g.membership.motive = member.motive
    return _answer(_("Kept."))


@blueprint.post("/milestones")
def milestones() -> Response:
    """Let others see what I reach, or not any more."""
    shows = request.form.get("shows") == "yes"
    with house().db.writing() as session:
        show_milestones(session, g.membership.id, shows)
    g.membership.settings = {**(g.membership.settings or {}), SHOWS: shows}
    return _answer(_("Kept."))


@blueprint.post("/agree")
def agree() -> Response:
    """Share the norms, from this page."""
    with house().db.writing() as session:
        norms.accept(session, g.membership.id, welcoming.version(), house().clock.now())
        settings = welcome.pass_step(session, g.membership.id, "norms", welcoming.version())
    g.membership.settings = settings
    return _answer(_("Thank you."))


@blueprint.route("/export", methods=["GET", "POST"])
def export() -> Response:
    """Give me all that I said about myself here, in a file."""
    if not g.membership.id:
        abort(404)
    with house().db.reading() as session:
        told = selves.told_about_oneself(session, g.membership, g.visit.locale)
    response = make_response(json.dumps(told, ensure_ascii=False, indent=2))
    response.headers["Content-Type"] = "application/json; charset=utf-8"
    response.headers["Content-Disposition"] = 'attachment; filename="me.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/erase")
def erase() -> Response:
    """Forget all that I said about myself; what I wrote to others stays where it is."""
    with house().db.writing() as session:
        key = selves.erase_oneself(session, g.membership.id, house().clock.now())
    clear(key)
    me = g.membership
    me.person.display_name = me.person.tint = me.person.portrait = me.motive = None
    me.settings = {name: value for name, value in (me.settings or {}).items() if name != SHOWS}
    return _answer(_("Erased. You are as you were when you came."))
