"""A library to look at: pieces of every kind, one put forward, one suggestion that waits."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from lti_app.models import Context
from lti_app.store import library_acts
from lti_app.store.library import Reader
from lti_app.store.library_acts import Piece
from tests.panels.scenes import Page
from tests.sweep.course import NOW, Course


def pages(session: Session, course: Course, ids: dict[str, int], empty: int) -> list[Page]:
    context = session.get_one(Context, course.context)
    context.settings = {**context.settings, "outcomes": ["Ripulire un dataset", "Unire due tabelle"]}
    clara = Reader(course.context, course.clara, True)
    gaia = Reader(course.context, ids["gaia"], False)
    given = [
        Piece("tutorial", "I join, disegnati", "Ho capito con i **due cerchi**: cinque minuti e si vede tutto.",
              "https://example.org/join", course.quiz_2, outcome="Unire due tabelle"),
        Piece("case", "Come un ospedale ha trovato 41 pazienti di -999 anni", "Un caso vero, raccontato bene.",
              "https://www.example.net/casi/ospedale", course.quiz_2),
        Piece("recording", "Mezz’ora sul Quiz 1", "Dal minuto 12 si parla dei duplicati.", "https://video.example.org/2"),
        Piece("link", "Il dizionario dei dati", "Prima di chiedere, guardo qui: metà delle risposte ci sono già.",
              "https://example.com/dizionario", outcome="Ripulire un dataset"),
    ]  # fmt: skip
    made = [
        library_acts.suggest(session, clara, piece, NOW - timedelta(days=number))[0]
        for number, piece in enumerate(given)
    ]
    library_acts.put_forward(session, clara, made[0], True, NOW)
    for who in (course.ada, course.bruno, course.bice):
        library_acts.find_useful(session, Reader(course.context, who, False), made[0], NOW)
    why = "Mi ha aiutato quando non capivo perché la media non tornava."
    waiting = library_acts.suggest(
        session, gaia, Piece("link", "Perché la media inganna", why, "https://example.org/media"), NOW
    )[0]
    return [
        ("library", course.ada, "library"),
        ("library-clara-open", course.clara, "library"),
        ("library-gaia", ids["gaia"], "library"),
        ("library-empty", empty, "library"),
        ("library-one-clara-open", course.clara, f"library/{waiting}"),
        ("library-new-open", course.ada, "library/new"),
        ("library-nothing", course.ada, "library?q=zebra"),
        ("desk-elsewhere", course.clara, "desk"),
    ]
