"""Why two people were put together, in codes for the words; nothing here tells a score."""

from __future__ import annotations

import numpy as np

from engagement.graph import Bools, Ints, Pairs
from engagement.pairs import Room, Worth
from engagement.traits import COUNT, share_any

RECENT_DAYS = 28
CODES = (
    "passed_recently",
    "had_to_try_too",
    "same_language",
    "same_times",
    "same_group",
    "same_reason",
    "fresh_hands",
    "online_now",
)


def reasons_of(room: Room, pairs: Pairs, worth: Worth, places: Ints) -> list[tuple[str, ...]]:
    """Return, for each of these places among the pairs, why these two."""
    stalled, helping = pairs.stalled[places], pairs.helper[places]
    one, other = room.stalled, room.helping
    columns = (
        worth.days[places] < RECENT_DAYS + 1,
        worth.tried[places],
        share_any(one.languages[stalled], other.languages[helping]),
        _same_times(room, stalled, helping),
        share_any(one.groups[stalled], other.groups[helping]),
        (one.motives[stalled] != 0) & (one.motives[stalled] == other.motives[helping]),
        room.fresh[helping],
        room.here[helping],
    )
    masks = sum(
        (column.astype(np.int64) << bit for bit, column in enumerate(columns)), np.zeros(len(stalled), np.int64)
    )
    # There are few different masks: each is spelled out once.
    said = {
        mask: tuple(code for bit, code in enumerate(CODES) if mask >> bit & 1) for mask in np.unique(masks).tolist()
    }
    return [said[mask] for mask in masks.tolist()]


def _same_times(room: Room, stalled: Ints, helping: Ints) -> Bools:
    """Whether both are around at the same hours where known of both, else on the same weekdays."""
    one, other = room.stalled.slots[stalled], room.helping.slots[helping]
    days = COUNT[room.stalled.weekdays[stalled] & room.helping.weekdays[helping]] > 0
    return np.asarray(np.where((one != 0) & (other != 0), (one & other) != 0, days), bool)
