"""What people do on the pages of activities: attempt, hand in, grade, write, tick."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from lti_app.sandbox.deeds import paragraphs
from lti_app.sandbox.lms import lms
from lti_app.sandbox.session import present

blueprint = Blueprint("work", __name__)
LONGEST_TEXT = 20_000


def _module(kind: str) -> dict[str, Any]:
    """Return the module that the form names; only members of the course do anything in it."""
    here = lms()
    module = here.course.module(request.form.get("id", 0, type=int))
    if module is None or module["modname"] != kind:
        abort(404)
    if present().id not in here.course.roster:
        abort(403)
    return module


def _back(module: dict[str, Any]) -> Response:
    return redirect(url_for("practice_pages.activities.view", kind=module["modname"], id=module["id"]), 303)


def _learner() -> int:
    person = present()
    if person.role != "learner":
        abort(403)
    return person.id


@blueprint.post("/mod/quiz/attempt.php")
def attempt() -> Response:
    """Attempt a quiz: the person says how many answers were right."""
    module = _module("quiz")
    quiz = next(q for q in lms().course.quizzes if q["coursemodule"] == module["id"])
    right = request.form.get("right", -1, type=int)
    if not 0 <= right <= quiz["sumgrades"]:
        abort(400)
    lms().happen(_learner(), "attempt", module["id"], sumgrades=right)
    return _back(module)


@blueprint.post("/mod/assign/submit.php")
def submit() -> Response:
    """Hand in a text."""
    module = _module("assign")
    text = request.form.get("text", "").strip()
    if not text or len(text) > LONGEST_TEXT:
        abort(400)
    lms().happen(_learner(), "submit", module["id"], text=paragraphs(text))
    return _back(module)


@blueprint.post("/mod/assign/grade.php")
def grade() -> Response:
    """Grade somebody's work, 0 to 100."""
    module, person = _module("assign"), present()
    learner = request.form.get("learner", 0, type=int)
    points = request.form.get("grade", -1.0, type=float)
    if not person.teaches:
        abort(403)
    if learner not in lms().course.learners() or not 0 <= points <= 100:
        abort(400)
    lms().happen(person.id, "grade", module["id"], learner=learner, grade=points)
    return _back(module)


@blueprint.post("/mod/forum/post.php")
def post() -> Response:
    """Open a discussion."""
    module = _module("forum")
    subject, text = request.form.get("subject", "").strip(), request.form.get("text", "").strip()
    if not subject or not text or len(text) > LONGEST_TEXT:
        abort(400)
    lms().happen(present().id, "post", module["id"], subject=subject[:200], text=paragraphs(text))
    return _back(module)


@blueprint.post("/course/togglecompletion.php")
def toggle() -> Response:
    """Say oneself that an activity is done, or is not."""
    module = _module("page")
    lms().happen(_learner(), "mark", module["id"], done=request.form.get("done") == "1")
    return _back(module)
