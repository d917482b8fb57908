"""The queue of reports and held posts, what was decided before, and each decision."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Response, abort, current_app, g, request, url_for
from flask_babel import gettext as _

from lti_app.answers import answer
from lti_app.fields import Field, read_number, read_text
from lti_app.house import house
from lti_app.moderation import blueprint
from lti_app.shell import render_panel
from lti_app.store import moderation, mutes, reports
from lti_app.store.refusals import NotYours, TooLate

# What is told to the author needs words; the rest may go without.
NEEDS_WORDS = ("hide", "warn", "mute")
USUAL_DAYS = 7


@dataclass(frozen=True, slots=True)
class Sent:
    """A decision that could not be taken yet, to be shown again beside its report."""

    report_id: int = 0
    decision: str = ""
    words: Field = field(default_factory=Field)


def may_decide() -> None:
    """A platform administrator may look without being of this course's staff."""
    if g.membership.role not in ("tutor", "manager") or not g.membership.id:
        abort(403)


def _number(name: str) -> int | None:
    raw = request.args.get(name, "")
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) <= 18 else None


#: The page of a thread, by its kind; a meeting's own page goes by another number.
PAGES = {
    "talk": "panels.talk.thread", "ask": "panels.ask.thread", "win": "panels.wins.project", "idea": "panels.pulse.idea",
}  # fmt: skip


def _where(it: reports.ReportView) -> str:
    """Return the address where the words stand that a report is about, or "" where no page shows them."""
    page = PAGES.get(it.thread_kind)
    if page is None or it.thread_id is None or page not in current_app.view_functions:
        return ""
    return url_for(page, thread_id=it.thread_id, post=it.post_id, _anchor=f"post-{it.post_id}")


def queue_page(said: str = "", sent: Sent | None = None, fault: str = "") -> str:
    """Draw the queue with a word about what was just done."""
    context_id = g.membership.context_id
    with house().db.reading() as session:
        return render_panel(
            session,
            "moderation/page.html",
            tab="moderation",
            reports=reports.list_reports(session, context_id),
            mutes=mutes.list_mutes(session, context_id, house().clock.now()),
            said=said,
            fault=fault,
            sent=sent or Sent(),
            where=_where,
            longest=moderation.LONGEST_MUTE_DAYS,
            usual=USUAL_DAYS,
        )


@blueprint.route("", methods=["GET", "POST"], endpoint="queue")
def queue() -> str:
    """Show what waits for a moderator."""
    return queue_page()


@blueprint.route("/decided", methods=["GET", "POST"], endpoint="decided")
def decided() -> str:
    """Show what was decided, the newest first."""
    return _decided_page()


def _decided_page(said: str = "") -> str:
    before = _number("before")
    with house().db.reading() as session:
        found = reports.list_reports(
            session, g.membership.context_id, decided=True, before=before, limit=reports.PAGE + 1
        )
        return render_panel(
            session,
            "moderation/decided.html",
            tab="moderation",
            reports=found[: reports.PAGE],
            more=len(found) > reports.PAGE,
            earlier=before is not None,
            said=said,
        )


def _done_words(decision: str) -> str:
    return {
        "show": _("It is there for everybody now."),
        "hide": _("Taken away. Its author has your words and can write again."),
        "warn": _("Told. What they write in the next 30 days waits for you first."),
        "mute": _("That voice rests, and its author knows why and until when."),
        "dismiss": _("Looked at; everything stays as it is."),
        "taken": _("Written down: a person has taken it up."),
    }[decision]


@blueprint.post("/<int:report_id>")
def decide(report_id: int) -> Response:
    """Carry out one decision."""
    may_decide()
    decision = request.form.get("decision", "")
    if decision not in moderation.DECISIONS:
        abort(400)
    words = read_text("words", most=reports.MOST_WORDS, needed=decision in NEEDS_WORDS)
    if words.fault:
        sent = Sent(report_id, decision, words)
        return answer(fragment=lambda: queue_page(sent=sent), page=lambda: queue_page(sent=sent), to="", status=422)
    days = read_number("days", low=1, high=moderation.LONGEST_MUTE_DAYS) or USUAL_DAYS
    said, fault = _done_words(decision), ""
    try:
        with house().db.writing() as session:
            moderation.decide(
                session, g.membership.context_id, report_id, g.membership.id, decision, words.value,
                house().clock.now(), days=days,
            )  # fmt: skip
    except NotYours:
        abort(404)
    except TooLate:
        said, fault = "", _("A colleague has decided it a moment ago.")
    return answer(
        fragment=lambda: queue_page(said, fault=fault),
        page=lambda: queue_page(said, fault=fault),
        to=url_for("moderation.queue"),
        status=409 if fault else 200,
    )


@blueprint.post("/<int:report_id>/restore")
def restore(report_id: int) -> Response:
    """Show a post again that had been taken away."""
    may_decide()
    said = _("It is there for everybody again.")
    try:
        with house().db.writing() as session:
            moderation.restore(session, g.membership.context_id, report_id, g.membership.id, house().clock.now())
    except NotYours:
        abort(404)
    except TooLate:
        said = _("It is there already.")
    return answer(
        fragment=lambda: _decided_page(said), page=lambda: _decided_page(said), to=url_for("moderation.decided")
    )
