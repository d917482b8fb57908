"""Every component in all its states, on one page, while developing."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, current_app, render_template, request

from lti_app.house import house
from lti_app.shell import SCHEMES
from lti_app.store.polls import OptionView, PollView
from lti_app.store.post_views import PostView
from lti_app.store.talk import ThreadLine
from lti_app.store.uploads import UploadView
from lti_app.store.views import ActivityRef, Face

blueprint = Blueprint("gallery", __name__)


def _files() -> tuple[UploadView, ...]:
    wish = "Is the third column too heavy?"
    return (
        UploadView("0" * 48, "file", "Notebook, exercise 3.pdf", 240_000, None, None, "", wish, False),
        UploadView("1" * 48, "audio", "note.webm", 90_000, None, None, "Two words about my doubt", "", False),
    )


def _poll(voted: bool) -> PollView:
    options = (OptionView(1, "Tuesday, 18:30", 2, 0.67, True), OptionView(2, "Thursday, 20:00", 1, 0.33, False))
    return PollView(1, False, options, 3, None, voted)


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
            ThreadLine(2, "Hello from Trieste", anna, anna, None, 0, now - timedelta(days=3), False, pinned=True),
            ThreadLine(3, "Over", None, None, None, 2, now - timedelta(days=9), False, anonymous=True, closed=True),
        ),
        posts=(
            PostView(1, marco, False, False, "member", "The mean is wrong, **yet** no cell is empty.", now),
            PostView(
                2, anna, True, False, "member", "Look:\n\n```\ndf.age.min()\n```\n\n[here](https://example.org)", now
            ),
            PostView(3, marco, False, True, "member", "Found it, thank you!", now, edited_at=now),
            PostView(
                4,
                None,
                False,
                False,
                "member",
                "So $z_i = \\frac{x_i-\\bar{x}}{s}$, @Marco B.",
                now,
                anonymous=True,
                names=("Marco B.",),
            ),
            PostView(5, anna, False, False, "member", "", now, state="deleted"),
            PostView(6, anna, False, False, "member", "See www.example.org", now, state="held"),
            PostView(7, anna, False, False, "member", "Look.", now, uploads=_files()),
            PostView(8, anna, False, False, "member", "When?", now, poll=_poll(True)),
        ),
    )
