"""Every component in all its states, on one page, while developing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, current_app, g, render_template, request
from markupsafe import Markup

from lti_app.house import house
from lti_app.shell import SCHEMES
from lti_app.store.freshness import Freshness, GapNote
from lti_app.store.polls import OptionView, PollView
from lti_app.store.post_views import PostView, Sign
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


def _poll(voted: bool, closes_at: datetime | None = None, many: bool = False) -> PollView:
    options = (OptionView(1, "Tuesday, 18:30", 2, 0.67, voted), OptionView(2, "Thursday, 20:00", 1, 0.33, False))
    return PollView(1, many, options, 3, closes_at, voted)


def _posts(now: datetime, marco: Face, anna: Face) -> tuple[PostView, ...]:
    formula = "So $z_i = \\frac{x_i-\\bar{x}}{s}$, @Marco B."
    table = "|try|mark|\n|-|-|\n|1|42|\n\n> said before\n\n1. look\n2. count"

    def said(number: int, who: Face | None, body: str, *, staff: bool = False, **more: Any) -> PostView:
        return replace(PostView(number, who, staff, False, "member", body, now), **more)

    return (
        said(1, marco, "The mean is wrong, **yet** no cell is empty."),
        said(2, anna, "Look:\n\n```\ndf.age.min()\n```\n\n[here](https://example.org)", staff=True),
        said(3, marco, "Found it, thank you!", is_mine=True, edited_at=now),
        said(4, None, formula, anonymous=True, names=("Marco B.",)),
        said(5, anna, "", state="deleted"),
        said(6, anna, "See www.example.org", state="held"),
        said(7, anna, "Look.", uploads=_files()),
        said(8, anna, "When?", poll=_poll(True)),
        said(9, None, "I have finished the course, and these words stay."),
        said(10, marco, "Seen by staff alone.", state="hidden"),
        said(11, marco, "My tutors know that it is me.", anonymous=True),
        said(12, None, "You two are in touch about **Quiz 2**.", voice="academy"),
        said(13, anna, table),
    )


def _polls(now: datetime) -> tuple[PostView, ...]:
    polls = (
        _poll(False),
        _poll(True),
        _poll(False, now + timedelta(days=3), many=True),
        _poll(False, now - timedelta(1)),
    )
    return tuple(
        PostView(20 + number, None, False, False, "member", "", now, poll=poll) for number, poll in enumerate(polls)
    )


def _signed(now: datetime) -> tuple[PostView, ...]:
    given = (Sign("heart", 2, True), Sign("thanks", 0, False))
    return tuple(PostView(30 + mine, None, False, bool(mine), "member", "", now, signs=given) for mine in (False, True))


def _read(now: datetime) -> tuple[Freshness, ...]:
    gaps = (
        GapNote("scores", "permission", "lacks moodle/grade:viewall", now),
        GapNote("attempts:5", "unsupported", "", now, people=2, activity="Quiz 2", names=("Marco Bassi",)),
    )
    return (
        Freshness(now),
        Freshness(now, gaps),
        Freshness(now - timedelta(hours=3), failing_since=now, error="throttled"),
        Freshness(None),
    )


@blueprint.get("/gallery")
def show() -> str:
    """Show the gallery; outside development it is not there."""
    if not (current_app.debug or current_app.testing or current_app.config.get("GALLERY")):
        abort(404)
    now = house().clock.now()
    quiz = ActivityRef(1, "Quiz 2: Pulizia dei dati", "quiz", "https://moodle.example.org/mod/quiz/view.php?id=2")
    marco, anna = Face(1, "Marco B.", "MB"), Face(2, "Anna Neri", "AN")
    # There is no room here whose posts these are.
    g.post_base, g.post_stamp = "#", Markup("")
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
            ThreadLine(4, "Only just begun", marco, None, None, 0, now, False, section="Cleaning data"),
            ThreadLine(3, "Over", None, None, None, 2, now - timedelta(days=9), False, anonymous=True, closed=True),
        ),
        posts=_posts(now, marco, anna),
        polls=_polls(now),
        signed=_signed(now),
        read=_read(now),
        now=now,
    )
