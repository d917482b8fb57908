"""The door of every page after a launch: whose visit is it, and may they be here?

A room hangs its pages behind it with ``guard(blueprint)``. Views then find, on ``flask.g``: ``visit``, ``membership``
(with ``person`` and ``context`` loaded, detached from any session), ``academy``, ``time_zone`` and ``cookie_works``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from flask import Blueprint, Response, abort, current_app, g, request
from flask_babel import gettext as _
from sqlalchemy import update

from lti_app.cookies import give_cookie
from lti_app.errors import Trouble
from lti_app.house import house
from lti_app.limits import make_room
from lti_app.models import Membership, Person
from lti_app.mount import seen_path
from lti_app.visit import COOKIE, FIELD, HEADER, NoVisit, Visit, registration_of, seal, unseal
from lti_app.visitors import find_visitor

QUIET = "regista_quiet"
View = TypeVar("View", bound=Callable[..., Any])
SEEN_EVERY = timedelta(minutes=1)
# A token's age is counted from here to find whose it was although it is too old: nothing is sealed before it.
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def guard(blueprint: Blueprint, *, roles: Collection[str] | None = None, needs_course: bool = True) -> None:
    """Put ``blueprint`` (its prefix begins with ``/v/<ref>``) behind the door; others than ``roles`` get a 404.

    A route that takes only POST changes something: its token must come in the header or the form, never by cookie
    alone. A route that takes GET and POST shows the same page for both, so that a form with only the token can open it.
    """

    @blueprint.url_value_preprocessor
    def take_ref(endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.ref = (values or {}).pop("ref", "")
        make_room(endpoint)

    @blueprint.url_defaults
    def give_ref(_endpoint: str, values: dict[str, Any]) -> None:
        values.setdefault("ref", g.get("ref", ""))

    @blueprint.before_request
    def enter() -> None:
        visit = visit_of_request()
        g.visit, g.locale = visit, visit.locale
        if roles is not None and visit.role not in roles:
            abort(404)
        _load(visit, needs_course)
        if not is_quiet():
            _note_presence(g.membership)
        if roles is not None and g.visit.role not in roles:
            abort(404)
        if visit.student_view and _changes_something():
            words = _("You are only looking here, so nothing is written down.")
            raise Trouble(_("This is only a preview"), words, status=403)

    blueprint.after_request(_renew)


def visit_token() -> str:
    """Return a fresh token of this request's visit (the same for the whole request), or "" without a visit."""
    visit = g.get("visit")
    if visit is None:
        return ""
    token: str = g.get("visit_token") or seal(visit, house().settings)
    g.visit_token = token
    return token


def cookie_works() -> bool:
    """Whether the browser sent our cookie, so that a plain link or a redirect finds its visit again."""
    return bool(getattr(g._get_current_object(), "cookie_works", False))


def _changes_something() -> bool:
    return request.url_rule is not None and "GET" not in (request.url_rule.methods or ())


def visit_of_request() -> Visit:
    """Read the token where it may come from: header, form field, and for looking only also the cookie."""
    settings = house().settings
    sent = request.headers.get(HEADER) or request.form.get(FIELD)
    cookie = request.cookies.get(COOKIE)
    g.cookie_works = bool(cookie)
    may_look = request.method in ("GET", "HEAD")
    token = sent or (cookie if may_look else None)
    # The page that says "open it again" must be shown inside the same platform's frame.
    g.registration_id = registration_of(g.ref, settings)
    if not token:
        raise NoVisit
    try:
        visit = unseal(token, settings)
    except NoVisit as e:
        if e.expired:
            g.registration_id = unseal(token, settings, now=LONG_AGO).registration_id
        raise
    if visit.ref != g.ref:
        g.registration_id = visit.registration_id
        raise NoVisit
    return visit


def _load(visit: Visit, needs_course: bool) -> None:
    """Load membership, person, course and academy in one query and check that they live and belong together."""
    if visit.context_id is None and needs_course:
        abort(404)
    with house().db.reading() as session:
        visitor = find_visitor(session, visit)
        session.expunge_all()
    if visitor is None:
        abort(404)
    membership = g.membership = visitor.membership
    g.academy = visitor.academy
    if visitor.frame_ancestors is not None:
        g.frame_ancestors = visitor.frame_ancestors
    if membership is not None:
        if visit.role != "admin" and not visit.student_view and membership.role != visit.role:
            # A sync may have learned of another role since the launch; what holds now is what counts.
            g.visit = replace(visit, role=membership.role)
        g.time_zone = membership.person.time_zone or membership.context.time_zone or g.academy.time_zone
    else:
        g.time_zone = g.academy.time_zone


def quiet(view: View) -> View:
    """Mark a view that pages ask by themselves: it does not say that somebody is here, nor does it renew the visit.

    A page that was forgotten open so comes to rest when its token has ended.
    """
    setattr(view, QUIET, True)
    return view


def is_quiet() -> bool:
    """Return whether this request was made by a page, not by a person."""
    return bool(getattr(current_app.view_functions.get(request.endpoint or ""), QUIET, False))


def _note_presence(membership: Membership | None) -> None:
    """Write down that the person is here, at most once a minute, for "here now"."""
    if membership is None:
        return
    now = house().clock.now()
    seen_at = membership.person.seen_at
    if membership.id == 0 or (seen_at is not None and now - seen_at < SEEN_EVERY):
        return
    with house().db.writing() as session:
        session.execute(update(Person).where(Person.id == membership.person_id).values(seen_at=now))


def _renew(response: Response) -> Response:
    if g.get("visit") is not None and response.status_code < 500 and not is_quiet():
        response.headers[HEADER] = visit_token()
        if g.get("cookie_works"):
            settings = house().settings
            path = seen_path(settings, f"/v/{g.visit.ref}/")
            give_cookie(response, COOKIE, visit_token(), seconds=settings.panel_token_seconds, path=path)
    return response
