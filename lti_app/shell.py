"""What stands around every page of a visit: the greeting line, the tabs with what is new, the chosen scheme."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, g, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, literal, select
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
    news_rows,
    people,
    praise,
    reports,
    talk_rows,
)
from lti_app.store.ask_rows import Viewer
from lti_app.store.built import built, read_rows
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


def _rooms() -> list[tuple[str, str, str]]:
    """Return key, words and endpoint of the tabs of this visit; a room that is not built in is not offered."""
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
    views = current_app.view_functions
    return [room[:3] for room in rooms if room[3] and room[0] not in off and room[2] in views]


def panels_off() -> tuple[str, ...]:
    """Return the keys of the rooms that this course does without."""
    return _rules().panels_off


def _rules() -> CommunitySettings:
    return community_from(g.membership.context.settings, g.academy.settings)


def _news(key: str, viewer: Viewer, now: datetime, word_before: datetime, acts: bool) -> ColumnElement[int]:
    """Count what is new behind one tab."""
    course, me, staff = viewer.context_id, viewer.membership_id, viewer.is_staff
    match key:
        case "ask":
            return ask.new_answers(viewer)
        case "talk":
            return talk_rows.new_threads(course, me)
        case "peer":
            return people.asks_waiting(me)
        case "circle":
            return circle_view.circle_news(me)
        case "wins":
            return praise.waiting(course) if staff else kudos.new_kudos(me)
        case "library" if staff:
            return library.waiting(course)
        case "moderation":
            return reports.waiting(course)
        case "events" if staff:
            return events.proposals_waiting(course, now)
        case "desk":
            tutor_id = me if acts else None
            return ask_waiting.number_waiting(viewer) + desk.number_waiting(course, now, word_before, tutor_id)
        case _:
            return literal(0)


@built
def _numbers(
    context_id: int,
    membership_id: int,
    now: datetime,
    word_before: datetime,
    *,
    keys: tuple[str, ...],
    is_staff: bool,
    acts: bool,
) -> Select[*tuple[int, ...]]:
    """Every number of the frame in one statement: the people, what was not seen, and what is new behind each tab."""
    viewer = Viewer(context_id, membership_id, is_staff)
    return select(
        people.number_of(context_id),
        news_rows.unseen(membership_id),
        *(_news(key, viewer, now, word_before, acts) for key in keys),
    )


def tutor_of(me: Membership) -> int | None:
    """Return who acts at a desk; a platform administrator may look without being a tutor of this course (None)."""
    return me.id if me.role in ("tutor", "manager") else None


def _manages() -> bool:
    return g.visit.role in ("manager", "admin")


def make_shell(session: Session) -> Shell:
    """Build the frame for this request's visit; needs a membership."""
    me, visit, now = g.membership, g.visit, house().clock.now()
    rooms = _rooms()
    asked = _numbers(
        me.context_id,
        me.id,
        now,
        now - desk.WORD_WORKS_FOR,
        keys=tuple(key for key, _words, _endpoint in rooms),
        is_staff=visit.is_staff,
        acts=tutor_of(me) is not None,
    )
    number, unseen, *new = read_rows(session, asked).one()
    here, faces = people.here_now(session, me.context_id, me.id, now, to_staff=visit.is_staff)
    return Shell(
        course=me.context.title or me.context.label or "",
        academy=g.academy.name,
        name=names.called_name(me.person),
        first_name=names.first_name(me.person),
        initials=names.initials(me.person),
        others=max(0, number - 1),
        here=here,
        faces=faces,
        tabs=tuple(Tab(key, words, url_for(to), count) for (key, words, to), count in zip(rooms, new, strict=True)),
        unseen=unseen,
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
