"""Every component in all its states, on one page, while developing."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, current_app, render_template, request

from lti_app.house import house
from lti_app.shell import SCHEMES
from lti_app.store.post_views import PostView
from lti_app.store.talk import ThreadLine
from lti_app.store.views import ActivityRef, Face

blueprint = Blueprint("gallery", __name__)


@blueprint.get("/gallery")
def show() -> str:
    """Show the gallery; outside development it is not there."""
    if not (current_app.debug or current_app.testing or current_app.config.get("GALLERY")):
        abort(404)
    now = house().clock.now()
    quiz = ActivityRef(1, "Quiz 2: Pulizia dei dati", "quiz", "https://moodle.example.org/mod/quiz/view.php?id=2")
    marco, anna = Face(1, "Marco B.", "MB"), Face(2, "Anna Neri", "AN")
    scheme = request.args.get("scheme", "light")
    return render_template(
        "gallery.html",
        scheme=scheme if scheme in SCHEMES else "light",
        quiz=quiz,
        faces_shown=(marco, anna, Face(3, "Sara C.", "SC"), Face(4, "Luca T.", "LT")),
        threads=(
            ThreadLine(
                1, "How do I spot a “hidden” missing value?", marco, anna, quiz, 3, now - timedelta(hours=2), True
            ),
            ThreadLine(2, "Hello from Trieste", anna, anna, None, 0, now - timedelta(days=3), False),
        ),
        posts=(
            PostView(1, marco, False, False, "member", "The mean is wrong, **yet** no cell is empty.", now),
            PostView(
                2, anna, True, False, "member", "Look:\n\n```\ndf.age.min()\n```\n\n[here](https://example.org)", now
            ),
            PostView(3, marco, False, True, "member", "Found it, thank you!", now),
        ),
    )
