"""The frame of the admin's pages: the course's own tabs where the admin came from a course, else none."""

from __future__ import annotations

from typing import Any

from flask import g, render_template
from sqlalchemy.orm import Session

from lti_app.shell import render_panel, scheme


def render_admin(session: Session, template: str, **context: Any) -> str:
    """Render a page of this room; its template extends ``layout``."""
    if g.membership is not None:
        return render_panel(session, template, tab="admin", layout="panel.html", **context)
    return render_template(template, layout="admin/alone.html", scheme=scheme(), **context)


def person_id() -> int | None:
    """Return whose act this is, for the audit trail."""
    return g.visit.person_id or None
