"""What people send from the home panel."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from engagement.values import Feeling
from lti_app.fields import read_number


@dataclass(frozen=True, slots=True)
class Said:
    """A one-tap answer about an activity."""

    feeling: str
    activity_id: int


def read_feeling() -> Said | None:
    """Read a one-tap answer, or None when it is none that the panel offers."""
    feeling = request.form.get("feeling", "")
    activity_id = read_number("activity_id", low=1, high=2**62)
    if feeling not in {known.value for known in Feeling} or activity_id is None:
        return None
    return Said(feeling, activity_id)
