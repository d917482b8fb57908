"""What one process remembers of the last hour or two, and no longer."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")
SECONDS = 3600.0


@dataclass(slots=True)
class Recent(Generic[Key, Value]):
    """At most twice ``most`` values by their keys, none of them longer than two hours after it was last asked for.

    What is asked for again moves to the newer half; the older half is dropped whole when the newer one is full or an
    hour old. Threads may write the same value twice.
    """

    most: int
    _newer: dict[Key, Value] = field(default_factory=dict)
    _older: dict[Key, Value] = field(default_factory=dict)
    _turned_at: float = 0.0

    def __len__(self) -> int:
        return len(self._newer) + len(self._older)

    def get(self, key: Key) -> Value | None:
        """Return what was kept, if it still is."""
        self._turn()
        found = self._newer.get(key)
        if found is None and (found := self._older.pop(key, None)) is not None:
            self._newer[key] = found
        return found

    def keep(self, key: Key, value: Value) -> None:
        """Remember a value."""
        self._turn()
        self._newer[key] = value

    def forget(self, key: Key) -> None:
        """Forget a value: it is no longer so."""
        self._newer.pop(key, None)
        self._older.pop(key, None)

    def _turn(self) -> None:
        age = time.monotonic() - self._turned_at
        if age <= SECONDS and len(self._newer) < self.most:
            return
        self._older = self._newer if age <= 2 * SECONDS else {}
        self._newer, self._turned_at = {}, time.monotonic()
