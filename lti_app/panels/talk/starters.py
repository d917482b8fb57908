"""Beginnings for whoever tends the conversations: the course's own, then ours."""

from __future__ import annotations

from flask import g
from flask_babel import gettext as _

from lti_app.store.community_settings import community_from
from lti_app.store.standing import role_of


def starters() -> tuple[str, ...]:
    """Return the ready-made beginnings for staff and facilitators; others need none."""
    if not g.visit.is_staff and role_of(g.membership) != "facilitator":
        return ()
    own = community_from(g.membership.context.settings, g.academy.settings).starters
    ours = (
        _("What surprised you most so far?"),
        _("Where did you get stuck this week, and what got you going again?"),
        _("Where could you use this tomorrow, at work or at home?"),
        _("Show something you made, finished or not."),
        _("Which mistake taught you something?"),
        _("What would you tell somebody who begins this course today?"),
    )
    return (*own, *ours)
