"""What stands around every page of a visit: the greeting line, the tabs with what is new, the chosen scheme."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from flask import current_app, g, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app import welcoming
from lti_app.caring import help_contacts
from lti_app.house import house
from lti_app.models import Membership
from lti_app.store import (
    ask,
    ask_waiting,
    circle_view,
    desk,
    events,
    kudos,
    library,
    names,
    news,
    people,
    praise,
    reports,
    talk,
)
from lti_app.store.ask_rows import Viewer
from lti_app.store.community_settings import CommunitySettings, community_from
from lti_app.store.views import Face

SCHEMES = ("light", "dark", "auto")


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab; ``count`` is what is new there."""

    key: str
    words: str
    href: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Shell:
    """The frame of a page; ``others`` are the people on the course besides the viewer, ``unseen`` is news for them."""

    course: str
    academy: str
    name: str
    first_name: str
    initials: str
    others: int
    here: int
    faces: tuple[Face, ...]
    tabs: tuple[Tab, ...]
    unseen: int
    is_staff: bool
    student_view: bool
    help_contacts: str | None = None


def _tabs(session: Session) -> tuple[Tab, ...]:
    """Return the tabs of this visit; a room that is not built in is not offered, staff rooms stand in the same row."""
    staff, off = g.visit.is_staff, _rules().panels_off
    rooms = (
        ("home", _("For you"), "panels.home.show", True),
        ("ask", _("Questions"), "panels.ask.show", True),
        ("talk", _("Discussions"), "panels.talk.show", True),
        ("peer", _("Lend a hand"), "panels.peer.show", True),
        ("circle", _("Circle"), "panels.circle.show", not staff),
        ("events", _("Meetings"), "panels.events.show", True),
        ("library", _("Library"), "panels.library.show", True),
        ("wins", _("Wins"), "panels.wins.show", True),
        ("pulse", _("Pulse"), "panels.pulse.show", True),
        ("desk", _("Desk"), "desk.queue", staff),
        ("moderation", _("Moderation"), "moderation.queue", staff),
        ("control", _("Community"), "control.room", _manages()),
        ("admin", _("Installation"), "admin.room", g.visit.role == "admin"),
    )
    return tuple(
        Tab(key, words, url_for(endpoint), _news(session, key))
        for key, words, endpoint, allowed in rooms
        if allowed and key not in off and endpoint in current_app.view_functions
    )


def panels_off() -> tuple[str, ...]:
    """Return the keys of the rooms that this course does without."""
    return _rules().panels_off


def _rules() -> CommunitySettings:
    return community_from(g.membership.context.settings, g.academy.settings)


def _news(session: Session, key: str) -> int:
    """Return how much is new behind one tab."""
    me = g.membership
    match key:
        case "ask":
            return ask.new_answers(session, Viewer(me.context_id, me.id, g.visit.is_staff)) if me.id else 0
        case "talk":
            return talk.new_threads(session, me.context_id, me.id)
        case "peer":
            return people.asks_waiting(session, me.id)
        case "circle":
            return circle_view.circle_news(session, me.id)
        case "wins":
            return praise.waiting(session, me.context_id) if g.visit.is_staff else kudos.new_kudos(session, me.id)
        case "library" if g.visit.is_staff:
            return library.waiting(session, me.context_id)
        case "moderation":
            return reports.waiting(session, me.context_id)
        case "events" if g.visit.is_staff:
            return events.proposals_waiting(session, me.context_id, house().clock.now())
        case "desk":
            asked = ask_waiting.number_waiting(session, Viewer(me.context_id, me.id, is_staff=True))
            return asked + desk.waiting_for(session, me.context_id, house().clock.now(), tutor_of(me))
        case _:
            return 0


def tutor_of(me: Membership) -> int | None:
    """Return who acts at a desk; a platform administrator may look without being a tutor of this course (None)."""
    return me.id if me.role in ("tutor", "manager") else None


def _manages() -> bool:
    return g.visit.role in ("manager", "admin")


def make_shell(session: Session) -> Shell:
    """Build the frame for this request's visit; needs a membership."""
    me, visit = g.membership, g.visit
    glance = people.glance(session, me.context_id, me.id, house().clock.now(), to_staff=visit.is_staff)
    return Shell(
        course=me.context.title or me.context.label or "",
        academy=g.academy.name,
        name=names.called_name(me.person),
        first_name=names.first_name(me.person),
        initials=names.initials(me.person),
        others=max(0, glance.people - 1),
        here=glance.here,
        faces=glance.faces,
        tabs=_tabs(session),
        unseen=news.unseen(session, me.id) if me.id else 0,
        is_staff=visit.is_staff,
        student_view=visit.student_view,
        help_contacts=help_contacts(),
    )


def scheme() -> str:
    """Return the scheme to draw in: what the person chose, else the academy's, else light like the LMS around us."""
    own = (g.membership.settings or {}).get("scheme") if g.get("membership") else None
    chosen = own or (g.academy.settings or {}).get("scheme")
    return chosen if chosen in SCHEMES else "light"


def draft_scope() -> str:
    """Return what keeps one person's drafts apart from another's in the same browser; it tells nobody who they are."""
    key = f"{house().settings.secret_key}:{g.visit.person_id}:{g.visit.context_id}"
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def render_panel(session: Session, template: str, *, tab: str, **context: Any) -> str:
    """Render a whole page that extends ``panel.html``; ``tab`` is the key of the current tab."""
    frame = make_shell(session)
    context.setdefault("welcome", welcoming.card_on(session, tab))
    return render_template(template, shell=frame, tab=tab, scheme=scheme(), draft_scope=draft_scope(), **context)
