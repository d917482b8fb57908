"""Circle: a small study group of my own, or the way to one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response, abort, g, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app import door
from lti_app.answers import answer
from lti_app.fields import Field, form_key, number_asked, read_text
from lti_app.house import house
from lti_app.panels.circle import forms
from lti_app.panels.circle.forms import Drafts
from lti_app.panels.circle.opening import opening_words
from lti_app.panels.peer.parts import Word
from lti_app.shell import render_panel
from lti_app.store import circle_acts, circle_view, posting
from lti_app.store.circle_view import CirclesView, WishView
from lti_app.store.offers import WINDOW_CODES
from lti_app.store.refusals import NotYours, Taken, TooLate
from lti_app.store.talk import MAX_BODY

blueprint = Blueprint("circle", __name__, url_prefix="/v/<ref>/circle")
door.guard(blueprint)
NOTHING = CirclesView(None, None, WishView(None, ()), may=False)


def _view(session: Session) -> CirclesView:
    me, now = g.membership, house().clock.now()
    if not me.id:
        return NOTHING
    return circle_view.circles_for(session, me, now, before=number_asked("before"), at=number_asked("post"))


def _saw(view: CirclesView) -> None:
    me, now = g.membership, house().clock.now()
    if me.id == 0 or g.visit.student_view:
        return
    with house().db.writing() as session:
        if view.invitation is not None:
            circle_view.saw_invitation(session, me.id, now)
        if view.circle is not None and view.circle.thread is not None:
            posting.saw_thread(session, view.circle.thread.id, me.id, now)


def _page(word: Word | None = None, drafts: Drafts | None = None) -> str:
    with house().db.reading() as session:
        view = _view(session)
        page = render_panel(session, "panels/circle/page.html", tab="circle", **_context(view, word, drafts))
    _saw(view)
    return page


def _part(word: Word | None, drafts: Drafts | None, said: str) -> str:
    with house().db.reading() as session:
        view = _view(session)
    _saw(view)
    return render_template("panels/circle/_circle.html", said=said, **_context(view, word, drafts))


def _context(view: CirclesView, word: Word | None, drafts: Drafts | None) -> dict[str, object]:
    return {"view": view, "word": word, "drafts": drafts or Drafts(), "window_codes": WINDOW_CODES}


def _answer(word: Word | None = None, drafts: Drafts | None = None, *, said: str = "", status: int = 200) -> Response:
    return answer(
        fragment=lambda: _part(word, drafts, said),
        page=lambda: _page(word, drafts),
        to=url_for("panels.circle.show"),
        status=status,
    )


def _do(act: Callable[[Session, int, datetime], object]) -> Word | None:
    """Do one thing in one transaction; what belongs to others is not there, what came too late gets a word."""
    try:
        with house().db.writing() as session:
            act(session, g.membership.id, house().clock.now())
    except NotYours:
        abort(404)
    except Taken:
        title = _("The last seat has just been taken.")
        return Word(title, _("It is nothing to do with you: another circle will be looked for."), "care")
    except TooLate:
        return Word(_("In the meantime things have moved on."), _("Here is how they stand now."), "care")
    return None


@blueprint.route("", methods=["GET", "POST"])
def show() -> str:
    """Show my circle, or the way to one."""
    return _page()


@blueprint.post("/wish")
def wish() -> Response:
    """Say that I would like a circle, that I would rather not be asked, or take either back."""
    said, windows = request.form.get("wants", ""), forms.read_windows()
    if said == "yes":
        word = _do(lambda session, me, now: circle_acts.wish(session, me, True, windows, now))
        title, words = _("We are looking for a circle."), _("You will find the invitation here. You decide then.")
    elif said == "no":
        word = _do(lambda session, me, now: circle_acts.wish(session, me, False, (), now))
        title, words = _("All right: nobody will ask you."), _("You can change your mind here at any time.")
    elif said == "forget":
        word = _do(lambda session, me, now: circle_acts.forget_wish(session, me))
        title, words = _("Taken back."), ""
    else:
        abort(400)
    return _answer(word or Word(title, words), status=409 if word else 200)


@blueprint.post("/<int:circle_id>/accept")
def accept(circle_id: int) -> Response:
    """Say yes to an invitation."""
    words = opening_words()
    word = _do(lambda session, me, now: circle_acts.accept(session, circle_id, me, now, opening_words=words))
    return _answer(word or Word(_("Good to have you in the circle.")), status=409 if word else 200)


@blueprint.post("/<int:circle_id>/decline")
def decline(circle_id: int) -> Response:
    """Say no to an invitation."""
    word = _do(lambda session, me, now: circle_acts.decline(session, circle_id, me, now))
    done = Word(_("That is quite all right."), _("Nobody sees who was asked and said no."))
    return _answer(word or done, status=409 if word else 200)


@blueprint.post("/<int:circle_id>/leave")
def leave(circle_id: int) -> Response:
    """Leave my circle."""
    word = _do(lambda session, me, now: circle_acts.leave(session, circle_id, me, now))
    done = Word(
        _("You have left the circle."), _("The others keep what was written. You can look for another one here.")
    )
    return _answer(word or done, status=409 if word else 200)


@blueprint.post("/<int:circle_id>/reply")
def reply(circle_id: int) -> Response:
    """Say something to my circle."""
    body, key = read_text("body", most=MAX_BODY), form_key()
    if body.fault:
        return _answer(drafts=Drafts(body=body), status=422)
    word = _do(lambda session, me, now: posting.reply_circle(session, circle_id, me, body.value, now, form_key=key))
    if word:
        return _answer(word, Drafts(body=body), status=409)
    return _answer(said=_("Your message is there."))


@blueprint.post("/<int:circle_id>/agenda")
def add_item(circle_id: int) -> Response:
    """Put something on the agenda."""
    item, key = forms.read_item(), form_key()
    drafts = Drafts(item=item.words, starts=item.starts)
    if item.words.fault or item.starts.fault:
        return _answer(drafts=drafts, status=422)
    try:
        word = _do(
            lambda session, me, now: circle_acts.add_item(
                session, circle_id, me, item.words.value, item.starts_at, now, form_key=key
            )
        )
    except ValueError:
        full = Field(item.words.value, _("The agenda is full: tick off what is done, then there is room."))
        return _answer(drafts=Drafts(item=full, starts=item.starts), status=422)
    return _answer(word, drafts if word else None, said=_("It is on the agenda."), status=409 if word else 200)


@blueprint.post("/<int:circle_id>/agenda/<int:item_id>")
def tick_item(circle_id: int, item_id: int) -> Response:
    """Tick off something on the agenda, or open it again."""
    done = request.form.get("done") == "yes"
    word = _do(lambda session, me, now: circle_acts.tick_item(session, circle_id, me, item_id, done, now))
    return _answer(word, said=_("Done.") if done else _("Open again."), status=409 if word else 200)


@blueprint.post("/<int:circle_id>/check-in")
def check_in(circle_id: int) -> Response:
    """Say how my week goes."""
    said, words = forms.read_check_in()
    if said is None:
        abort(400)
    if words.fault:
        return _answer(drafts=Drafts(check_in=words), status=422)
    word = _do(lambda session, me, now: circle_acts.check_in(session, circle_id, me, said, words.value, now))
    return _answer(word, said=_("Your circle can see it."), status=409 if word else 200)


@blueprint.post("/<int:circle_id>/report")
def report(circle_id: int) -> Response:
    """Report somebody of my circle to a person of the academy."""
    about_id, words = forms.read_report()
    if about_id is None:
        abort(400)
    if words.fault:
        return _answer(drafts=Drafts(report=words), status=422)
    word = _do(lambda session, me, now: circle_acts.report(session, circle_id, me, about_id, words.value, now))
    done = Word(
        _("Thank you: a person will read this."),
        _("You have left the circle, and you two will not be put together again."),
    )
    return _answer(word or done, status=409 if word else 200)
