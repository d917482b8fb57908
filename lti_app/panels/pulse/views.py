"""Pulse: one tap after an activity, how are you, and what the course makes of it."""

from __future__ import annotations

from flask import Response, abort, g, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from engagement.mood import Mood
from lti_app.answers import answer
from lti_app.fields import read_text
from lti_app.house import house
from lti_app.panels.home.forms import read_feeling
from lti_app.panels.pulse.forms import ChangeDraft, SaidMood, SurveyDraft, Thought, read_mood
from lti_app.panels.pulse.rooms import blueprint
from lti_app.shell import render_panel
from lti_app.store import changes, felt, ideas, moods, places, pulse, surveys
from lti_app.store.course_facts import activity_refs
from lti_app.store.refusals import NotYours
from lti_app.store.views import ActivityRef

MAX_FEELING_WORDS = 600


def _ask_about(session: Session) -> ActivityRef | None:
    """The activity that the panel stands beside, else the one that this learner did last and said nothing about."""
    me = g.membership
    if g.visit.is_staff or not me.id:
        return None
    beside = places.activity_beside(session, me.context_id, g.visit.resource_link_id, None)
    return beside or pulse.to_ask_about(session, me.id, house().clock.now())


def _mine(session: Session) -> dict[str, object]:
    """How this member is: what they said, and whether to offer them a person."""
    me, now = g.membership, house().clock.now()
    said = moods.mine(session, me.id, now) if not g.visit.is_staff else ()
    fresh = bool(said) and now - said[0].at <= moods.SAME
    return {"said": said, "today": said[0] if fresh else None, "offer": moods.wants_offer(said, now), "moods": Mood}


def _for_staff(session: Session) -> dict[str, object]:
    me, now = g.membership, house().clock.now()
    return {
        "felt": felt.felt(session, me.context_id),
        "weeks": moods.mood_weeks(session, me.context_id, now),
        "shared": moods.shared_moods(session, me.context_id, now),
        "causes": changes.causes_to_choose(session, me.context_id),
    }


def page(
    *, thought: Thought | None = None, survey: SurveyDraft | None = None, change: ChangeDraft | None = None,
    mood: SaidMood | None = None, felt_said: str = "", done: str = "",
) -> str:  # fmt: skip
    """Draw the pulse; what was sent and could not be taken is drawn again."""
    me, now, staff = g.membership, house().clock.now(), g.visit.is_staff
    with house().db.reading() as session:
        return render_panel(
            session,
            "panels/pulse/page.html",
            tab="pulse",
            ask_about=None if felt_said else _ask_about(session),
            felt_said=felt_said,
            mood=mood,
            surveys=surveys.list_surveys(session, me.context_id, me.id, now, to_staff=staff),
            ideas=ideas.list_ideas(session, me.context_id, me.id, to_staff=staff),
            changes=changes.list_changes(session, me.context_id),
            thought=thought or Thought(),
            draft=survey or SurveyDraft(),
            change=change or ChangeDraft(),
            done=done,
            **_mine(session),
            **(_for_staff(session) if staff else {}),
        )


@blueprint.route("", methods=["GET", "POST"])
def show() -> str:
    """Show how it goes."""
    return page(done=_("Thank you: it is there.") if request.args.get("done") else "")


@blueprint.post("/feeling")
def say_feeling() -> Response:
    """Take a one-tap answer about an activity, with a word if there is one."""
    said, words = read_feeling(), read_text("words", most=MAX_FEELING_WORDS, needed=False)
    if said is None:
        abort(400)
    me, now = g.membership, house().clock.now()
    try:
        with house().db.writing() as session:
            kept = words.value[:MAX_FEELING_WORDS]
            pulse.say_feeling(session, me.id, said.activity_id, said.feeling, kept, now)
            about = activity_refs(session, [said.activity_id])[said.activity_id]
    except NotYours:
        abort(404)

    def part() -> str:
        return render_template(
            "panels/pulse/_felt.html", felt_said=said.feeling, ask_about=about, words=words, had_words=bool(words.value)
        )

    return answer(fragment=part, page=lambda: page(felt_said=said.feeling), to=url_for(".show", done=1))


def _mood_part(sent: SaidMood | None = None, note: str = "") -> str:
    with house().db.reading() as session:
        return render_template("panels/pulse/_mood.html", mood=sent, note=note, **_mine(session))


@blueprint.post("/mood")
def say_mood() -> Response:
    """Take how somebody is, for themselves or to share."""
    sent = read_mood()
    if sent is None:
        abort(400)
    if sent.words.fault:
        return answer(fragment=lambda: _mood_part(sent), page=lambda: page(mood=sent), to="", status=422)
    now = house().clock.now()
    try:
        with house().db.writing() as session:
            moods.say_mood(session, g.membership.id, sent.said, sent.words.value, sent.shared, now)
    except NotYours:
        abort(404)
    g.membership.settings = {**(g.membership.settings or {}), moods.SAID_ON: now.isoformat()}
    note = _("Your tutors can read it.") if sent.shared else _("Only you can read it.")
    return answer(fragment=lambda: _mood_part(note=note), page=page, to=url_for(".show"))


@blueprint.post("/mood/<int:mood_id>/forget")
def forget(mood_id: int) -> Response:
    """Erase what I said about how I am."""
    try:
        with house().db.writing() as session:
            moods.forget_mood(session, g.membership.id, mood_id)
    except NotYours:
        abort(404)
    note = _("Erased.")
    return answer(fragment=lambda: _mood_part(note=note), page=page, to=url_for(".show"))


@blueprint.post("/person")
def ask_for_a_person() -> Response:
    """Let the tutors know that I would like somebody to write to me."""
    try:
        with house().db.writing() as session:
            moods.ask_for_a_person(session, g.membership.id, house().clock.now())
    except NotYours:
        abort(404)
    note = _("Your tutors know. One of them will write to you.")
    return answer(fragment=lambda: _mood_part(note=note), page=lambda: page(done=note), to=url_for(".show"))
