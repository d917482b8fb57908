"""What stands around every page of a visit: the greeting line, the tabs with what is new, the chosen scheme."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from flask import current_app, g, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app.house import house
from lti_app.store import circle_view, names, people, talk
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
    """The frame of a page; ``others`` are the people on the course besides the viewer."""

    course: str
    academy: str
    name: str
    first_name: str
    initials: str
    others: int
    here: int
    faces: tuple[Face, ...]
    tabs: tuple[Tab, ...]
    is_staff: bool
    student_view: bool


def _tabs(session: Session) -> tuple[Tab, ...]:
    me = g.membership
    tabs = [
        Tab("home", _("For you"), url_for("panels.home.show")),
        Tab("talk", _("Discussions"), url_for("panels.talk.show"), talk.new_threads(session, me.context_id, me.id)),
        Tab("peer", _("Lend a hand"), url_for("panels.peer.show"), people.asks_waiting(session, me.id)),
    ]
    if not g.visit.is_staff:
        news = circle_view.circle_news(session, me.id)
        tabs.append(Tab("circle", _("Circle"), url_for("panels.circle.show"), news))
    # Rooms for staff stand in the same row; a room that is not built in is not offered.
    rooms = (
        ("desk", _("Desk"), "desk.queue", g.visit.is_staff),
        ("control", _("Community"), "control.room", _manages()),
        ("admin", _("Installation"), "admin.room", g.visit.role == "admin"),
    )
    for key, words, endpoint, allowed in rooms:
        if allowed and endpoint in current_app.view_functions:
            count = people.desk_waiting(session, me.context_id, house().clock.now()) if key == "desk" else 0
            tabs.append(Tab(key, words, url_for(endpoint), count))
    return tuple(tabs)


def _manages() -> bool:
    return g.visit.role in ("manager", "admin")


def make_shell(session: Session) -> Shell:
    """Build the frame for this request's visit; needs a membership."""
    me, visit = g.membership, g.visit
    glance = people.glance(session, me.context_id, me.id, house().clock.now(), to_staff=visit.is_staff)
    return Shell(
        course=me.context.title or me.context.label or "",
        academy=g.academy.name,
        name=names.full_name(me.person),
        first_name=names.first_name(me.person),
        initials=names.initials(me.person),
        others=max(0, glance.people - 1),
        here=glance.here,
        faces=glance.faces,
        tabs=_tabs(session),
        is_staff=visit.is_staff,
        student_view=visit.student_view,
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
    return render_template(template, shell=frame, tab=tab, scheme=scheme(), draft_scope=draft_scope(), **context)
