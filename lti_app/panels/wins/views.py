"""Wins: kind words, things reached, projects, and for staff the praise that is due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask import Response, abort, g, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app.answers import answer, wants_fragment
from lti_app.caring import stopped
from lti_app.fields import Field, read_text
from lti_app.house import house
from lti_app.panels.files import Files
from lti_app.panels.wins.forms import ID, Showing, Thanks, read_thanks
from lti_app.panels.wins.rooms import blueprint
from lti_app.shell import render_panel
from lti_app.store import kudos, milestones, near, people, praise, projects
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.speaking import Stopped, is_watched
from lti_app.store.views import Face


def _number(name: str) -> int | None:
    raw = request.args.get(name, "")
    return int(raw) if raw.isascii() and raw.isdecimal() and 0 < int(raw[:19] or 0) < ID else None


def _asked() -> Thanks:
    """The kind word that a link of another page begins."""
    asked = Thanks(to_id=_number("to"), post_id=_number("post"), match_id=_number("match"), thread_id=_number("event"))
    return replace(asked, is_open=asked.to_id is not None)


def _thanks_facts(session: Session, thanks: Thanks) -> dict[str, object]:
    """Whom one may thank: those met lately, those found by name, and the one already chosen."""
    me = g.membership
    known: dict[int, Face] = {one.membership_id: one for one in near.near(session, me.context_id, me.id)}
    known |= {one.membership_id: one for one in thanks.found}
    if thanks.to_id is not None and thanks.to_id not in known:
        chosen = people.faces_here(session, me.context_id, [thanks.to_id])
        known |= {id_: face for id_, face in chosen.items() if id_ != me.id}
    return {"thanks": thanks, "people": tuple(known.values()), "reasons": kudos.REASONS}


def facts(session: Session, thanks: Thanks | None = None) -> dict[str, object]:
    """Return what the page shows besides its forms; ``mine`` and ``received`` are the viewer's own."""
    me, now, staff = g.membership, house().clock.now(), g.visit.is_staff
    moves = milestones.recent_milestones(session, me.context_id, now, 40, viewer_id=me.id or None)
    return {
        # Whom somebody helped through a match thanks them in their own words: not told twice.
        "mine": tuple(one for one in moves if one.mine and one.kind != "thanked")[:6],
        "others": tuple(one for one in moves if not one.mine)[:12],
        "together": milestones.reached_together(session, me.context_id, now),
        "received": kudos.received(session, me.id),
        "shown": kudos.shown(session, me.context_id, me.id),
        "due": praise.due(session, me.context_id) if staff else (),
        "shows": bool((me.settings or {}).get(milestones.SHOWS)),
        **_thanks_facts(session, thanks or _asked()),
    }


def page(
    thanks: Thanks | None = None, showing: Showing | None = None, files: Files | None = None, done: str = ""
) -> str:
    """Draw the wins."""
    me = g.membership
    with house().db.reading() as session:
        drawn = render_panel(
            session,
            "panels/wins/page.html",
            tab="wins",
            projects=projects.list_projects(session, me.context_id, me.id, to_staff=g.visit.is_staff),
            showing=showing or Showing(),
            files=files,
            done=done,
            **facts(session, thanks),
        )
    if me.id and not g.visit.student_view:
        with house().db.writing() as session:
            kudos.saw_kudos(session, me.id, house().clock.now())
    return drawn


@blueprint.route("", methods=["GET", "POST"])
def show() -> str:
    """Show what went well."""
    return page(done=_("Your kind word is there.") if request.args.get("said") else "")


def _thanks_part(thanks: Thanks, done: str = "") -> Callable[[], str]:
    def part() -> str:
        with house().db.reading() as session:
            return render_template("panels/wins/_thanks.html", done=done, **_thanks_facts(session, thanks))

    return part


@blueprint.post("/kudos")
def say_kudos() -> Response:
    """Say a kind word, or look for somebody by name."""
    thanks = read_thanks()
    if request.form.get("act") == "find" or thanks.to_id is None:
        thanks = _looked_up(thanks)
    fault = _fault_of(thanks)
    if not fault and request.form.get("act") != "find":
        fault = _give(thanks)
        if not fault:
            done = _given(thanks)
            empty = Thanks()
            return answer(
                fragment=_thanks_part(empty, done), page=lambda: page(empty, done=done), to=url_for(".show", said=1)
            )
    # What is being written stands in no address: this answer is never a redirect.
    thanks = replace(thanks, fault=fault)
    status = 422 if fault or not wants_fragment() else 200
    return answer(fragment=_thanks_part(thanks), page=lambda: page(thanks), to="", status=status)


def _given(thanks: Thanks) -> str:
    with house().db.reading() as session:
        waits = bool(thanks.words.value) and is_watched(session, g.membership.id, house().clock.now())
    return _("A moderator reads it first; then it is on its way.") if waits else _("Your kind word is there.")


def _looked_up(thanks: Thanks) -> Thanks:
    with house().db.reading() as session:
        found = near.named(session, g.membership.context_id, g.membership.id, thanks.find.value)
    only = found[0].membership_id if len(found) == 1 else None
    return replace(thanks, found=found, to_id=thanks.to_id or only)


def _fault_of(thanks: Thanks) -> str:
    """Return the word for what is missing, or an empty string."""
    if request.form.get("act") == "find":
        return "" if thanks.found else _("We found nobody of that name in this course.")
    if thanks.to_id is None:
        if thanks.find.value and not thanks.found:
            return _("We found nobody of that name in this course.")
        return _("Whom would you like to thank? Choose somebody.")
    if not thanks.reason:
        return _("Choose what you thank for.")
    return thanks.words.fault


def _give(thanks: Thanks) -> str:
    """Keep the kind word; returns the word for why it cannot be."""
    about = kudos.About(thanks.post_id, thanks.match_id, thanks.thread_id)
    try:
        with house().db.writing() as session:
            kudos.give(
                session, g.membership.id, thanks.to_id or 0, thanks.reason, thanks.words.value, house().clock.now(),
                about=about, form_key=thanks.form_key,
            )  # fmt: skip
    except NotYours:
        abort(404)
    except kudos.EnoughToday:
        return _("You have said many kind words today. Keep this one for tomorrow: it will weigh more.")
    except Stopped as stop:
        return stopped(stop)
    return ""


def act(do: Callable[[Session], object], done: str, part: Callable[[], str]) -> Response:
    """Do something small and draw its part of the page again."""
    try:
        with house().db.writing() as session:
            do(session)
    except NotYours:
        abort(404)
    return answer(fragment=part, page=lambda: page(done=done), to=url_for(".show"))


def _mine_part(done: str = "") -> Callable[[], str]:
    def part() -> str:
        with house().db.reading() as session:
            return render_template("panels/wins/_mine.html", done=done, **facts(session))

    return part


@blueprint.post("/kudos/<int:kudos_id>/hide")
def hide(kudos_id: int) -> Response:
    """Put a kind word that I received out of sight, or back."""
    hidden = request.form.get("hidden") == "yes"
    done = _("It is out of sight now.") if hidden else _("It can be seen again.")
    me, now = g.membership.id, house().clock.now()
    return act(lambda session: kudos.hide(session, kudos_id, me, hidden, now), done, _mine_part(done))


@blueprint.post("/kudos/<int:kudos_id>/tell")
def tell(kudos_id: int) -> Response:
    """Let a moderator read a word that was not kind."""
    done = _("A person will read it. It is out of sight now.")
    me, now = g.membership.id, house().clock.now()
    return act(lambda session: kudos.tell_tutor(session, kudos_id, me, now), done, _mine_part(done))


@blueprint.post("/milestones")
def show_milestones() -> Response:
    """Let others see what I reach, or not any more."""
    shows = request.form.get("shows") == "yes"
    me = g.membership
    me.settings = {**(me.settings or {}), milestones.SHOWS: shows}
    done = _("The others can see what you reach.") if shows else _("What you reach is yours alone again.")
    return act(lambda session: milestones.show_milestones(session, me.id, shows), done, _mine_part(done))


@blueprint.post("/warm/<int:milestone_id>")
def warm(milestone_id: int) -> Response:
    """Give a warm sign to something reached, or take it back."""
    me, now = g.membership.id, house().clock.now()

    def part() -> str:
        with house().db.reading() as session:
            return render_template("panels/wins/_others.html", **facts(session))

    return act(lambda session: milestones.react(session, milestone_id, me, now), "", part)


@blueprint.post("/praise/<int:prompt_id>")
def well_done(prompt_id: int) -> Response:
    """Give the praise that is due, with one tap or in words of one's own."""
    if g.membership.role not in ("tutor", "manager"):
        abort(404)
    words = read_text("words", most=kudos.MAX_WORDS, needed=False)
    said = _praise(prompt_id, words)

    def part() -> str:
        with house().db.reading() as session:
            return render_template("panels/wins/_praise.html", praised=said, **facts(session))

    return answer(
        fragment=part,
        page=lambda: page(done=said.value),
        to=url_for(".show", said=1),
        status=422 if said.fault else 200,
    )


def _praise(prompt_id: int, words: Field) -> Field:
    if words.fault:
        return words
    me = g.membership
    try:
        with house().db.writing() as session:
            praise.say_well_done(session, me.context_id, prompt_id, me.id, words.value, house().clock.now())
    except NotYours:
        abort(404)
    except TooLate:
        return Field(_("A colleague has just said it."))
    return Field(_("Your kind word is there."))
