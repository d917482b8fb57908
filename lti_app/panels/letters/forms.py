"""What the form about messages says, read once at the door."""

from __future__ import annotations

from flask import request

from lti_app.fields import read_number
from lti_app.store.channels import GROUPS, WAYS
from lti_app.store.digest_plans import EVERY, Plan
from lti_app.store.notifications import CHOSEN


def read_letters() -> dict[str, tuple[str, ...]]:
    """Read which ways the person lets each sort of message take; a sort without a tick stays in the panel.

    ``sorts`` names those that the form showed: what was not asked is not answered.
    """
    asked = [group for group in GROUPS if group in request.form.getlist("sorts")]
    return {group: tuple(way for way in WAYS if way in request.form.getlist(group)) for group in asked}


def read_told() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read which groups of news the form asked about, and which of them the person wants in the panel."""
    asked = tuple(group for group in CHOSEN if group in request.form.getlist("groups"))
    return asked, tuple(group for group in asked if group in request.form.getlist("told"))


def read_plan() -> Plan | None:
    """Read how often a digest is to come, or None when the form did not ask."""
    every, weekday = request.form.get("every"), read_number("weekday", low=0, high=6)
    return Plan(every, weekday or 0) if every in EVERY else None
