"""Yes and no, place by place, packed into bits: sixty-four places of a learner in one word.

What would be a pass over learners times places becomes a few operations a learner. Words are (words, learners): the
mark at place 64 w + k is bit k of word w, and there are more bits than places.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engagement.detector.counting import Bools

Words = NDArray[np.uint64]

WORD, OCTET = 64, 8
_BITS = np.left_shift(1, np.arange(OCTET)).astype(np.uint8)[:, None]
_ALL = 2**WORD - 1
#: All bits from the k-th on; none at 64.
_FROM = np.array([_ALL << k & _ALL for k in range(WORD + 1)], np.uint64)
_ONE = np.uint64(1)


def packed(marks: Bools) -> Words:
    """The marks, (places, learners), as words."""
    places, learners = marks.shape
    words = np.zeros((learners, places // WORD + 1), "<u8")
    octets = words.view(np.uint8)
    for start in range(0, places, OCTET):
        some = marks[start : start + OCTET].view(np.uint8)
        octets[:, start // OCTET] = np.bitwise_or.reduce(some * _BITS[: len(some)], 0)
    return np.ascontiguousarray(words.T)


def onwards(place: NDArray[Any], words: int) -> Words:
    """Marks at each learner's place and all after it."""
    return _FROM.take(place - WORD * np.arange(words)[:, None], mode="clip")


def number(words: Words) -> NDArray[np.int16]:
    """How many places each learner has marked."""
    found: NDArray[np.int16] = np.bitwise_count(words[0]).astype(np.int16)
    for word in words[1:]:
        found += np.bitwise_count(word)
    return found


def first(words: Words) -> NDArray[np.intp]:
    """The first place marked; where there is none, one beyond all bits."""
    # Below the lowest bit there are as many bits as its place says; of an empty word, all 64.
    below = np.bitwise_count((words & np.negative(words)) - _ONE).astype(np.intp)
    found: NDArray[np.intp] = below[-1] + WORD * (len(words) - 1)
    for word in range(len(words) - 2, -1, -1):
        found = np.where(words[word] > 0, below[word] + WORD * word, found)
    return found


def up_to_last(words: Words) -> NDArray[np.intp]:
    """How many places there are up to the last one marked, and with it; 0 where there is none."""
    filled = words
    for step in (1, 2, 4, 8, 16, 32):
        filled = filled | filled >> np.uint64(step)
    places = np.bitwise_count(filled).astype(np.intp)
    found: NDArray[np.intp] = places[0]
    for word in range(1, len(words)):
        found = np.where(words[word] > 0, places[word] + WORD * word, found)
    return found
