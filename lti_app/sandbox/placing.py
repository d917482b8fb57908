"""What people add to the course: forum posts, panels and calendar entries, where the LMS would show them."""

from __future__ import annotations

import copy
from typing import Any

from lti_app.sandbox.course import Course
from lti_app.sandbox.ledger import Happening

#: Course-module and link ids of panels placed here begin where the recording's end.
FIRST_PANEL = 1_000


def place_post(course: Course, happening: Happening, number: int) -> None:
    """Open a discussion in the forum, in the shape of the ones that are there."""
    forum = next(f for f in course.single["mod_forum_get_forums_by_courses"] if f["cmid"] == happening.cmid)
    person, text, at = course.roster[happening.person], happening.facts["text"], happening.at
    pattern = next(iter(course.discussions.get(forum["id"], [])), None)
    if pattern is None:
        return
    discussion = copy.deepcopy(pattern)
    discussion.update(id=number, discussion=number, name=happening.facts["subject"], subject=happening.facts["subject"])
    discussion.update(userid=person["id"], usermodified=person["id"], message=text, numreplies=0)
    discussion.update(userfullname=person["fullname"], usermodifiedfullname=person["fullname"])
    discussion.update(created=at, modified=at, timemodified=at)
    course.discussions[forum["id"]].insert(0, discussion)
    forum["numdiscussions"] += 1
    opening = copy.deepcopy(course.posts[pattern["discussion"]])
    post = opening["posts"][-1]
    post.update(id=number, discussionid=number, subject=discussion["name"], message=text, timecreated=at)
    post.update(timemodified=at, replysubject=f"Re: {discussion['name']}", parentid=None, hasparent=False)
    post["author"].update(id=person["id"], fullname=person["fullname"])
    opening["posts"] = [post]
    course.posts[number] = opening


def place_panel(course: Course, happening: Happening) -> None:
    """Put an external tool into its section; the happening's id makes its ids."""
    cmid, link = FIRST_PANEL + happening.id, FIRST_PANEL + happening.id
    pattern = next(m for m in course.modules() if m["modname"] == "lti")
    module = copy.deepcopy(pattern)
    module.pop("completiondata", None)
    address, _, _ = str(module["url"]).rpartition("=")
    module.update(id=cmid, instance=link, name=happening.facts["title"], completion=0, url=f"{address}={cmid}")
    section = next((s for s in course.sections if s["section"] == happening.facts["section"]), course.sections[0])
    section["modules"].append(module)
    lti = copy.deepcopy(course.single["mod_lti_get_ltis_by_courses"]["ltis"][0])
    lti.update(id=link, coursemodule=cmid, name=module["name"], intro=f"<p>{happening.facts.get('text', '')}</p>")
    course.single["mod_lti_get_ltis_by_courses"]["ltis"].append(lti)
    course.single["core_course_get_updates_since"]["instances"].append(
        {"contextlevel": "module", "id": cmid, "updates": [{"name": "configuration", "timeupdated": happening.at}]}
    )


def place_event(course: Course, happening: Happening) -> None:
    """Put an entry into the course calendar."""
    entry: dict[str, Any] = {"categoryid": None, "repeatid": None, **happening.facts["event"]}
    course.single["core_calendar_get_calendar_events"]["events"].append(entry)


def remove_event(course: Course, happening: Happening) -> None:
    """Take an entry out of the course calendar."""
    entries = course.single["core_calendar_get_calendar_events"]["events"]
    entries[:] = [entry for entry in entries if entry["id"] != happening.facts["event_id"]]
