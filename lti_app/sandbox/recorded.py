"""The recorded course, with its times and addresses moved to here and now."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RECORDED_AT = 1795169537
RECORDED_URL = "http://localhost:8900"
#: Course-module ids of the two panels that stand in the course from the start.
HOME_PANEL, COMPACT_PANEL = 45, 46
PATH = Path(__file__).parent / "recording" / "course.jsonl.gz"
_TIMES = range(1_780_000_000, 1_820_000_000)
_TIME_ELEMENT = re.compile(r"<time datetime=\"([^\"]+)\">[^<]*</time>")


@dataclass(frozen=True, slots=True)
class Call:
    """One recorded web-service call and its answer."""

    function: str
    params: dict[str, str]
    response: Any


def recorded_calls(*, shift: int = 0, url: str = RECORDED_URL, path: Path = PATH) -> Iterator[Call]:
    """Yield the recorded calls; ``shift`` seconds are added to every time, ``url`` replaces the recorded site's."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line.replace(RECORDED_URL, url))
            yield Call(row["function"], row["params"], shifted(row["response"], shift))


def shifted(value: Any, seconds: int) -> Any:
    """Return the value with every epoch time in it moved; ids and counts are far too small to be taken for times."""
    if isinstance(value, dict):
        return {k: shifted(v, seconds) for k, v in value.items()}
    if isinstance(value, list):
        return [shifted(v, seconds) for v in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return value + seconds if value in _TIMES else value
    if isinstance(value, str) and "<time " in value:
        return _TIME_ELEMENT.sub(lambda found: _moved_element(found.group(1), seconds), value)
    return value


def _moved_element(written: str, seconds: int) -> str:
    at = datetime.fromtimestamp(datetime.fromisoformat(written).timestamp() + seconds, UTC)
    return f'<time datetime="{at.isoformat()}">{at:%A}, {at.day} {at:%B %Y}, {at:%I:%M %p}</time>'
