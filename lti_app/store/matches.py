"""Matches: the learner picks, the helper answers, and both may leave at any time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session


def choose(session: Session, match_id: int, membership_id: int, now: datetime) -> None:
    """The learner picks this candidate: proposed -> asked, and the helper gets a prompt.

    Raises Taken when the helper has no room left, TooLate when the episode or the proposal is over (or somebody else
    was asked already), NotYours when the episode is not this learner's.
    """
    raise NotImplementedError


def answer(
    session: Session, match_id: int, helper_id: int, accept: bool, now: datetime, *, opening_words: str = ""
) -> int | None:
    """The helper says yes or no: yes opens the private thread with ``opening_words`` and returns its id.

    A no returns None and leaves no trace but the history; the learner may pick the next candidate. A second yes returns
    the same thread. Raises TooLate when it was withdrawn or has expired, NotYours when somebody else was asked.
    """
    raise NotImplementedError


def withdraw(session: Session, match_id: int, membership_id: int, now: datetime) -> None:
    """The learner takes the question back before it was answered; the candidate may be picked again later."""
    raise NotImplementedError


def end_match(session: Session, match_id: int, membership_id: int, helped: bool | None, now: datetime) -> None:
    """Either side ends the match, saying whether it helped (None: they did not say)."""
    raise NotImplementedError


def report(session: Session, match_id: int, membership_id: int, words: str, now: datetime) -> None:
    """Either side reports the other: the match and its thread close at once, and the desk gets a prompt.

    The two are never matched again.
    """
    raise NotImplementedError


def said_helped(session: Session, match_id: int, membership_id: int, helped: bool, now: datetime) -> None:
    """Record one side's answer to "did it help?" without ending the match."""
    raise NotImplementedError


def has_read(session: Session, match_id: int, membership_id: int, now: datetime) -> None:
    """Record that this side has read the private thread up to ``now``."""
    raise NotImplementedError


def expire_asks(session: Session, now: datetime) -> int:
    """Expire questions that no helper answered in time and return how many; the learner may pick the next one."""
    raise NotImplementedError
