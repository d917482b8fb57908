"""From what a sender posted to events; nothing of a person leaves this module."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec

from lti_app.feeds.places import caliper_places, xapi_places
from lti_app.feeds.words import CALIPER, XAPI, tail, whole
from lti_app.store.feeds import Told

MOST = 2000
NAMESPACE = uuid.UUID("7d3c1ab8-96a5-4c0e-8f0d-50a1b5a4f1a3")


class BadBatch(Exception):
    """The whole batch cannot be read; ``status`` is the HTTP status to answer."""

    def __init__(self, words: str, status: int = 400) -> None:
        self.words = words
        self.status = status
        super().__init__(words)


def read_json(body: bytes) -> Any:
    """Decode a body; raises BadBatch for what is no JSON, or nested beyond all measure."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as e:
        raise BadBatch("this is not JSON") from e


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _own_hash(event: dict[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(event, order="deterministic")).hexdigest()


def _moment(text: Any) -> datetime | None:
    if not isinstance(text, str) or len(text) > 64:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        return at.astimezone(UTC) if at.tzinfo else None
    except OverflowError:
        return None


def _objects(said: Any) -> list[dict[str, Any]]:
    found = said if isinstance(said, list) else [said]
    if len(found) > MOST:
        raise BadBatch(f"at most {MOST} at once", 413)
    if not all(isinstance(one, dict) for one in found):
        raise BadBatch("each must be an object")
    return found


def statement_id(statement: dict[str, Any]) -> str:
    """Return a statement's id, or one that follows from its content: the same each time it is sent."""
    said = statement.get("id")
    if isinstance(said, str) and 0 < len(said) <= 255:
        return said
    return str(uuid.uuid5(NAMESPACE, _own_hash(statement)))


def read_statements(said: Any) -> tuple[list[str], list[Told]]:
    """Return the ids to answer and the events of xAPI statements (one, or a list); raises BadBatch."""
    ids, events = [], []
    for statement in _objects(said):
        key = statement_id(statement)
        verb = statement.get("verb")
        address = verb.get("id") if isinstance(verb, dict) else None
        at = _moment(statement.get("timestamp") or statement.get("stored"))
        known = tail(address).lower() in XAPI
        ids.append(key)
        events.append(Told(_digest("xapi", key.lower()), whole(address), known, xapi_places(statement), at))
    return ids, events


def read_envelope(said: Any) -> list[Told]:
    """Return the events of a Caliper envelope; entities that it describes beside them move nothing; raises BadBatch."""
    data = said.get("data") if isinstance(said, dict) else None
    sensor = said.get("sensor") if isinstance(said, dict) else None
    if not isinstance(data, list | dict):
        raise BadBatch("this is no Caliper envelope: it has no data")
    events = []
    for event in _objects(data):
        if "action" not in event and "eventTime" not in event:
            continue
        action = event.get("action")
        told = event.get("id") or event.get("@id")
        # Some senders give all events the id of the sensor itself: then only the content tells them apart.
        is_own = isinstance(told, str) and bool(told) and told != sensor
        key = _digest("caliper", str(told)[:2000]) if is_own else _own_hash(event)
        known = tail(action) in CALIPER
        events.append(Told(key, whole(action), known, caliper_places(event), _moment(event.get("eventTime"))))
    return events
