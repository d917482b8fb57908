"""Meetings to look at: one to come with friends, one that is full, a proposal, one that is over with its notes."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from lti_app.store import event_acts, event_series, posting, seats
from lti_app.store.event_acts import Plan
from lti_app.store.event_views import KINDS, Viewer
from tests.panels.scenes import Page
from tests.sweep.course import NOW, Course

ON = dict.fromkeys(KINDS, "on")


def pages(session: Session, course: Course, ids: dict[str, int], empty: int) -> list[Page]:
    clara = Viewer(course.context, course.clara, True, ON)
    gaia = Viewer(course.context, ids["gaia"], False, {"study": "proposed"})
    starts = NOW.replace(hour=17, minute=30) + timedelta(days=4)

    def call(viewer: Viewer, title: str, days: float, **more: object) -> int:
        at = starts + timedelta(days=days)
        plan = Plan(**{"kind": "qa", "title": title, "starts_at": at, "ends_at": at + timedelta(minutes=30), **more})  # type: ignore[arg-type]
        return event_acts.call_meeting(session, viewer, plan, NOW - timedelta(days=9))[0]

    quiz = call(
        clara, "Mezz’ora sul Quiz 2 con la prof.ssa Villa", 0, bring="il tuo errore preferito", capacity=15,
        activity_id=course.quiz_2, link="https://meet.example.org/quiz-2", place="Aula 3",
        words="Rifacciamo insieme i **duplicati** e i valori mancanti. Senza voti, con calma.", guests="Elisa Villa",
    )  # fmt: skip
    full = call(clara, "Come si legge un dataset vero", 6, kind="webinar", capacity=3)
    proposal = call(gaia, "Ripasso dei join, al tavolo grande", 2, kind="study", place="Biblioteca, piano terra")
    over = call(clara, "Prima domanda, prima risposta", -10)
    for one in [course.bruno, course.bice, *course.others[:4]]:
        seats.sign_up(session, course.context, quiz, one, NOW - timedelta(days=1))
    for one in (course.bice, ids["gaia"], ids["hugo"]):
        if one != ids["hugo"]:
            seats.show_me(session, course.context, quiz, one, True, NOW)
        seats.sign_up(session, course.context, full, one, NOW)
    seats.sign_up(session, course.context, full, course.bruno, NOW, wait=True)
    posting.reply_event(session, course.context, quiz, course.bice, "Possiamo partire dal **punto 4**?", NOW)
    event_acts.leave_notes(
        session, clara, over, "- prima i *più piccoli* e i *più grandi*\n- poi il dizionario dei dati",
        "https://video.example.org/1", NOW,
    )  # fmt: skip
    office = Plan("qa", "Sportello del martedì", NOW + timedelta(days=11), NOW + timedelta(days=11, hours=1))
    staff = Viewer(course.context, course.clara, True, dict.fromkeys(KINDS, "on"))
    until = (NOW + timedelta(days=40)).date()
    weekly, _state = event_series.call_weekly(session, staff, office, until, NOW - timedelta(days=9))
    return [
        ("events", course.ada, "events"),
        ("events-clara", course.clara, "events"),
        ("events-empty", empty, "events"),
        ("event-ada", course.ada, f"events/{quiz}"),
        ("event-bruno", course.bruno, f"events/{quiz}"),
        ("event-clara-open", course.clara, f"events/{quiz}"),
        ("event-full", course.ada, f"events/{full}"),
        ("event-proposal", course.clara, f"events/{proposal}"),
        ("event-over-clara-open", course.clara, f"events/{over}"),
        ("event-over-ada", course.ada, f"events/{over}"),
        ("event-weekly-ada", course.ada, f"events/{weekly}"),
        ("event-weekly-clara-open", course.clara, f"events/{weekly}"),
        ("event-weekly-edit", course.clara, f"events/{weekly}/edit"),
        ("events-past", course.ada, "events/past"),
        ("events-new-open", course.clara, "events/new"),
        ("events-new-ada", course.ada, "events/new"),
        ("events-calendar", course.ada, "events/calendar"),
    ]
