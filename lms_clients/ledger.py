"""What a reading found out and what it could not: turns refusals into gaps and lets real trouble through."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lms_clients.errors import (
    FeatureOff,
    LmsError,
    NotFound,
    Permission,
    ProtocolTrouble,
    ScopeMissing,
    TooMuchData,
    Unsupported,
)
from lms_clients.records import Gap, GapReason, Part

T = TypeVar("T")

# These say something about one function or right; every other error concerns the whole reading.
REFUSALS = (Permission, ScopeMissing, FeatureOff, NotFound, Unsupported, TooMuchData, ProtocolTrouble)


def reason_of(error: LmsError) -> GapReason:
    """The kind of gap that an error leaves."""
    if isinstance(error, Permission | ScopeMissing):
        return GapReason.PERMISSION
    if isinstance(error, FeatureOff | NotFound):
        return GapReason.FEATURE_OFF
    if isinstance(error, Unsupported):
        return GapReason.UNSUPPORTED
    return GapReason.TRUNCATED if isinstance(error, TooMuchData) else GapReason.ERROR


class Ledger:
    """The parts read so far and the gaps met."""

    def __init__(self) -> None:
        self.read: set[Part] = set()
        self._gaps: dict[Gap, None] = {}

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The gaps in the order in which they were met."""
        return tuple(self._gaps)

    def note(self, what: str, reason: GapReason, detail: str, learner_id: str | None = None) -> None:
        """Record a gap once."""
        self._gaps.setdefault(Gap(what, reason, detail, learner_id))

    def refused(self, what: str, error: LmsError, learner_id: str | None = None) -> None:
        """Record the gap that an error leaves."""
        self.note(what, reason_of(error), error.detail, learner_id)

    def attempt(self, part: Part, ask: Callable[[], T]) -> T | None:
        """Ask for a part: its answer, or None and a gap where it was refused."""
        try:
            found = ask()
        except REFUSALS as error:
            self.refused(part, error)
            return None
        self.read.add(part)
        return found
