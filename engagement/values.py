"""The values that every decision is made of, under one roof: facts, verdicts, helpers and policy.

All times are aware and UTC; dates are days in the course's own time zone. ``None`` means that nobody
told us, never zero. Ids are our own integers (a learner's id is the membership's id).
"""

from __future__ import annotations

from engagement.facts import (
    Activity,
    ActivityKind,
    ActivityState,
    Attempt,
    Cohort,
    Feeling,
    Holiday,
    Knowledge,
    Learner,
    Motive,
    Progress,
    StallKind,
)
from engagement.helpers import Candidate, Helper, LoadReport, Window
from engagement.policy import Policy
from engagement.verdicts import Estimate, Outcome, PromptKind, Reason, ReasonCode, Stall, worth_saying

__all__ = [
    "Activity",
    "ActivityKind",
    "ActivityState",
    "Attempt",
    "Candidate",
    "Cohort",
    "Estimate",
    "Feeling",
    "Helper",
    "Holiday",
    "Knowledge",
    "Learner",
    "LoadReport",
    "Motive",
    "Outcome",
    "Policy",
    "Progress",
    "PromptKind",
    "Reason",
    "ReasonCode",
    "Stall",
    "StallKind",
    "Window",
    "worth_saying",
]
