"""What a teacher's account sees changed in the course since a moment: settings, attempts, submissions and grades."""

from __future__ import annotations

from typing import Any

from lti_app.sandbox.effects import FIRST_ID
from lti_app.sandbox.lms import Lms

Update = dict[str, Any]


def updates_since(here: Lms, since: int) -> list[dict[str, Any]]:
    """Return the changed modules, each with what changed; a page that was opened is not among it, as in Moodle."""
    fresh = _item_ids(here, since)
    changed = []
    for instance in here.course.single["core_course_get_updates_since"]["instances"]:
        updates = [u for u in instance["updates"] if u.get("timeupdated", 0) > since]
        recorded = {u["name"]: u["itemids"] for u in instance["updates"] if "itemids" in u}
        if since < here.started_at and "questions" in recorded:
            updates.append({"name": "questions", "itemids": recorded["questions"]})
        for name in ("discussions", "usersubmissions", "userattempts", "usergrades"):
            ids = [i for i in fresh.get((instance["id"], name), []) if i >= FIRST_ID]
            known = fresh.get((instance["id"], name), [])
            # The gradebook of the recorded course was filled in its last minute, so all of its grades are of then.
            early = since < here.started_at
            ids = [i for i in recorded.get(name, []) if early and (name == "usergrades" or i in known)] + ids
            if ids:
                updates.append({"name": name, "itemids": ids})
        if updates:
            changed.append({"contextlevel": "module", "id": instance["id"], "updates": updates})
    return changed


def _item_ids(here: Lms, since: int) -> dict[tuple[int, str], list[int]]:
    """Return ids of attempts, submissions and new grades after ``since``, by course module and kind."""
    course, found = here.course, dict[tuple[int, str], list[int]]()
    cmids = {q["id"]: q["coursemodule"] for q in course.quizzes}
    for (quiz, _), attempts in course.attempts.items():
        for attempt in attempts:
            if attempt["timemodified"] > since:
                found.setdefault((cmids[quiz], "userattempts"), []).append(attempt["id"])
    forums = {f["id"]: f["cmid"] for f in course.single["mod_forum_get_forums_by_courses"]}
    for forum, discussions in course.discussions.items():
        moved = [d["discussion"] for d in discussions if d["timemodified"] > since]
        # Named "discussions", and yet the numbers are those of their opening posts.
        opening = [p["id"] for d in moved for p in course.posts[d]["posts"] if not p["hasparent"]]
        found.setdefault((forums[forum], "discussions"), []).extend(opening)
    for assignment in course.assignments:
        for submission in course.submissions.get(assignment["id"], []):
            if submission["timemodified"] > since:
                found.setdefault((assignment["cmid"], "usersubmissions"), []).append(submission["id"])
    for happening in course.happened("attempt", "grade"):
        if happening.at > since and happening.cmid is not None:
            found.setdefault((happening.cmid, "usergrades"), []).append(FIRST_ID + happening.id)
    return found
