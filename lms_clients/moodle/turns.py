"""Who is asked about one by one this time: those who moved, then a few of the others, oldest reading first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from lms_clients.base import KnownState
from lms_clients.options import Options
from lms_clients.records import Access

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Turn:
    """``now`` are asked in this order; ``later`` moved too, but are beyond what one pass takes."""

    now: tuple[str, ...]
    later: tuple[str, ...]


def seen(access: Sequence[Access]) -> dict[str, str]:
    """Each learner's last access as the first half of a mark."""
    return {
        one.learner_id: str(int(one.last_seen_at.timestamp())) if one.last_seen_at is not None else "0"
        for one in access
    }


def mark(learner_id: str, seen_at: Mapping[str, str], signature: str) -> str:
    """A learner's mark: it changes when the learner came back or when something about the work changed."""
    return f"{seen_at.get(learner_id, '')}.{signature}"


def choose(marks: Mapping[str, str], known: KnownState, options: Options, *, everyone: bool) -> Turn:
    """Choose from ``marks`` (those of now); ``everyone`` voids the known ones, as when a right was granted."""
    moved = [who for who in marks if everyone or known.marks.get(who) != marks[who]]
    # Latest come first: they are the ones whose day it is.
    moved.sort(key=lambda who: _number(marks[who].partition(".")[0]), reverse=True)
    chosen = set(moved)
    still = [who for who in marks if who not in chosen]
    still.sort(key=lambda who: known.read_at.get(who, _LONG_AGO))
    room = max(0, min(options.rotation, options.detail - len(moved)))
    return Turn((*moved[: options.detail], *still[:room]), tuple(moved[options.detail :]))


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
