"""Prompts: what somebody is asked to do, once, and whether they have seen it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session


def seen(session: Session, membership_id: int, now: datetime) -> int:
    """Record that the panel has shown this person everything that waits for them; returns how many were new.

    Call it (in a writing session) when the home or peer panel was drawn with ``support_for``.
    """
    raise NotImplementedError
