"""Who the browser is being, and in which language: two first-party cookies of the practice LMS."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from lti_app.sandbox.lms import lms
from lti_app.sandbox.people import Person

LANGUAGES = ("it", "en")
_YEAR = 31_536_000


def _cookie(name: str) -> str:
    # Cookies of localhost are shared by all its ports.
    return f"practice_{name}_{lms().port}"


def current() -> Person | None:
    """Return the person that this browser is, or None before the first page."""
    value = request.cookies.get(_cookie("person"), "")
    return lms().person(int(value)) if value.isdigit() else None


def present() -> Person:
    """Return the person that this browser is; at first the learner who has stalled."""
    return current() or lms().people[lms().cast.stalled]


def become(response: Response, person: Person) -> None:
    """Let the browser be this person from now on."""
    response.set_cookie(_cookie("person"), str(person.id), max_age=_YEAR, httponly=True, samesite="Lax")


def speak(response: Response, language: str) -> None:
    """Let the browser read this language from now on."""
    if language in LANGUAGES:
        response.set_cookie(_cookie("language"), language, max_age=_YEAR, httponly=True, samesite="Lax")


def language() -> str:
    """Return the chosen language, else the browser's, else Italian: the course is Italian."""
    chosen = request.cookies.get(_cookie("language"))
    if chosen in LANGUAGES:
        return chosen
    return request.accept_languages.best_match(LANGUAGES) or "it"
