"""Praise that is due: what staff should not let pass without a word."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from lti_app.models import Prompt
from lti_app.store import kudos
from lti_app.store.built import among
from lti_app.store.course_facts import active_staff
from lti_app.store.desk import praise_due
from lti_app.store.desk_acts import praise_done
from lti_app.store.desk_views import PraiseItem
from lti_app.store.hearing import staff_of
from lti_app.store.notifications import notify
from lti_app.store.refusals import NotYours, TooLate

OPEN = ("due", "claimed", "sent")


def due(session: Session, context_id: int) -> tuple[PraiseItem, ...]:
    """Return what deserves a word, newest first, as on the desk."""
    return praise_due(session, context_id)


def waiting(context_id: int) -> ColumnElement[int]:
    """Count the pieces of praise that nobody has given yet."""
    due = (Prompt.context_id == context_id, Prompt.kind == "praise", among(Prompt.state, OPEN))
    return select(func.count()).select_from(Prompt).where(*due).scalar_subquery()


def say_well_done(session: Session, context_id: int, prompt_id: int, tutor_id: int, words: str, now: datetime) -> None:
    """Give the praise that a prompt asked for and take it off every desk; raises NotYours, TooLate."""
    active_staff(session, tutor_id, context_id)
    prompt = session.get(Prompt, prompt_id, with_for_update=True)
    if prompt is None or prompt.kind != "praise" or prompt.context_id != context_id:
        raise NotYours
    if prompt.state not in OPEN:
        raise TooLate
    about = kudos.About(activity_id=prompt.facts.get("activity_id"))
    to_id = int(prompt.facts["learner_id"])
    kudos.give(session, tutor_id, to_id, kudos.WELL_DONE, words, now, about=about, form_key=f"praise:{prompt_id}")
    praise_done(session, prompt_id, tutor_id, now)


def tell_staff(session: Session, context_id: int, now: datetime) -> None:
    """Tell the staff that praise is due, once a day however much there is."""
    key = f"praise_due:{context_id}:{now.date().isoformat()}"
    notify(session, staff_of(session, context_id), "praise_due", key, now)
