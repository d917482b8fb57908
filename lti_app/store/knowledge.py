"""What is known about whom: a gap is never read as inactivity."""

from __future__ import annotations

from collections.abc import Iterable

from engagement.values import Knowledge
from lms_clients.records import Part

# Which knowledge hangs on which part of a snapshot.
ROOTS: dict[str, frozenset[Knowledge]] = {
    Part.ACCESS: frozenset({Knowledge.ACCESS, Knowledge.DAYS}),
    Part.COMPLETION: frozenset({Knowledge.PROGRESS}),
    Part.GRADES: frozenset({Knowledge.SCORES}),
    Part.SUBMISSIONS: frozenset({Knowledge.SUBMISSIONS}),
    Part.ATTEMPTS: frozenset({Knowledge.ATTEMPTS}),
    Part.DUE_DATES: frozenset({Knowledge.DUE_DATES}),
}
# Without these two nothing about a course's people or work can be trusted.
ALL: dict[str, frozenset[Knowledge]] = dict.fromkeys((Part.ROSTER, Part.STRUCTURE), frozenset(Knowledge))
OF_THE_DETAIL = ROOTS[Part.COMPLETION] | ROOTS[Part.GRADES] | ROOTS[Part.SUBMISSIONS] | ROOTS[Part.ATTEMPTS]


def hidden_by(what: str) -> frozenset[Knowledge]:
    """Return what a gap hides; ``what`` is a part, or a part and an activity (``attempts:5``)."""
    part = what.partition(":")[0]
    return ROOTS.get(part) or ALL.get(part) or frozenset()


def known_by(parts_read: Iterable[str]) -> frozenset[Knowledge]:
    """Return what a course can tell at all: what hangs on a part that was never read is not known."""
    read = set(parts_read)
    return frozenset().union(*(known for part, known in ROOTS.items() if str(part) in read))
