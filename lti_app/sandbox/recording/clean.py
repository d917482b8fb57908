"""Make the packaged recording from a raw one: ``python -m lti_app.sandbox.recording.clean RAW CLEAN``.

A raw recording holds what the recorder itself left behind in the course: tools that were placed to be measured, a grade
column made by a test, times a few minutes after the moment the recording is dated. All of that goes.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

from lti_app.sandbox.recorded import COMPACT_PANEL, RECORDED_AT

LEFT_BEHIND = {47, 48, 49, 50, 51, 52, 53, 55, 56, 57, 58, 59, 60}
#: The recorded site had only a stub of the Italian language pack, and a panel was named for what it tested.
NAMES = {1: "Annunci", COMPACT_PANEL: "Domande e idee sul Quiz 2"}
#: Times that lie ahead on purpose: what is due, and when the course ends.
AHEAD = {"timestart", "duedate", "enddate", "timestamp", "cutoffdate", "gradingduedate"}


def clean(row: dict[str, Any]) -> dict[str, Any]:
    """Return the call without what the recorder left in the course."""
    function, response = row["function"], row["response"]
    if function == "core_course_get_contents":
        _contents(response)
    elif function == "gradereport_user_get_grade_items":
        for learner in response["usergrades"]:
            learner["gradeitems"] = [i for i in learner["gradeitems"] if _stays(i.get("cmid")) and _not_manual(i)]
    elif function == "mod_lti_get_ltis_by_courses":
        response["ltis"] = [lti for lti in response["ltis"] if _stays(lti["coursemodule"])]
        _rename(response["ltis"], "coursemodule")
    elif function == "mod_forum_get_forums_by_courses":
        _rename(response, "cmid")
    elif function == "core_course_get_updates_since":
        response["instances"] = [i for i in response["instances"] if _stays(i["id"])]
    elif function == "core_calendar_get_calendar_events":
        response["events"] = [e for e in response["events"] if e["modulename"] or e["id"] < 81]
    row["response"] = _not_after_the_recording(response)
    return row


def _stays(cmid: int | None) -> bool:
    return cmid not in LEFT_BEHIND


def _not_manual(item: dict[str, Any]) -> bool:
    return bool(item["itemtype"] != "manual" and item.get("cmid") != COMPACT_PANEL)


def _rename(modules: list[dict[str, Any]], key: str) -> None:
    for module in modules:
        module["name"] = NAMES.get(module[key], module["name"])


def _contents(sections: list[dict[str, Any]]) -> None:
    for section in sections:
        section["modules"] = [m for m in section["modules"] if _stays(m["id"])]
        _rename(section["modules"], "id")
        _beside_the_quiz(section["modules"])


def _beside_the_quiz(modules: list[dict[str, Any]]) -> None:
    """The compact panel talks about the section's quiz, so it stands right after it."""
    panel = next((m for m in modules if m["id"] == COMPACT_PANEL), None)
    quiz = next((m for m in modules if m["modname"] == "quiz"), None)
    if panel and quiz:
        modules.remove(panel)
        modules.insert(modules.index(quiz) + 1, panel)


def _not_after_the_recording(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {k: _not_after_the_recording(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_not_after_the_recording(v, key) for v in value]
    if isinstance(value, int) and not isinstance(value, bool) and value > RECORDED_AT and key not in AHEAD:
        return RECORDED_AT
    return value


def main(raw: Path, cleaned: Path) -> None:
    """Write the cleaned recording; the same input gives the same bytes."""
    with gzip.open(raw, "rt", encoding="utf-8") as source:
        rows = [clean(json.loads(line)) for line in source]
    text = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    cleaned.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
