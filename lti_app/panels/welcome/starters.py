"""First lines for whoever does not know how to begin: what stands on the button is what is said."""

from __future__ import annotations

from flask import g
from flask_babel import gettext as _

from lti_app.store import names


def starters() -> tuple[tuple[str, str], ...]:
    """Return the lines by their codes, with the person's name where there is one."""
    name = names.first_name(g.membership.person)
    hello = _("Hello, I am %(name)s. Glad to be here!", name=name) if name else _("Hello! Glad to be here.")
    return (
        ("glad", hello),
        ("new", _("Hello! This is all new to me: a little excited, a little lost.")),
        ("together", _("Hello! I like to learn with others: who is in?")),
    )
