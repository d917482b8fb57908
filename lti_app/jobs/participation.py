"""Write the participation column of a course, where its tutors switched one on (AGS 2.0).

A score says a state, so sending it twice does no harm; its time stamp is the machine's, and always later than the last.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from flask_babel import force_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lms_clients.advantage.grades import (
    LINEITEM,
    PARTICIPATION,
    LineItem,
    Score,
    create_line_item,
    growing,
    line_items,
    send_score,
)
from lms_clients.advantage.services import Services
from lms_clients.errors import LmsError, NotFound, ProtocolTrouble
from lti_app.house import House
from lti_app.models import Academy, Context, Deployment
from lti_app.services import services_of
from lti_app.store.participation import Column, Due, column_of, note_column, note_sent, scores_due

log = logging.getLogger(__name__)
WHOLE = 100


@dataclass(frozen=True, slots=True)
class Sent:
    """What one pass wrote into the gradebook; ``refused`` are people for whom the platform takes no score."""

    sent: int = 0
    refused: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Course:
    id: int
    registration_id: int
    lineitems_url: str
    locale: str
    column: Column


def _course(session: Session, context_id: int) -> _Course | None:
    context = session.get_one(Context, context_id)
    column = column_of(context)
    if not column.on or not context.lineitems_url:
        return None
    deployment = session.get_one(Deployment, context.deployment_id)
    locale = session.get_one(Academy, deployment.academy_id).locale
    return _Course(context_id, deployment.registration_id, context.lineitems_url, locale, column)


def send_participation(house: House, context_id: int) -> Sent:
    """Bring the column of one course up to date and return what was written; needs an application context.

    Where the platform does not let us, the course's page says so, and the next sync tries again.
    """
    with house.db.reading() as session:
        course = _course(session, context_id)
        due = list(scores_due(session, context_id, house.clock.now())) if course else []
    if course is None or not due:
        return Sent()
    services = services_of(house, course.registration_id)
    try:
        with force_locale(course.locale):
            address = _column(house, services, course)
            return _send(house, services, course, address, due)
    except LmsError as e:
        log.warning("course %s: the participation column cannot be written: %s: %s", context_id, e.kind, e.detail)
        with house.db.writing() as session:
            gone = "" if isinstance(e, NotFound) else None
            note_column(session, context_id, address=gone, error=e.kind)
        return Sent(error=e.kind)
    finally:
        services.close()


def _column(house: House, services: Services, course: _Course) -> str:
    if course.column.address:
        return course.column.address
    # A tutor may have made it while placing a panel; platforms make a second one without a word.
    found = line_items(services, course.lineitems_url, tag=PARTICIPATION, scope=LINEITEM)
    wanted = LineItem(label=_("Taking part"), score_maximum=WHOLE, tag=PARTICIPATION, resource_id=f"course-{course.id}")
    item = found[0] if found else create_line_item(services, course.lineitems_url, wanted)
    with house.db.writing() as session:
        note_column(session, course.id, address=item.id or "")
    return item.id or ""


def _comment(due: Due) -> str:
    return ngettext(
        "Took part in %(weeks)s week; %(num)s is enough for the whole so far.",
        "Took part in %(weeks)s weeks; %(num)s are enough for the whole so far.",
        due.taken.needed,
        weeks=due.taken.weeks,
    )


def _send(house: House, services: Services, course: _Course, address: str, due: list[Due]) -> Sent:
    sent = refused = 0
    for one in due:
        stamp, state = growing(datetime.now(UTC), one.last_stamp), "sent"
        score = Score(
            user_id=one.sub,
            at=stamp,
            given=Decimal(round(one.taken.share * WHOLE)),
            maximum=Decimal(WHOLE),
            comment=_comment(one),
        )
        try:
            send_score(services, address, score)
            sent += 1
        except ProtocolTrouble as e:
            # 400: the platform takes no score for this person (Moodle for those whom it calls staff).
            log.info("course %s: no score for member %s: %s", course.id, one.membership_id, e.detail)
            refused, state = refused + 1, "refused"
        with house.db.writing() as session:
            note_sent(session, one, stamp, state)
    if course.column.error:
        with house.db.writing() as session:
            note_column(session, course.id)
    return Sent(sent, refused)
