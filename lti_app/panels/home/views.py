"""Home: for this person first, then what moves in the course."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, abort, g, render_template, request, url_for
from sqlalchemy.orm import Session

from lti_app import door
from lti_app.answers import answer
from lti_app.fields import Field
from lti_app.house import house
from lti_app.panels.events.parts import viewer
from lti_app.panels.home import forms
from lti_app.panels.peer.forms import Offer
from lti_app.panels.peer.parts import Word, anything_unseen, choices, note_seen, support_of_viewer
from lti_app.shell import SCHEMES, render_panel, tutor_of
from lti_app.store import ask, desk, episodes, events, milestones, moods, people, places, projects, pulse, talk
from lti_app.store.ask_rows import Viewer
from lti_app.store.ask_views import QuestionLine
from lti_app.store.event_views import EventLine
from lti_app.store.freshness import Freshness, freshness
from lti_app.store.refusals import NotYours
from lti_app.store.views import ActivityRef, SupportView

blueprint = Blueprint("home", __name__, url_prefix="/v/<ref>")
door.guard(blueprint)


@dataclass(frozen=True, slots=True)
class HomeView:
    """What the home panel shows; ``together`` and ``moves`` are the course's, the rest is the viewer's own."""

    support: SupportView
    questions: tuple[QuestionLine, ...]
    place: places.Beside
    threads: tuple[talk.ThreadLine, ...]
    moves: tuple[milestones.MilestoneView, ...]
    together: tuple[milestones.Together, ...]
    ask_about: ActivityRef | None
    next_event: EventLine | None
    desk_waiting: int
    shows_milestones: bool
    win: projects.LatestWin | None
    ask_mood: bool
    freshness: Freshness


def _home(session: Session) -> HomeView:
    me, now = g.membership, house().clock.now()
    staff = g.visit.is_staff
    support, ask_about = support_of_viewer(session), pulse.to_ask_about(session, me.id, now)
    return HomeView(
        support=support,
        questions=ask.for_home(session, Viewer(me.context_id, me.id, staff)),
        place=_where(session, support, ask_about),
        threads=talk.list_threads(session, me.context_id, me.id, limit=4, to_staff=staff),
        moves=milestones.recent_milestones(session, me.context_id, now, 5, viewer_id=me.id or None),
        together=milestones.reached_together(session, me.context_id, now),
        next_event=events.next_one(session, viewer(), now),
        ask_about=ask_about,
        desk_waiting=desk.waiting_for(session, me.context_id, now, tutor_of(me)) if staff else 0,
        win=projects.latest_win(session, me.context_id),
        ask_mood=not staff and bool(me.id) and moods.may_ask(me, now),
        shows_milestones=bool((me.settings or {}).get(milestones.SHOWS)),
        freshness=freshness(session, me.context_id),
    )


def _where(session: Session, support: SupportView, last: ActivityRef | None) -> places.Beside:
    """Return what a question from here is likely about: the panel's place, where one is stuck, what one did last."""
    place = places.beside(session, g.membership.context_id, g.visit.resource_link_id)
    if place:
        return place
    stuck = support.stall.activity if support.stall is not None else None
    return places.Beside(stuck or last)


def home_page(
    word: Word | None = None, draft: Offer | None = None, objection: Field | None = None, wish: Field | None = None
) -> str:
    """Draw the home panel; ``word``, ``draft``, ``objection`` and ``wish`` come back from an act of peer support."""
    with house().db.reading() as session:
        view, unseen = _home(session), anything_unseen(session)
        page = render_panel(
            session,
            "panels/home/page.html",
            tab="home",
            view=view,
            support=view.support,
            word=word,
            draft=draft,
            objection=objection or Field(),
            wish=wish or Field(),
            at="home",
            **choices(),
        )
    if unseen:
        note_seen()
    return page


@blueprint.route("/home", methods=["GET", "POST"])
def show() -> str:
    """Show the home panel."""
    return home_page()


@blueprint.post("/home/feeling")
def say_feeling() -> Response:
    """Take a one-tap answer about an activity."""
    said = forms.read_feeling()
    if said is None:
        abort(400)
    try:
        with house().db.writing() as session:
            episodes.record_feeling(session, g.membership.id, said.activity_id, said.feeling, "", house().clock.now())
    except NotYours:
        abort(404)
    return answer(
        fragment=lambda: render_template("panels/home/_feeling.html", said=said.feeling),
        page=home_page,
        to=url_for("panels.home.show"),
    )


@blueprint.post("/home/warm/<int:milestone_id>")
def warm(milestone_id: int) -> Response:
    """Give a warm sign to a milestone, or take it back."""
    try:
        with house().db.writing() as session:
            milestones.react(session, milestone_id, g.membership.id, house().clock.now())
    except NotYours:
        abort(404)
    return answer(fragment=_moves_part, page=home_page, to=url_for("panels.home.show"))


@blueprint.post("/home/milestones")
def show_milestones() -> Response:
    """Let others see my milestones, or not any more."""
    with house().db.writing() as session:
        milestones.show_milestones(session, g.membership.id, request.form.get("shows") == "yes")
    g.membership.settings = {**(g.membership.settings or {}), milestones.SHOWS: request.form.get("shows") == "yes"}
    return answer(fragment=_moves_part, page=home_page, to=url_for("panels.home.show"))


def _moves_part() -> str:
    with house().db.reading() as session:
        return render_template("panels/home/_moves.html", view=_home(session))


@blueprint.post("/scheme")
def choose_scheme() -> Response:
    """Remember in which colours this person likes to read."""
    chosen = request.form.get("scheme", "")
    if chosen not in SCHEMES:
        abort(400)
    with house().db.writing() as session:
        people.choose_scheme(session, g.membership.id, chosen)
    g.membership.settings = {**(g.membership.settings or {}), "scheme": chosen}
    return answer(fragment=home_page, page=home_page, to=url_for("panels.home.show"))
