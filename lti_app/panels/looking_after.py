"""What staff do with a discussion or a question: call it otherwise, pin, close, archive, move, merge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from flask import Blueprint, Response, abort, g, request, url_for
from sqlalchemy.orm import Session

from lti_app.answers import answer
from lti_app.fields import read_number, read_text
from lti_app.house import house
from lti_app.shell import render_panel
from lti_app.store import thread_acts
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.titles import MAX_TITLE


@dataclass(frozen=True, slots=True)
class Room:
    """Where these threads stand: ``page`` draws one, ``read_tie`` reads where it belongs, ``moved`` says it has left.

    ``page`` takes the words for what could not be taken, too.
    """

    kind: str
    page: Callable[[int, str], str]
    read_tie: Callable[[], tuple[int | None, str]]
    moved: Callable[[], str]


def install(blueprint: Blueprint, room: Room) -> None:
    """Hang the acts under a room's blueprint, each as ``<its address>/<thread>/<act>``."""
    acts = {"mark": _mark, "retitle": _retitle, "move": _move, "merge": _merge}
    for name, act in acts.items():
        blueprint.add_url_rule(f"/<int:thread_id>/{name}", name, partial(act, room), methods=["POST"])


def _do(act: Callable[[Session, int, int, datetime], object]) -> None:
    if not g.visit.is_staff:
        abort(404)
    try:
        with house().db.writing() as session:
            act(session, g.membership.context_id, g.membership.id, house().clock.now())
    except (NotYours, TooLate):
        abort(404)


def _back_to(room: Room, thread_id: int, fault: str = "") -> Response:
    page = partial(room.page, thread_id, fault)
    return answer(fragment=page, page=page, to=url_for(".thread", thread_id=thread_id), status=422 if fault else 200)


def _mark(room: Room, thread_id: int) -> Response:
    act = request.form.get("act", "")
    _do(lambda session, course, me, now: thread_acts.mark(session, course, thread_id, me, act, now))
    return _back_to(room, thread_id)


def _retitle(room: Room, thread_id: int) -> Response:
    title = read_text("title", most=MAX_TITLE, lines=False)
    if title.fault:
        return _back_to(room, thread_id, title.fault)
    _do(lambda session, course, me, now: thread_acts.retitle(session, course, thread_id, me, title.value, now))
    return _back_to(room, thread_id)


def _move(room: Room, thread_id: int) -> Response:
    kind = request.form.get("kind", room.kind)
    activity_id, section = room.read_tie()
    tie = {"activity_id": activity_id, "section": section}
    _do(lambda session, course, me, now: thread_acts.move(session, course, thread_id, me, now, kind=kind, **tie))  # type: ignore[arg-type]
    if kind == room.kind:
        return _back_to(room, thread_id)

    def page() -> str:
        with house().db.reading() as session:
            return render_panel(session, "panels/done.html", tab=room.kind, words=room.moved(), back=url_for(".show"))

    return answer(fragment=page, page=page, to=url_for(".show"))


def _merge(room: Room, thread_id: int) -> Response:
    into = read_number("into_id", low=1, high=2**62)
    if into is None:
        abort(404)
    _do(lambda session, course, me, now: thread_acts.merge(session, course, thread_id, into, me, now))
    return _back_to(room, into)
