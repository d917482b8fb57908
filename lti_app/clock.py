"""Where the time comes from: rules take ``now`` as an argument, and the edge asks this clock for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """The real time; the practice LMS moves ``offset`` forward so that a week can be watched in a minute.

    Security checks (token ages, state, nonce) never use it: they read the machine's own time.
    """

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self.offset = offset

    def now(self) -> datetime:
        """Return the aware UTC time of the community."""
        return datetime.now(UTC) + self.offset
