"""The moderators' room: a report, a held post, words of harm, a voice that rests; and what those concerned see."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Context, Membership, Mute, Post
from lti_app.store import moderation, posting, reports, standing
from tests.panels.scenes import Page
from tests.sweep.course import NOW, Course


def pages(session: Session, course: Course, ids: dict[str, int], empty: int) -> list[Page]:
    _fabio, gaia, hugo, irene, luca, mara = course.others[:6]
    context = session.get_one(Context, course.context)
    rules = {"hold_first": 1, "help_contacts": "**Sportello d’ascolto** dell’academy: 800 123 456, ogni giorno 9–21"}
    said = [
        (luca, "Corsi gratis per tutti", "Vi do il mio corso, scrivetemi: www.example.org", rules),
        (mara, "Così non va", "Chi non capisce i duplicati dovrebbe cambiare corso.", {}),
        (hugo, "Stasera", "Non ce la faccio più a vivere così.", {"help_contacts": rules["help_contacts"]}),
    ]
    posts = []
    for who, title, body, settings in said:
        context.settings = {**(context.settings or {}), "community": settings}
        session.flush()
        thread = posting.start_thread(session, course.context, who, title, body, NOW - timedelta(hours=2))
        posts.append(session.scalars(select(Post.id).where(Post.thread_id == thread)).one())
    reports.report_post(
        session, course.context, posts[1], gaia, "unkind", "Mi ha fatto passare la voglia di chiedere.", NOW
    )
    session.add(
        Mute(
            membership_id=course.others[7], by_id=course.clara, reason="Una settimana per lasciare spazio agli altri.",
            at=NOW, until=NOW + timedelta(days=6),
        )
    )  # fmt: skip
    standing.give_role(session, course.context, irene, "ambassador", course.clara, NOW)
    thread = posting.start_thread(session, course.context, mara, "Ancora", "Che lentezza.", NOW - timedelta(hours=1))
    post = session.scalars(select(Post.id).where(Post.thread_id == thread)).one()
    reports.report_post(session, course.context, post, gaia, "unkind", "", NOW)
    report = max(one.id for one in reports.list_reports(session, course.context))
    words = "Ti capita di avere fretta, e capita a tutti: dillo senza pesare gli altri."
    moderation.decide(session, course.context, report, course.clara, "hide", words, NOW)
    manager = session.scalars(select(Membership.id).where(Membership.id == course.clara)).one()
    return [
        ("moderation-queue", manager, "moderation"),
        ("moderation-decided", manager, "moderation/decided"),
        ("moderation-roles", manager, "moderation/roles"),
        ("moderation-rules", manager, "moderation/rules"),
        ("moderation-care", hugo, "home"),
        ("moderation-report", gaia, f"report/{posts[1]}"),
        ("moderation-record", mara, "record"),
    ]
