"""Whether this process lives, and whether it can work."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from lti_app.house import house

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Say that the process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Say whether the database answers and its schema is there: 200, or 503 with the reason."""
    try:
        with house().db.reading() as session:
            version = session.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    except SQLAlchemyError as e:
        return jsonify(status="not ready", reason=type(e).__name__), 503
    return jsonify(status="ready", schema=version), 200
