"""Dates that a quiz or an assignment gives to single learners or groups, in one call for each activity.

Moodle tells them since 4.5 (quizzes) and 5.2 (assignments), to whoever may see overrides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from lms_clients.errors import Unsupported
from lms_clients.ledger import REFUSALS, Ledger
from lms_clients.moodle.calls import Calls
from lms_clients.moodle.shapes import User
from lms_clients.moodle.work_shapes import Assignment, Override, Overrides, Quiz
from lms_clients.records import PERSONAL_DATES, Gap, GapReason, Part
from lms_clients.values import from_epoch

OF_QUIZZES, OF_ASSIGNMENTS = "mod_quiz_get_overrides", "mod_assign_get_overrides"
# By the activity's number in the course page and by learner; None: this learner has no end date at all.
Dates = dict[int, dict[str, datetime | None]]


def note_unknown(ledger: Ledger) -> None:
    """Say that a quiz's dates for single people are not known: the class's own date is taken for everybody."""
    ledger.note(f"{PERSONAL_DATES}:quiz", GapReason.UNSUPPORTED, f"{OF_QUIZZES} is not in the external service")


def is_note(gap: Gap) -> bool:
    """Whether a gap is that of ``note_unknown``, which nobody can mend where Moodle is older than 4.5."""
    return gap.what == f"{PERSONAL_DATES}:quiz" and gap.reason is GapReason.UNSUPPORTED


def is_unknown(quizzes: Sequence[Quiz] | None, functions: frozenset[str]) -> bool:
    """Whether some quiz ends at a date that may be another for some learners, and nobody can tell us."""
    return OF_QUIZZES not in functions and any(quiz.timeclose for quiz in quizzes or ())


def of_quizzes(calls: Calls, quizzes: Sequence[Quiz] | None, users: Sequence[User], ledger: Ledger) -> Dates:
    """Read the dates that quizzes give to single learners and to groups."""
    found: Dates = {}
    for quiz in quizzes or ():
        overrides = _ask(calls, OF_QUIZZES, {"quizid": quiz.id}, "quiz", ledger)
        if overrides is None:
            break
        groups = [(one.groupid, one.timeclose) for one in overrides if one.groupid and one.timeclose is not None]
        dates = _of_quiz_groups(groups, users)
        dates |= {str(one.userid): one.timeclose for one in overrides if one.userid and one.timeclose is not None}
        _keep(found, quiz.coursemodule, dates)
    _note_endless(found, ledger)
    return found


def _of_quiz_groups(groups: Sequence[tuple[int, int]], users: Sequence[User]) -> dict[str, int]:
    # Of several groups the latest end counts, and "no end" beats them all.
    found = {}
    for user in users if groups else ():
        mine = {group.id for group in user.groups or ()}
        ends = [end for group, end in groups if group in mine]
        if ends:
            found[str(user.id)] = 0 if 0 in ends else max(ends)
    return found


def of_assignments(
    calls: Calls, assignments: Sequence[Assignment] | None, users: Sequence[User], ledger: Ledger
) -> Dates:
    """Read the due dates that assignments give to single learners and to groups."""
    found: Dates = {}
    for work in assignments or ():
        overrides = _ask(calls, OF_ASSIGNMENTS, {"assignid": work.id}, "assign", ledger)
        if overrides is None:
            break
        dated = [one for one in overrides if one.duedate is not None]
        dates: dict[str, int] = {}
        # Of several groups the one that stands first counts.
        for one in sorted(dated, key=lambda one: one.sortorder or 0, reverse=True):
            if one.groupid:
                dates |= {str(user.id): one.duedate or 0 for user in users if _is_in(user, one.groupid)}
        dates |= {str(one.userid): one.duedate or 0 for one in dated if one.userid}
        _keep(found, work.cmid, dates)
    _note_endless(found, ledger)
    return found


def _is_in(user: User, group_id: int) -> bool:
    return any(group.id == group_id for group in user.groups or ())


def _ask(calls: Calls, function: str, params: dict[str, str | int], kind: str, ledger: Ledger) -> list[Override] | None:
    try:
        return calls.call(function, Overrides, params).overrides
    except REFUSALS as error:
        ledger.refused(f"{PERSONAL_DATES}:{kind}", error)
        return None


def _keep(found: Dates, cmid: int, dates: Mapping[str, int]) -> None:
    if dates:
        found[cmid] = {who: from_epoch(at) for who, at in dates.items()}


def _note_endless(found: Dates, ledger: Ledger) -> None:
    """Somebody who has all the time in the world is not measured by the class's date."""
    endless = {who for dates in found.values() for who, at in dates.items() if at is None}
    for who in sorted(endless):
        ledger.refused(Part.DUE_DATES, Unsupported("has no end date at all in one activity"), who)


def joined(*several: Mapping[int, Mapping[str, datetime | None]]) -> Dates:
    """Return one table of several; what comes later counts (an extension beats an override)."""
    found: Dates = {}
    for dates in several:
        for cmid, own in dates.items():
            found.setdefault(cmid, {}).update(own)
    return found


def of_learner(dates: Mapping[int, Mapping[str, datetime | None]], who: str) -> Iterable[tuple[int, datetime | None]]:
    """The dates of one learner, for a fingerprint of what may change while they are away."""
    return [(cmid, own[who]) for cmid, own in sorted(dates.items()) if who in own]
