"""Welcome: two minutes at most for whoever comes for the first time, to be left at any step and taken up again."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, abort, g, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app import welcoming
from lti_app.answers import answer
from lti_app.caring import stopped
from lti_app.fields import Field, form_key, read_text
from lti_app.house import house
from lti_app.letter_words import language_of
from lti_app.panels.me.forms import name_is_taken, read_name, read_tint, read_why
from lti_app.panels.welcome.norms import kept_words, staff_page
from lti_app.panels.welcome.rooms import blueprint
from lti_app.panels.welcome.starters import starters
from lti_app.shell import render_panel
from lti_app.store import hello, norms, selves, welcome, why
from lti_app.store.refusals import Taken, TooLate
from lti_app.store.speaking import Stopped
from lti_app.store.talk import MAX_BODY
from lti_app.welcoming import Drafts


def _step_asked() -> str | None:
    asked = request.args.get("step", "")
    return asked if asked in welcome.STEPS else None


def _page(drafts: Drafts | None = None, step: str | None = None) -> str:
    with house().db.reading() as session:
        card = welcoming.card(session, step=step or _step_asked() or _next(), drafts=drafts)
        return render_panel(session, "panels/welcome/page.html", tab="welcome", welcome=card)


def _next() -> str:
    return welcome.walk_of(g.membership).due(welcoming.version()) or "done"


def _part(drafts: Drafts | None = None, step: str | None = None) -> str:
    with house().db.reading() as session:
        card = welcoming.card(session, step=step or _next(), drafts=drafts)
        return render_template("panels/welcome/_welcome.html", welcome=card, moved=True)


@blueprint.route("", methods=["GET", "POST"])
def show() -> str:
    """Show the welcome on a page of its own; staff see what newcomers see, and the norms."""
    if g.visit.is_staff:
        return staff_page(done=kept_words() if request.args.get("kept") else "")
    return _page()


def _go_on(step: str, act: Callable[[Session], object] | None = None) -> Response:
    """Do what was chosen, pass the step and show the next one."""
    if g.visit.is_staff:
        abort(404)
    with house().db.writing() as session:
        if act is not None:
            act(session)
        g.membership.settings = welcome.pass_step(session, g.membership.id, step, welcoming.version())
    return answer(fragment=_part, page=_page, to=url_for(".show"))


def _again(step: str, drafts: Drafts) -> Response:
    """Show the same step with what could not be taken."""
    return answer(fragment=lambda: _part(drafts, step), page=lambda: _page(drafts, step), to="", status=422)


@blueprint.post("/norms")
def agree() -> Response:
    """Share the norms of the course."""
    now, version = house().clock.now(), welcoming.version()
    return _go_on("norms", lambda session: norms.accept(session, g.membership.id, version, now))


@blueprint.post("/name")
def be_called() -> Response:
    """Choose how to be called and which colour stands behind the initials."""
    name, tint = read_name(), read_tint()
    if name.fault:
        return _again("name", Drafts(name=name))

    def act(session: Session) -> None:
        person = selves.choose_name(session, g.membership.id, name.value, house().clock.now())
        person = selves.choose_look(session, g.membership.id, tint)
        g.membership.person.display_name, g.membership.person.tint = person.display_name, person.tint

    try:
        return _go_on("name", act)
    except Taken:
        return _again("name", Drafts(name=name_is_taken(name)))


@blueprint.post("/why")
def say_why() -> Response:
    """Say why one is here, for oneself or to share."""
    said, words = read_why()
    if words.fault:
        return _again("why", Drafts(why=words, said=said))
    now = house().clock.now()
    return _go_on(
        "why",
        lambda session: why.say_why(session, g.membership.id, said.motive, said.words, said.shared_with, now),
    )


@blueprint.post("/hello")
def say_hello() -> Response:
    """Greet the course with one of the lines, or in one's own words."""
    ready = dict(starters()).get(request.form.get("starter", ""))
    words = Field(ready) if ready else read_text("hello", most=MAX_BODY)
    if words.fault:
        return _again("hello", Drafts(hello=words))
    key, now, me = form_key(), house().clock.now(), g.membership
    with force_locale(language_of(g.academy.locale)):
        title, opening = _("Who we are"), _("Say hello here: who you are, and what brings you. One line is plenty.")
    try:
        return _go_on(
            "hello",
            lambda session: hello.say_hello(
                session, me.context_id, me.id, words.value, now, title=title, opening=opening, form_key=key
            ),
        )
    except TooLate:
        return _again("hello", Drafts(hello=Field(words.value, _("That did not work. Please try once more."))))
    except Stopped as stop:
        return _again("hello", Drafts(hello=Field(words.value, stopped(stop))))


@blueprint.post("/skip")
def skip() -> Response:
    """Leave a step out."""
    step = request.form.get("step", "")
    if step not in welcome.STEPS:
        abort(400)
    return _go_on(step)


@blueprint.post("/later")
def later() -> Response:
    """Go on another time, or (``never``) be asked no more."""
    if g.visit.is_staff:
        abort(404)
    with house().db.writing() as session:
        if request.form.get("never"):
            settings = welcome.close(session, g.membership.id, welcoming.version())
        else:
            settings = welcome.put_off(session, g.membership.id, house().clock.now())
    g.membership.settings = settings
    return answer(
        fragment=lambda: render_template("panels/welcome/_gone.html"),
        page=lambda: _page(step="done"),
        to=url_for("panels.home.show"),
    )
