"""What every page of the practice LMS carries: the person, the bar, the messages, and the visit that it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import render_template

from lti_app.sandbox.deeds import Deed, possible
from lti_app.sandbox.ledger import Happening
from lti_app.sandbox.life import catch_up
from lti_app.sandbox.lms import Lms, lms
from lti_app.sandbox.people import Person
from lti_app.sandbox.platform.tools import known_tools
from lti_app.sandbox.session import language, present

#: Moodle renews a last access once a minute.
VISIT_SECONDS = 60
CALLS_SHOWN = 8


def page(template: str, *, visit: bool = True, **values: Any) -> str:
    """Render a page for the present person; ``visit`` counts it as coming into the course."""
    here, person = lms(), present()
    catch_up(here)
    if visit and person.id in here.course.roster:
        last = here.course.roster[person.id]["lastcourseaccess"] or 0
        if here.now() - last >= VISIT_SECONDS:
            here.happen(person.id, "visit")
    origins = sorted({tool.origin for tool in known_tools(here) if tool.active})
    return render_template(
        f"sandbox/{template}",
        here=here,
        person=person,
        bar=_bar(here, person),
        messages=unread(here, person),
        tool_origins=" ".join(origins),
        language=language(),
        **values,
    )


def _bar(here: Lms, person: Person) -> dict[str, Any]:
    calls = here.ledger.calls_since(time.time() - 3600)
    asked = here.person(here.cast.stalled) if person.teaches else person
    return {
        "cast": [(role, here.people[getattr(here.cast, role)]) for role in here.cast.__slots__],
        "others": sorted(here.people.values(), key=lambda p: (p.role != "learner", p.given, p.family)),
        "now": datetime.fromtimestamp(here.now(), UTC),
        "moved": timedelta(seconds=round(here.clock.offset.total_seconds())),
        "deeds": _deeds(here, asked),
        "whose": asked,
        "calls": len(calls),
        "latest": [(datetime.fromtimestamp(at, UTC), what) for at, what in calls[:CALLS_SHOWN]],
        "resize": here.switch("resize"),
        "storage": here.switch("storage"),
    }


def _deeds(here: Lms, person: Person | None) -> list[Deed]:
    return possible(here.course, person.id) if person and person.role == "learner" else []


def unread(here: Lms, person: Person) -> list[Happening]:
    """Return the messages that this person has not put away, newest first."""
    read = {h.facts["message"] for h in here.course.happened("read")}
    return [h for h in reversed(here.course.happened("message")) if h.person == person.id and h.id not in read]
