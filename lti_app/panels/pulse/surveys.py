"""Short surveys: making one, answering, and what came of it."""

from __future__ import annotations

from functools import partial

from flask import Response, abort, g, request, url_for
from flask_babel import gettext as _

from lti_app.answers import answer
from lti_app.house import house
from lti_app.panels.pulse.forms import read_survey_draft
from lti_app.panels.pulse.rooms import blueprint
from lti_app.panels.pulse.views import page as pulse_page
from lti_app.shell import render_panel
from lti_app.store import surveys
from lti_app.store.refusals import NotYours, TooLate


def _page(survey_id: int, fault: str = "", done: str = "", given: dict[int, str] | None = None) -> str:
    me, now, staff = g.membership, house().clock.now(), g.visit.is_staff
    with house().db.reading() as session:
        try:
            survey = surveys.read_survey(session, me.context_id, survey_id, me.id, now)
        except NotYours:
            abort(404)
        # Whoever could still answer reads no results before: they would lead the answer.
        may_read = staff or survey.line.done or not survey.line.is_open
        outcomes = surveys.outcomes(session, me.context_id, survey_id, to_staff=staff) if may_read else None
        return render_panel(
            session, "panels/pulse/survey.html", tab="pulse", survey=survey, outcomes=outcomes, may_read=may_read,
            fault=fault, done=done, given=given or {}, scale=surveys.SCALE,
        )  # fmt: skip


@blueprint.route("/survey/<int:survey_id>", methods=["GET", "POST"])
def survey(survey_id: int) -> str:
    """Show a survey to answer, or what came of it."""
    return _page(survey_id, done=_("Thank you for your answers.") if request.args.get("done") else "")


@blueprint.post("/survey/<int:survey_id>/answer")
def answer_survey(survey_id: int) -> Response:
    """Keep somebody's answers, once."""
    me, now = g.membership, house().clock.now()
    given = {
        int(name[2:]): value[: surveys.MAX_ANSWER * 2]
        for name, value in request.form.items()
        if name.startswith("q-") and name[2:].isascii() and name[2:].isdecimal() and len(name) < 20
    }
    fault = ""
    try:
        with house().db.writing() as session:
            surveys.answer_survey(session, me.context_id, survey_id, me.id, given, now)
    except NotYours:
        abort(404)
    except TooLate:
        fault = _("The survey has closed in the meantime.")
    except ValueError:
        fault = _("Answer at least one question; %(most)s characters are enough for words.", most=surveys.MAX_ANSWER)
    page = partial(_page, survey_id, fault, "" if fault else _("Thank you for your answers."), given)
    to = url_for(".survey", survey_id=survey_id, done=1)
    return answer(fragment=page, page=page, to=to, status=422 if fault else 200)


@blueprint.post("/survey/new")
def make_survey() -> Response:
    """Put a few questions to the course."""
    me, now, draft = g.membership, house().clock.now(), read_survey_draft()
    if me.role not in ("tutor", "manager"):
        abort(404)
    if not draft.is_good:
        page = partial(pulse_page, survey=draft)
        return answer(fragment=page, page=page, to="", status=422)
    with house().db.writing() as session:
        survey_id = surveys.make_survey(
            session, me.context_id, me.id, draft.title.value, draft.words.value, draft.asked(), now,
            anonymous=draft.anonymous, closes_at=draft.closes_at(now), form_key=draft.form_key,
        )  # fmt: skip
    done = partial(_page, survey_id)
    return answer(fragment=done, page=done, to=url_for(".survey", survey_id=survey_id))


@blueprint.post("/survey/<int:survey_id>/close")
def close_survey(survey_id: int) -> Response:
    """End a survey before its time."""
    me = g.membership
    if me.role not in ("tutor", "manager"):
        abort(404)
    try:
        with house().db.writing() as session:
            surveys.close_survey(session, me.context_id, survey_id, me.id, house().clock.now())
    except NotYours:
        abort(404)
    page = partial(_page, survey_id)
    return answer(fragment=page, page=page, to=url_for(".survey", survey_id=survey_id))
