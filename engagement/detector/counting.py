"""Small helpers over learners: whole numbers in columns, and "nobody told us"."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engagement.detector.columns import UNKNOWN

#: A feature's name and its value for each learner.
Values = dict[str, NDArray[np.int16]]
Bools = NDArray[np.bool_]


def where_known(known: Bools | bool, value: NDArray[Any]) -> NDArray[np.int16]:
    """The values as whole numbers, ``UNKNOWN`` where they are not known."""
    if np.all(known):
        return value.astype(np.int16)
    return np.where(known, value, np.int16(UNKNOWN)).astype(np.int16)


def count(marks: Bools) -> NDArray[np.int16]:
    """How many marks each column has."""
    small = np.uint8 if len(marks) < 256 else np.uint16
    found: NDArray[np.int16] = np.add.reduce(marks.view(np.uint8), 0, dtype=small).astype(np.int16)
    return found
