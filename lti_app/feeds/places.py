"""Which course an event speaks of: from the addresses and names that LMSs give their courses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

# Canvas names things of other shards by shard * 10^13 + id; launches and REST know the id alone.
SHARD = 10_000_000_000_000
DEEPEST = 4
CONTEXT = "https://purl.imsglobal.org/spec/lti/claim/context"
_URN = re.compile(r"^urn:instructure:canvas:course:(\d{1,20})$")
_PATH = re.compile(r"/courses?/([^/?#]{1,255})")


def ids_in(address: Any) -> Iterator[str]:
    """Yield the ids that a course may have by its address; nothing for the address of something else."""
    if not isinstance(address, str) or len(address) > 2000:
        return
    urn = _URN.match(address)
    if urn is not None:
        yield from _local(urn.group(1))
        return
    try:
        parts = urlsplit(address)
    except ValueError:
        return
    if parts.path.endswith("/course/view.php"):
        # Moodle; the id of mod/quiz/view.php is the module's, and tells no course.
        yield from (value for value in parse_qs(parts.query).get("id", []) if value.isdecimal() and len(value) < 20)
        return
    found = _PATH.search(parts.path)
    if found is not None:
        yield from _local(unquote(found.group(1)))


def _local(name: str) -> Iterator[str]:
    yield name
    if name.isdecimal() and len(name) <= 20 and int(name) > SHARD:
        yield str(int(name) % SHARD)


def xapi_places(statement: dict[str, Any]) -> tuple[str, ...]:
    """Return the ids that the course of a statement may have: of its object, or of what surrounds it."""
    found = dict.fromkeys(ids_in(_dig(statement, "object", "id")))
    around = _dig(statement, "context", "contextActivities")
    for role in ("grouping", "parent", "category", "other"):
        said = around.get(role) if isinstance(around, dict) else None
        # xAPI 1.0.x, 4.1.6.2: a single activity stands for a list of one.
        for activity in said if isinstance(said, list) else [said]:
            found |= dict.fromkeys(ids_in(_dig(activity, "id")))
    return tuple(found)


def caliper_places(event: dict[str, Any]) -> tuple[str, ...]:
    """Return the ids that the course of an event may have: its group above all, or the launch that led to it."""
    found: dict[str, None] = {}
    starts = [event.get(name) for name in ("group", "object", "target", "edApp")]
    starts.append(_dig(event, "membership", "organization"))
    for start in starts:
        found |= dict.fromkeys(_of_entity(start, DEEPEST))
    messages = _dig(event, "federatedSession", "messageParameters")
    for name in (_dig(messages, CONTEXT, "id"), _dig(messages, "context_id")):
        if isinstance(name, str) and name:
            found[name[:255]] = None
    return tuple(found)


def _of_entity(entity: Any, depth: int) -> Iterator[str]:
    """Yield the ids of an entity, which may stand as its address alone, and of what it is a part of."""
    if isinstance(entity, str):
        yield from ids_in(entity)
    if not isinstance(entity, dict) or depth == 0:
        return
    # Caliper 1.0 wrote "@id".
    yield from ids_in(entity.get("id") or entity.get("@id"))
    number = _dig(entity, "extensions", "com.instructure.canvas", "entity_id")
    if isinstance(number, str) and entity.get("type") == "CourseOffering":
        yield from _local(number[:255])
    for name in ("subOrganizationOf", "isPartOf", "assignable"):
        yield from _of_entity(entity.get(name), depth - 1)


def _dig(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
