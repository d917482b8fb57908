"""Which card looks at what, and what is hidden while it learns."""

from __future__ import annotations

from engagement.detector.features import FEATURES, MONOTONE
from engagement.values import Knowledge
from training.binning import Key

DAYS, SCORES, DUE, SUBMISSIONS, ACCESS = (
    Knowledge.DAYS,
    Knowledge.SCORES,
    Knowledge.DUE_DATES,
    Knowledge.SUBMISSIONS,
    Knowledge.ACCESS,
)
CALENDAR = ("course_due_in", "course_due_ago")

#: Tables of two and three features of the smooth half: found by their gain on held-out presentations.
TOGETHER: dict[str, tuple[Key, ...]] = {
    "silent": (
        ("course_active", *CALENDAR),
        ("active_28", *CALENDAR),
        ("last_missed", *CALENDAR),
        ("silent_share", *CALENDAR),
        ("silent_days", "missed_run"),
        ("recent", "missed_run"),
        ("due_in", "lateness"),
        ("recent", "silent_share"),
        ("done_share", "recent"),
        ("silent_days", "silent_share"),
        ("done_share", "silent_share"),
        ("recent", "course_due_in"),
        ("recent", "after_due"),
        ("missed_run", "usual"),
        ("silent_days", "recent"),
        ("handed_in_ago", "course_due_ago"),
        ("overdue", "last_score"),
        ("against_course", "course_due_in"),
        ("longest_gap", "silent_days"),
        ("against_course", "silent_share"),
    ),
    "leaving": (
        ("done_share", "silent_days"),
        ("done_share", "recent"),
        ("done_share", "against_course"),
        ("recent", "missed_run"),
        ("active_28", "missed_run"),
        ("missed_run", "against_course"),
        ("longest_gap", "missed_run"),
        ("longest_gap", "silent_days"),
        ("silent_days", "handed_in_ago"),
        ("missed_run", "silent_days"),
        ("last_score", "missed_run"),
        ("done_share", "handed_in_ago"),
        ("done_share", "last_score"),
        ("usual", "begun"),
        ("usual", "due_in"),
        ("after_due", "begun"),
        ("weeks", "due_in"),
        ("silent_share", "begun"),
        ("usual", "done"),
        ("after_due", "done"),
    ),
}
#: What the card for less than full data leaves out: what is known only where days are.
BY_DAYS = frozenset(MONOTONE) - {"silent_days"} | {"course_rhythm"}

ACCESS_TOGETHER: dict[str, tuple[Key, ...]] = {
    "silent": (
        ("course_active", *CALENDAR),
        ("silent_days", *CALENDAR),
        ("last_missed", *CALENDAR),
        ("silent_days", "missed_run"),
        ("due_in", "lateness"),
        ("silent_days", "done_share"),
        ("silent_days", "handed_in_ago"),
        ("overdue", "last_score"),
        ("silent_days", "course_active"),
    ),
    "leaving": (
        ("silent_days", "done_share"),
        ("silent_days", "missed_run"),
        ("silent_days", "handed_in_ago"),
        ("last_score", "missed_run"),
        ("done_share", "last_score"),
        ("silent_days", "begun"),
        ("silent_days", "done"),
    ),
}
PARTIAL_TOGETHER: dict[str, tuple[Key, ...]] = {
    head: (*keys, ("silent_days", "handed_in_ago"), ("active_28", "handed_in_ago")) if head == "silent" else keys
    for head, keys in TOGETHER.items()
}
#: What is hidden, in turn, while the card for known days but missing other facts learns; with the days left to see.
PARTIAL_HIDDEN = (
    ((SCORES,), 0),
    ((DUE,), 0),
    ((DUE, SCORES), 0),
    ((SUBMISSIONS,), 0),
    ((SUBMISSIONS, DUE), 0),
    ((DAYS,), 28),
    ((DAYS, SCORES), 28),
    ((DAYS, DUE, SCORES), 28),
    ((DAYS, SUBMISSIONS), 28),
    ((DAYS, SUBMISSIONS, DUE), 28),
    ((ACCESS,), 0),
    ((ACCESS, DAYS, SCORES), 28),
)
ACCESS_HIDDEN = (
    ((DAYS,), 0),
    ((DAYS, SCORES), 0),
    ((DAYS, DUE), 0),
    ((DAYS, DUE, SCORES), 0),
    ((DAYS, SUBMISSIONS), 0),
    ((DAYS, SUBMISSIONS, DUE), 0),
    ((DAYS, SCORES), 0),
    ((DAYS, DUE, SCORES), 0),
    ((DAYS, ACCESS, SCORES), 0),
    ((DAYS, ACCESS, SUBMISSIONS, DUE), 0),
)
ACCESS_FEATURES = tuple(feature for feature in FEATURES if feature not in BY_DAYS)
