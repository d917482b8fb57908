"""What people do with a post, in whatever room it stands: change it, take it back, a warm sign, a vote.

Each act has its form; htmx replaces the post (or a part of it), and without a script the page comes back.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, abort, g, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from lti_app.answers import answer, way_back
from lti_app.fields import Field, read_text
from lti_app.house import house
from lti_app.panels.talk.room import blueprint, thread_page
from lti_app.shell import render_panel
from lti_app.store import post_acts
from lti_app.store.post_views import PostView
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.talk import MAX_BODY, MAX_TITLE
from lti_app.uploads import shelf_of


def _read(post_id: int) -> tuple[PostView, str, int]:
    me = g.membership
    try:
        with house().db.reading() as session:
            view, thread = post_acts.read_post(session, me.context_id, post_id, me.id, to_staff=g.visit.is_staff)
            return view, thread.kind, thread.id
    except NotYours:
        abort(404)


#: Rooms that draw a post in their own way: by the kind of thread, from its id, the post's, and what is read out.
DRAWN: dict[str, Callable[[int, int, str], str]] = {}
#: Where a thread of another room is read, and the room itself, for those who come back from an act.
PLACES: dict[str, tuple[str, str]] = {"talk": ("panels.talk.thread", "panels.talk.show")}


def _place(kind: str, thread_id: int) -> str:
    known = PLACES.get(kind)
    return url_for(known[0], thread_id=thread_id) if known else way_back()


def _look() -> str:
    return "first" if request.form.get("look") == "first" else ""


def _post(post_id: int, said: str = "") -> str:
    view, kind, thread_id = _read(post_id)
    if kind in DRAWN:
        return DRAWN[kind](thread_id, post_id, said)
    return render_template("panels/talk/_post.html", it=view, look=_look(), said=said)


def _whole(kind: str, thread_id: int, words: str) -> str:
    """Return the page to answer a form with where neither a script nor a cookie helps."""
    if kind == "talk":
        return thread_page(thread_id)
    with house().db.reading() as session:
        back = _place(kind, thread_id)
        return render_panel(session, "panels/done.html", tab="", words=words, back=back)


def _done(post_id: int, words: str, fragment: Callable[[], str] | None = None) -> Response:
    _view, kind, thread_id = _read(post_id)
    to = _place(kind, thread_id)
    return answer(
        fragment=fragment or (lambda: _post(post_id, words)),
        page=lambda: _whole(kind, thread_id, words),
        to=f"{to or url_for('panels.home.show')}#post-{post_id}",
    )


def _write(act: Callable[[Session], object]) -> object:
    try:
        with house().db.writing() as session:
            return act(session)
    except NotYours:
        abort(404)


@blueprint.route("/post/<int:post_id>/edit", methods=["GET", "POST"])
def edit(post_id: int) -> Response:
    """Show the form to change one's own words."""
    return _edit_form(post_id)


def _title_of(post_id: int) -> str | None:
    me = g.membership
    try:
        with house().db.reading() as session:
            return post_acts.title_of(session, me.context_id, post_id, me.id)
    except NotYours:
        abort(404)


def _edit_form(post_id: int, draft: Field | None = None, title: Field | None = None) -> Response:
    view, kind, _thread_id = _read(post_id)
    if not view.is_mine:
        abort(404)
    called = _title_of(post_id)
    # A question may be its title alone.
    body = "" if kind == "ask" and view.body == called else view.body
    parts = {
        "it": view, "draft": draft or Field(body), "look": _look(), "back": way_back(), "needed": kind != "ask",
        "title": title or (None if called is None else Field(called)),
    }  # fmt: skip

    def page() -> str:
        with house().db.reading() as session:
            return render_panel(session, "panels/talk/edit.html", tab="talk", **parts)

    status = 422 if any(one is not None and one.fault for one in (draft, title)) else 200
    made = answer(fragment=lambda: render_template("panels/talk/_edit.html", **parts), page=page, to="", status=422)
    made.status_code = status
    return made


@blueprint.route("/post/<int:post_id>", methods=["GET", "POST"])
def post(post_id: int) -> Response:
    """Show one post again, as after a change of mind while editing."""
    return _done(post_id, "")


@blueprint.post("/post/<int:post_id>/save")
def save(post_id: int) -> Response:
    """Keep the changed words."""
    me, called = g.membership, _title_of(post_id)
    alone = called is not None and _read(post_id)[1] == "ask"
    draft = read_text("body", most=MAX_BODY, needed=not alone)
    # Whoever sends no title, as the form of a reply does, leaves it as it is.
    titled = called is not None and "title" in request.form
    title = read_text("title", most=MAX_TITLE, lines=False) if titled else None
    new, fault = title.value if title else called or "", title.fault if title else ""
    if not (draft.fault or fault):
        try:
            body, now = draft.value or new, house().clock.now()
            _write(lambda session: post_acts.edit(session, me.context_id, post_id, me.id, body, now, title=new))
        except TooLate:
            draft = Field(draft.value, _("This discussion has been closed in the meantime."))
    if draft.fault or fault:
        return _edit_form(post_id, draft, title)
    words = _("Your words are changed.")
    return _done(post_id, words, lambda: _post(post_id, words) + (_heading(new) if title else ""))


def _heading(title: str) -> str:
    """Let the heading of the page say the new title, too, where only the post is drawn anew."""
    return Markup('<span id="heading" hx-swap-oob="innerHTML">{}</span>').format(title)


@blueprint.post("/post/<int:post_id>/take-back")
def take_back(post_id: int) -> Response:
    """Delete one's own post."""
    me = g.membership
    _view, kind, thread_id = _read(post_id)
    keys: tuple[str, ...] = ()
    ends = False
    try:
        with house().db.writing() as session:
            keys, ends = post_acts.take_back(session, me.context_id, post_id, me.id, house().clock.now())
    except NotYours:
        abort(404)
    for key in keys:
        shelf_of(house().settings).remove(key)
    words = _("It is taken back.")
    if ends:
        return _gone(words, PLACES.get(kind, PLACES["talk"])[1])
    to = _place(kind, thread_id)
    return answer(
        fragment=lambda: render_template("panels/talk/_gone.html", post_id=post_id, said=words),
        page=lambda: _whole(kind, thread_id, words),
        to=to or url_for("panels.home.show"),
    )


def _gone(words: str, room: str) -> Response:
    def page() -> str:
        with house().db.reading() as session:
            return render_panel(session, "panels/done.html", tab="", words=words, back=url_for(room))

    part = lambda: render_template("panels/talk/_over.html", words=words, room=url_for(room))  # noqa: E731
    return answer(fragment=part, page=page, to=url_for(room))


@blueprint.route("/post/<int:post_id>/history", methods=["GET", "POST"])
def history(post_id: int) -> str:
    """Show what a post said before, to its author and to staff."""
    me = g.membership
    try:
        with house().db.reading() as session:
            versions = post_acts.history(session, me.context_id, post_id, me.id, to_staff=g.visit.is_staff)
            view, _thread = post_acts.read_post(session, me.context_id, post_id, me.id, to_staff=g.visit.is_staff)
            return render_panel(
                session, "panels/talk/history.html", tab="talk", it=view, versions=versions, back=way_back()
            )
    except NotYours:
        abort(404)


@blueprint.post("/post/<int:post_id>/sign")
def sign(post_id: int) -> Response:
    """Leave a warm sign, or take it back."""
    me, kind = g.membership, request.form.get("kind", "")
    stands = _write(
        lambda session: post_acts.react(
            session, me.context_id, post_id, me.id, kind, house().clock.now(), to_staff=g.visit.is_staff
        )
    )
    words = _("Your sign is there.") if stands else _("Your sign is taken back.")
    return _done(post_id, words, lambda: render_template("panels/talk/_signs.html", it=_read(post_id)[0], said=words))


@blueprint.post("/post/<int:post_id>/vote")
def vote(post_id: int) -> Response:
    """Answer the poll beneath a post, or answer it otherwise."""
    me = g.membership
    chosen = {int(one) for one in request.form.getlist("option") if one.isascii() and one.isdecimal() and len(one) < 19}
    words = _("Your vote is counted.") if chosen else _("Your vote is taken back.")
    try:
        _write(lambda session: post_acts.vote(session, me.context_id, post_id, me.id, chosen, house().clock.now()))
    except TooLate:
        words = _("This poll is over.")
    return _done(post_id, words, lambda: render_template("panels/talk/_poll.html", it=_read(post_id)[0], said=words))
