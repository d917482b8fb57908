"""The pages of the desk: the queue, one case, and what a tutor does with it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Response, abort, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app.answers import answer, wants_fragment
from lti_app.desk import blueprint
from lti_app.desk.drafts import draft_for
from lti_app.fields import Field, form_key, read_number, read_text
from lti_app.house import house
from lti_app.shell import render_panel, tutor_of
from lti_app.store.absence import away_until
from lti_app.store.channels import EMAIL, PANEL
from lti_app.store.desk import desk_case, desk_queue, desk_seen, praise_done, tutor_acted, waiting_for
from lti_app.store.refusals import NotYours, TooLate

ACTS = ("message", "voice", "snooze", "wake", "hand_over", "wrong")
LONGEST_SNOOZE_DAYS = 60
LONGEST_MESSAGE = 4000


@dataclass(frozen=True, slots=True)
class Written:
    """What a tutor has just written, to be shown again when it could not be taken; ``what`` is the act it was for."""

    body: Field = field(default_factory=Field)
    note: str = ""
    done: str = ""
    what: str = ""


def _done_words(what: str) -> str:
    return {
        "message": _("It is on its way. You will see here when it has arrived."),
        "voice": _("Noted. Nobody will write about it again for now."),
        "snooze": _("Put aside. It comes back to your desk by itself."),
        "wake": _("It waits on your desk again."),
        "hand_over": _("Handed over; your colleague sees it on their desk."),
        "wrong": _("Thank you. The case is closed, and we will be slower to say so again."),
    }[what]


def _case(session: Session, episode_id: int) -> dict[str, object]:
    try:
        case = desk_case(session, g.membership.context_id, episode_id, house().clock.now(), tutor_id=tutor_here())
    except NotYours:
        abort(404)
    if case.channel == EMAIL and not house().settings.smtp_url:
        case = replace(case, channel=PANEL)
    return {"case": case, "draft": draft_for(session, case.draft), "now": house().clock.now()}


def tutor_here() -> int | None:
    """Return who acts; a platform administrator may look without being a tutor of this course (None)."""
    return tutor_of(g.membership)


def _page(
    episode_id: int | None,
    written: Written | None = None,
    word: Written | None = None,
    *,
    answered: int | None = None,
    draft: Field | None = None,
) -> str:
    # Imported here: its route stands beside these.
    from lti_app.desk.questions import waiting_view

    with house().db.reading() as session:
        context_id, now = g.membership.context_id, house().clock.now()
        queue = desk_queue(session, context_id, now, tutor_id=tutor_here())
        chosen = episode_id or (queue.items[0].episode_id if queue.items else None)
        case = _case(session, chosen) if chosen is not None else {"case": None}
        return render_panel(
            session,
            "desk/page.html",
            tab="desk",
            queue=queue,
            chosen=chosen,
            opened=episode_id is not None,
            written=written or Written(),
            word=word or Written(),
            **_sitting(now),
            **waiting_view(session, answered, draft),
            **case,
        )


def _fragment(episode_id: int, written: Written) -> str:
    """Return the queue and the case, and how many wait for the tab: an act changes all three."""
    from lti_app.desk.questions import waiting_view

    with house().db.reading() as session:
        context_id, now = g.membership.context_id, house().clock.now()
        return render_template(
            "desk/_desk.html",
            queue=desk_queue(session, context_id, now, tutor_id=tutor_here()),
            chosen=episode_id,
            opened=True,
            written=written,
            at_once=waiting_for(session, context_id, now, tutor_here()) + waiting_view(session)["waiting_number"],
            **_sitting(now),
            **_case(session, episode_id),
        )


def _sitting(now: datetime) -> dict[str, object]:
    """Return what a tutor needs to say that they are away."""
    return {
        "away": away_until(g.membership.settings, now) if tutor_here() else None,
        "acts": tutor_here() is not None,
        "today": now.astimezone(ZoneInfo(g.time_zone)).date(),
    }


def queue_page(word: Written | None = None, answered: int | None = None, draft: Field | None = None) -> str:
    """Return the whole desk with a word about what was just done, or with an answer that could not be taken."""
    return _page(None, word=word, answered=answered, draft=draft)


@blueprint.route("", methods=["GET", "POST"], endpoint="queue")
def queue() -> ResponseReturnValue:
    """Show the queue, with its first case beside it where there is room."""
    page = _page(None)
    tutor = tutor_here()
    if tutor is not None and not g.visit.student_view:
        with house().db.writing() as session:
            desk_seen(session, g.membership.context_id, tutor, house().clock.now())
    return page


@blueprint.route("/<int:episode_id>", methods=["GET", "POST"])
def case(episode_id: int) -> ResponseReturnValue:
    """Show one case; htmx gets the queue and the case."""
    if wants_fragment():
        return _fragment(episode_id, Written())
    return _page(episode_id)


@blueprint.post("/<int:episode_id>/act")
def act(episode_id: int) -> Response:
    """Do one thing with a case: write, note a call, put aside, hand over, or say that it is wrong."""
    what = request.form.get("what", "")
    if what not in ACTS:
        abort(400)
    if tutor_here() is None:
        abort(403)
    body = read_text("body" if what == "message" else "note", most=LONGEST_MESSAGE, needed=what == "message")
    written = Written(body=body, what=what) if body.fault else _do(episode_id, what, body)
    status = 422 if body.fault else 200
    return answer(
        fragment=lambda: _fragment(episode_id, written),
        page=lambda: _page(episode_id, written),
        to=url_for("desk.case", episode_id=episode_id),
        status=status,
    )


def _do(episode_id: int, what: str, body: Field) -> Written:
    now = house().clock.now()
    days = read_number("days", low=1, high=LONGEST_SNOOZE_DAYS)
    colleague = read_number("to_id", low=1, high=2**62)
    if what == "hand_over" and colleague is None:
        return Written(note=_("Choose the colleague who takes it."))
    try:
        with house().db.writing() as session:
            # The case must be of this course before anything is done with it.
            desk_case(session, g.membership.context_id, episode_id, now)
            tutor_acted(
                session,
                episode_id,
                g.membership.id,
                what,
                body.value,
                now,
                until=now + timedelta(days=days) if days and what == "snooze" else None,
                to_id=colleague,
                form_key=form_key(),
            )
    except NotYours:
        abort(404)
    except TooLate:
        return Written(note=_("The case has closed by itself in the meantime, so nothing was sent."))
    return Written(done=_done_words(what))


@blueprint.post("/seen/<int:prompt_id>")
def seen_to(prompt_id: int) -> Response:
    """Take a praise or a report off the desk because somebody has seen to it."""
    if tutor_here() is None:
        abort(403)
    try:
        with house().db.writing() as session:
            praise_done(session, prompt_id, g.membership.id, house().clock.now())
    except NotYours:
        abort(404)

    def whole() -> str:
        return _page(None)

    return answer(fragment=_queue_fragment, page=whole, to=url_for("desk.queue"))


def _queue_fragment() -> str:
    with house().db.reading() as session:
        now = house().clock.now()
        queue = desk_queue(session, g.membership.context_id, now, tutor_id=tutor_here())
        return render_template("desk/_queue.html", queue=queue, chosen=None, opened=False, **_sitting(now))


@blueprint.post("/<int:episode_id>/messages")
def messages(episode_id: int) -> str:
    """Show what was written to this learner, and whether it has arrived by now."""
    with house().db.reading() as session:
        return render_template("desk/_messages.html", **_case(session, episode_id))
