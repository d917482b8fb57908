"""A course of which the LMS does not tell everything, and one that can no longer be read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from lti_app.models import Context, SyncGap, SyncRun
from tests.sweep.course import NOW, Builder, Course

GRADES = "gradereport_user_get_grade_items: lacks moodle/grade:viewall (View grades of other users)"


def pages(session: Any, course: Course, ids: dict[str, int], empty: int) -> list[tuple[str, int, str]]:
    make = Builder(session)
    deployment = session.get_one(Context, course.context).deployment_id
    found = []
    for name, title, staff, guest in (
        ("gaps", "Statistica per tutti", "Livia Orsi", "Pietro Sala"),
        ("shut", "Storie con i dati", "Sonia Mele", "Ugo Testa"),
    ):
        context = make.context(deployment, title)
        tutor = make.member(course.registration, context, staff, "tutor")
        learner = make.member(course.registration, context, guest)
        if name == "gaps":
            session.get_one(Context, context).synced_at = NOW - timedelta(minutes=12)
            told = {"context_id": context, "since": NOW - timedelta(days=1)}
            session.add(SyncGap(what="grades", reason="permission", detail=GRADES, **told))
            session.add(SyncGap(what="attempts", reason="error", detail="x", membership_id=learner, **told))
        else:
            session.get_one(Context, context).synced_at = NOW - timedelta(days=2)
            run = {"context_id": context, "state": "failed", "started_at": NOW - timedelta(hours=1)}
            session.add(SyncRun(**run, error="reauthorise", error_detail="the token is not valid"))
        found += [
            (f"freshness-{name}-desk-open", tutor, "desk"),
            (f"freshness-{name}-home", learner, "home"),
        ]
    return found
