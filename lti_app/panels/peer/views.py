"""Peer: who could help me, whom I help, what I offer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response, abort, g, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app import door
from lti_app.fields import read_number
from lti_app.house import house
from lti_app.panels.peer import calls, forms, meeting
from lti_app.panels.peer.opening import opening_words
from lti_app.panels.peer.parts import Word, after, peer_page
from lti_app.store import episodes, matches, more_time, offers
from lti_app.store.introductions import introduction
from lti_app.store.refusals import NotYours, Taken, TooLate

blueprint = Blueprint("peer", __name__, url_prefix="/v/<ref>/peer")
door.guard(blueprint)
meeting.install(blueprint)
calls.install(blueprint)


def _taken() -> Word:
    title = _("This person has just been asked by somebody else.")
    return Word(title, _("Nothing is lost: you can ask another one, or try again later."), "care")


def _quicker() -> Word:
    title = _("Somebody else was a moment quicker.")
    return Word(title, _("Thank you for being ready: one of you was enough, and you stay free for the next one."))


def _do(act: Callable[[Session, int, datetime], object], *, taken: Callable[[], Word] = _taken) -> Word | None:
    """Do one thing in one transaction; what belongs to others is not there, what came too late gets a word."""
    try:
        with house().db.writing() as session:
            act(session, g.membership.id, house().clock.now())
    except NotYours:
        abort(404)
    except Taken:
        return taken()
    except TooLate:
        title = _("In the meantime things have moved on.")
        return Word(title, _("Here is how they stand now."), "care")
    return None


@blueprint.route("", methods=["GET", "POST"])
def show() -> str:
    """Show the peer panel."""
    return peer_page()


@blueprint.post("/choose/<int:match_id>")
def choose(match_id: int) -> Response:
    """Ask this candidate for help."""
    word = _do(lambda session, me, now: matches.choose(session, match_id, me, now))
    return after("care", word, status=409 if word else 200)


@blueprint.post("/withdraw/<int:match_id>")
def withdraw(match_id: int) -> Response:
    """Take the question back."""
    word = _do(lambda session, me, now: matches.withdraw(session, match_id, me, now))
    return after("care", word, status=409 if word else 200)


@blueprint.post("/not-now/<int:episode_id>")
def not_now(episode_id: int) -> Response:
    """Say "not now"."""
    word = _do(lambda session, me, now: episodes.not_now(session, episode_id, me, now))
    if word:
        return after("care", word, status=409)
    return after("care", Word(_("All right, not now."), _("We will not bring it up again for a week.")))


@blueprint.post("/not-so/<int:episode_id>")
def not_so(episode_id: int) -> Response:
    """Say "this is not so"."""
    words = forms.read_objection()
    if words.fault:
        return after("care", status=422, objection=words)
    _do(lambda session, me, now: episodes.this_is_wrong(session, episode_id, me, words.value, now))
    return after(
        "care", Word(_("Thank you for telling us."), _("We have put it right, and we will look more closely."))
    )


@blueprint.post("/more-time/<int:episode_id>")
def ask_for_time(episode_id: int) -> Response:
    """Ask the tutor for more time for one thing that is due."""
    words, activity_id = forms.read_objection(), read_number("activity_id", low=1, high=2**62)
    if activity_id is None:
        abort(400)
    if words.fault:
        return after("care", status=422, wish=words)
    word = _do(lambda session, me, now: more_time.ask_for_time(session, episode_id, me, activity_id, words.value, now))
    if word:
        return after("care", word, status=409)
    return after("care", Word(_("Your tutor has your request."), _("You will read the answer here.")))


@blueprint.post("/answer/<int:match_id>")
def answer_ask(match_id: int) -> Response:
    """Say yes or no to somebody who asks me."""
    accept = request.form.get("say") == "yes"

    def act(session: Session, me: int, now: datetime) -> None:
        words = opening_words(introduction(session, match_id, me)) if accept else ""
        matches.answer(session, match_id, me, accept, now, opening_words=words)

    word = _do(act, taken=_quicker)
    if word:
        return after("asks", word, status=409)
    if accept:
        return after("asks", Word(_("You are in touch."), _("Your private conversation is open below: say hello.")))
    return after(
        "asks", Word(_("That is quite all right."), _("Somebody else will be asked. Nobody sees that you declined."))
    )


@blueprint.post("/offer")
def offer() -> Response:
    """Offer help with an activity, or change the offer."""
    sent = forms.read_offer()
    if sent.activity_id is None:
        abort(400)
    part = "offer" if request.form.get("at") == "home" else "offers"
    if sent.words.fault:
        return after(part, status=422, draft=sent)
    if request.form.get("look") == "preview":
        return after(part, draft=sent)
    activity_id = sent.activity_id
    _do(
        lambda session, me, now: offers.offer_help(
            session,
            me,
            activity_id,
            capacity=sent.capacity,
            words=sent.words.value,
            languages=sent.languages,
            windows=sent.windows,
            shows_attempts=sent.shows_attempts,
            now=now,
        )
    )
    words = _("If somebody asks you, you decide each time. You can pause or stop with one click.")
    return after(part, Word(_("Thank you: your offer stands."), words))


@blueprint.post("/pause")
def pause() -> Response:
    """Pause all my offers, or take them up again."""
    paused = request.form.get("paused") == "yes"
    _do(lambda session, me, now: offers.pause_offers(session, me, paused, now))
    title = _("Your offers are resting.") if paused else _("Your offers are open again.")
    return after("offers", Word(title, _("Those you are helping already keep you.") if paused else ""))


@blueprint.post("/end-offer/<int:offer_id>")
def end_offer(offer_id: int) -> Response:
    """End one of my offers."""
    _do(lambda session, me, now: offers.end_offer(session, me, offer_id, now))
    return after("offers", Word(_("Your offer has ended. Thank you for having made it.")))
