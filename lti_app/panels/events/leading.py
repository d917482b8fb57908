"""What those who lead a meeting do: call it, change it, call it off, and leave notes behind."""

from __future__ import annotations

from datetime import datetime

from flask import Response, abort, g, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app.answers import answer
from lti_app.fields import form_key, read_text
from lti_app.house import house
from lti_app.panels.events import words
from lti_app.panels.events.forms import Draft, draft_of, read_draft, read_link
from lti_app.panels.events.parts import after, beside, do, event_page, list_page, viewer
from lti_app.panels.events.views import blueprint
from lti_app.panels.peer.parts import Word
from lti_app.shell import render_panel
from lti_app.store import calendar_entries, event_acts, event_hosts, event_series, events, seats
from lti_app.store.course_choices import keep_choice
from lti_app.store.event_views import SETTING, STUDY_SESSIONS, EventView, Viewer, rule_of
from lti_app.store.places import Beside
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.ties import Ties, ties_of


def _form_page(draft: Draft | None = None, event_id: int | None = None, word: Word | None = None) -> str:
    """Draw the form of a new meeting, or of the one that is changed."""
    who, me = viewer(), g.membership
    with house().db.reading() as session:
        view = _leads(session, event_id) if event_id is not None else None
        if view is None and not who.may_call:
            abort(404)
        can_keep = who.is_staff and calendar_entries.can_keep(session, who.context_id)
        about = beside(session)
        if draft is None and view is not None:
            draft = draft_of(view, words.course_zone(), in_lms=view.in_calendar not in ("", "gone"))
        if draft is None:
            first = "qa" if who.is_staff else next(iter(who.may_call))
            draft = Draft(kind=first, about=_tie(about), in_lms=can_keep)
        return render_panel(
            session,
            "panels/events/form.html",
            tab="events",
            who=who,
            draft=draft,
            view=view,
            word=word,
            can_keep=can_keep,
            ties=ties_of(session, who.context_id, me.context.settings),
            staff=event_hosts.staff_to_ask(session, who.context_id, me.id) if who.is_staff else (),
            zone=words.course_city(),
        )


def _tie(place: Beside) -> str:
    return f"a{place.activity.id}" if place.activity else f"s{place.section}" if place.section else ""


def _leads(session: Session, event_id: int) -> EventView:
    try:
        view = events.read_event(session, viewer(), event_id, house().clock.now())
    except NotYours:
        abort(404)
    if not view.line.may_lead:
        abort(404)
    return view


def _ties() -> Ties:
    with house().db.reading() as session:
        return ties_of(session, g.membership.context_id, g.membership.context.settings)


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> str:
    """Show the form of a new meeting."""
    return _form_page()


@blueprint.post("/call")
def call() -> Response:
    """Call a meeting, or propose one."""
    who, now, key = viewer(), house().clock.now(), form_key()
    if not who.may_call:
        abort(404)
    draft = read_draft(words.course_zone(), _ties(), who.may_call, now, words.locale())
    if not draft.is_good:
        return answer(fragment=lambda: _form_page(draft), page=lambda: _form_page(draft), to="", status=422)
    asks_lms = request.form.get("asks_lms") == "yes"
    try:
        with house().db.writing() as session:
            plan, until = draft.plan(asks_lms=asks_lms), draft.again.until_on
            if until is None:
                event_id, state = event_acts.call_meeting(session, who, plan, now, form_key=key)
            else:
                event_id, state = event_series.call_weekly(session, who, plan, until, now, form_key=key)
    except NotYours:
        abort(404)
    word = Word(_("Proposed: your tutors have been told."), _("You hear from us here as soon as they say yes."))
    if state == "on":
        word = Word(_("It stands in the course's calendar."), _("Everybody on the course sees it here."))
    to = url_for("panels.events.event", event_id=event_id)
    return answer(fragment=lambda: event_page(event_id, word), page=lambda: event_page(event_id, word), to=to)


@blueprint.route("/<int:event_id>/edit", methods=["GET", "POST"])
def edit(event_id: int) -> str:
    """Show the form of a meeting that is to be changed."""
    return _form_page(event_id=event_id)


@blueprint.post("/<int:event_id>/change")
def change(event_id: int) -> Response:
    """Change a meeting; those who signed up are told of what concerns their coming."""
    who, now = viewer(), house().clock.now()
    with house().db.reading() as session:
        view = _leads(session, event_id)
    draft = read_draft(words.course_zone(), _ties(), who.may_call, now, words.locale(), was=view)
    if not draft.is_good:
        return answer(
            fragment=lambda: _form_page(draft, event_id), page=lambda: _form_page(draft, event_id), to="", status=422
        )
    raw = request.form.get("seen", "")
    seen = int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 10 else None
    plan = draft.plan(asks_lms=request.form.get("asks_lms") == "yes")
    try:
        with house().db.writing() as session:
            change_ = event_series.change_all if _for_all() else event_acts.change
            change_(session, who, event_id, plan, now, seen=seen)
    except NotYours:
        abort(404)
    except TooLate:
        word = Word(
            _("Somebody else has changed this meeting in the meantime, or it is over."),
            _("Your words are still here. Look at how it stands now before you keep them."),
            "care",
        )
        return answer(
            fragment=lambda: _form_page(draft, event_id, word),
            page=lambda: _form_page(draft, event_id, word),
            to="",
            status=409,
        )
    word = Word(_("Changed. Who signed up hears of it."))
    to = url_for("panels.events.event", event_id=event_id)
    return answer(fragment=lambda: event_page(event_id, word), page=lambda: event_page(event_id, word), to=to)


def _for_all() -> bool:
    """Whether what is done to a meeting goes for those that follow it in its series, too."""
    return request.form.get("which") == "rest"


@blueprint.post("/<int:event_id>/cancel")
def cancel(event_id: int) -> Response:
    """Call a meeting off."""
    reason = read_text("reason", most=event_acts.MAX_SHORT, needed=False, lines=False)
    if reason.fault:
        return after(event_id, status=422, reason=reason)
    cancel_ = event_series.cancel_all if _for_all() else event_acts.cancel
    word = do(lambda session, who, now: cancel_(session, who, event_id, reason.value, now))
    done = Word(_("Called off. Who signed up has been told."))
    return after(event_id, word or done, said=done.title, status=409 if word else 200)


@blueprint.post("/<int:event_id>/decide")
def decide(event_id: int) -> Response:
    """Say yes or no to a study session that a member proposes."""
    yes = request.form.get("yes") == "yes"
    reason = read_text("reason", most=event_acts.MAX_SHORT, needed=not yes, lines=False)
    if reason.fault:
        return after(event_id, status=422, reason=reason)
    word = do(lambda session, who, now: event_series.decide_all(session, who, event_id, yes, reason.value, now))
    if word or yes:
        return after(event_id, word or Word(_("It stands. Everybody on the course sees it now.")),
                     status=409 if word else 200)  # fmt: skip
    said = Word(_("Declined, with your word. Whoever proposed it has been told."))
    return answer(fragment=lambda: list_page(said), page=lambda: list_page(said), to=url_for("panels.events.show"))


@blueprint.post("/<int:event_id>/notes")
def notes(event_id: int) -> Response:
    """Leave notes and a recording behind."""
    text, recording = read_text("notes", most=event_acts.MAX_WORDS, needed=False), read_link("recording")
    if text.fault or recording.fault:
        return after(event_id, status=422, notes=text, recording=recording)
    link = recording.value or None
    word = do(lambda session, who, now: event_acts.leave_notes(session, who, event_id, text.value, link, now))
    if word:
        return after(event_id, word, status=409, notes=text, recording=recording)
    return after(event_id, Word(_("Kept. Who was signed up finds it here.")), said=_("Kept."))


@blueprint.post("/<int:event_id>/write-again")
def write_again(event_id: int) -> Response:
    """Ask the LMS's calendar once more, after it had refused."""
    if not g.visit.is_staff:
        abort(404)

    def again(session: Session, who: Viewer, now: datetime) -> None:
        event_hosts.leads(session, who, event_id)
        calendar_entries.want(session, event_id, now)

    return after(event_id, do(again), said=_("It is on its way."))


@blueprint.post("/<int:event_id>/attended")
def attended(event_id: int) -> Response:
    """Keep who came."""
    asked, came = (frozenset(_numbers(name)) for name in ("asked", "came"))
    word = do(
        lambda session, who, now: seats.mark_attended(session, event_hosts.leads(session, who, event_id), came, asked)
    )
    return after(event_id, word, said=_("Kept."))


def _numbers(name: str) -> list[int]:
    return [
        int(one) for one in request.form.getlist(name)[:1000] if one.isascii() and one.isdecimal() and len(one) < 18
    ]


@blueprint.post("/rule")
def rule() -> Response:
    """Choose who may call study sessions in this course."""
    said = request.form.get("rule", "")
    if not g.visit.is_staff or not g.membership.id:
        abort(404)
    if said not in STUDY_SESSIONS:
        abort(400)
    try:
        with house().db.writing() as session:
            me, now = g.membership, house().clock.now()
            keep_choice(session, me.context_id, SETTING, said, me.id, now, was=rule_of(me.context.settings))
    except NotYours:
        abort(404)
    g.membership.context.settings = {**(g.membership.context.settings or {}), SETTING: said}
    word = Word(_("Kept."))
    return answer(fragment=lambda: list_page(word), page=lambda: list_page(word), to=url_for("panels.events.show"))
