"""The tutor's desk and the community manager's room, with cases of three kinds."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Academy, Episode, Membership
from lti_app.store.holdouts import Holdout, start
from lti_app.store.left_out import choose_left_out, leave_out
from tests.panels.scenes import Page
from tests.sweep.course import NOW, Builder, Course, stalls


def pages(session: Session, course: Course, ids: dict[str, int], empty: int) -> list[Page]:
    """Put three of a kind on Clara's desk, and show the manager's pages with something in them."""
    standing = set(session.scalars(select(Episode.membership_id).where(Episode.ended_at.is_(None))))
    for who in [one for one in course.others[2:] if one not in standing][:3]:
        stalls(session, course, who)
    make = Builder(session)
    marta = make.member(course.registration, course.context, "Marta Donati", "manager")
    academy_id = session.scalars(select(Academy.id).order_by(Academy.id)).first() or 0
    lot = Holdout(7, 0.1, 0.5, 0.15, 40, NOW - timedelta(days=20), NOW + timedelta(days=100))
    start(session, academy_id, lot, None)
    choose_left_out(session, academy_id, ["GuestLearner"], ["Minori"], None, NOW)
    bice = session.get_one(Episode, session.scalars(select(Episode.id)).first() or 0).membership_id
    leave_out(session, academy_id, person_of(session, bice), True, None, NOW)
    every = session.scalars(
        select(Episode.id).where(Episode.context_id == course.context, Episode.ended_at.is_(None)).order_by(Episode.id)
    ).all()
    some = "&".join(f"ids={one}" for one in every[-3:])
    return [
        ("desk-queue", course.clara, "desk"),
        ("desk-case", course.clara, f"desk/{every[0]}"),
        ("desk-case-open", course.clara, f"desk/{every[-1]}"),
        ("desk-together", course.clara, f"desk/together?{some}"),
        ("desk-course", course.clara, "desk/course"),
        ("control-room", marta, "control"),
        ("control-effect", marta, "control/effect"),
        ("control-words", marta, "control/words"),
        ("control-letters", marta, "control/words?use=peer"),
        ("control-left", marta, "control/left-out?sought=a"),
    ]


def person_of(session: Session, membership_id: int) -> int:
    """Return whose membership this is."""
    return session.get_one(Membership, membership_id).person_id
