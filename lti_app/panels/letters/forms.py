"""What the form about messages says, read once at the door."""

from __future__ import annotations

from flask import request

from lti_app.store.channels import GROUPS, WAYS


def read_letters() -> dict[str, tuple[str, ...]]:
    """Read which ways the person lets each sort of message take; a sort without a tick stays in the panel.

    ``sorts`` names those that the form showed: what was not asked is not answered.
    """
    asked = [group for group in GROUPS if group in request.form.getlist("sorts")]
    return {group: tuple(way for way in WAYS if way in request.form.getlist(group)) for group in asked}
