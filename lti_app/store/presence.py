"""Who is in a course now: launched today, and asked us for a page minutes ago."""

from __future__ import annotations

from datetime import datetime, timedelta

from lti_app.models import Membership, Person

HERE = timedelta(minutes=10)
SAME_SITTING = timedelta(hours=12)


def is_here(member: Membership, person: Person, now: datetime) -> bool:
    """Return whether somebody is in this very course now: launched today, and asked us for a page minutes ago."""
    if member.launched_at is None or person.seen_at is None:
        return False
    return member.launched_at > now - SAME_SITTING and person.seen_at > now - HERE
