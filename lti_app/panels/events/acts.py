"""Coming to a meeting, staying away, being seen among those who come, and asking something beforehand."""

from __future__ import annotations

from flask import Response, abort, g, request
from flask_babel import gettext as _
from flask_babel import ngettext

from lti_app.fields import Field, form_key, read_text
from lti_app.house import house
from lti_app.panels.events.parts import after, do
from lti_app.panels.events.views import blueprint
from lti_app.panels.peer.parts import Word
from lti_app.store import event_series, posting, seats
from lti_app.store.refusals import NotYours, Taken, TooLate
from lti_app.store.talk import MAX_BODY
from lti_app.wording import spell


@blueprint.post("/<int:event_id>/join")
def join(event_id: int) -> Response:
    """Come to a meeting; where the last seat has gone a moment ago, its waiting list is offered."""
    wait = request.form.get("wait") == "yes"
    me = g.membership
    try:
        with house().db.writing() as session:
            state = seats.sign_up(session, me.context_id, event_id, me.id, house().clock.now(), wait=wait)
    except NotYours:
        abort(404)
    except Taken:
        title = _("The last seat was taken a moment ago.")
        words = _(
            "You can put yourself on the waiting list: if somebody steps back you have the seat, and we tell you."
        )
        return after(event_id, Word(title, words, "care"), said=title, status=409)
    except TooLate:
        word = Word(_("This meeting is over or was called off."), "", "care")
        return after(event_id, word, said=word.title, status=409)
    said = (
        _("Good: you are coming.")
        if state == "in"
        else _("You are on the waiting list. We tell you when it is your turn.")
    )
    return after(event_id, said=said)


def _every_week(seated: int, waiting: int) -> Word:
    if not seated:
        return Word(_("You are on the waiting list. We tell you when it is your turn."))
    title = ngettext("Good: you are coming once.", "Good: you are coming %(few)s times.", seated, few=spell(seated))
    if not waiting:
        return Word(title, _("If you cannot come one week, step back from that one: the others stay yours."))
    words = ngettext(
        "For one week no seat is left: there you are on the waiting list, and we tell you when it is your turn.",
        "For %(few)s weeks no seat is left: there you are on the waiting list, and we tell you when it is your turn.",
        waiting,
        few=spell(waiting),
    )
    return Word(title, words)


@blueprint.post("/<int:event_id>/join-all")
def join_all(event_id: int) -> Response:
    """Come to a meeting and to all others of its series; where no seat is free, wait for one."""
    me = g.membership
    try:
        with house().db.writing() as session:
            seated, waiting = event_series.come_to_all(session, me.context_id, event_id, me.id, house().clock.now())
    except NotYours:
        abort(404)
    except TooLate:
        word = Word(_("This meeting is over or was called off."), "", "care")
        return after(event_id, word, said=word.title, status=409)
    word = _every_week(seated, waiting)
    return after(event_id, word, said=word.title)


@blueprint.post("/<int:event_id>/leave")
def leave(event_id: int) -> Response:
    """Step back from a meeting or from its waiting list."""
    word = do(lambda session, who, now: seats.leave(session, who.context_id, event_id, who.membership_id, now))
    return after(event_id, word, said=_("You are not coming. Thank you for saying so."), status=409 if word else 200)


@blueprint.post("/<int:event_id>/seen")
def seen(event_id: int) -> Response:
    """Let course mates see that I come, or not any more."""
    shown = request.form.get("shown") == "yes"
    word = do(lambda session, who, now: seats.show_me(session, who.context_id, event_id, who.membership_id, shown, now))
    said = (
        _("Your course mates see that you come.") if shown else _("Only those who lead the meeting see that you come.")
    )
    return after(event_id, word, said=said)


@blueprint.post("/<int:event_id>/reply")
def reply(event_id: int) -> Response:
    """Ask or note something under a meeting."""
    draft, key = read_text("body", most=MAX_BODY), form_key()
    if draft.fault:
        return after(event_id, status=422, body=draft)
    word = do(
        lambda session, who, now: posting.reply_event(
            session, who.context_id, event_id, who.membership_id, draft.value, now, form_key=key
        )
    )
    if word:
        return after(event_id, word, status=409, body=Field(draft.value))
    return after(event_id, said=_("Your words are there."))
