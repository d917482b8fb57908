"""The blueprint that the welcome's pages hang on."""

from __future__ import annotations

from flask import Blueprint

from lti_app import door

blueprint = Blueprint("welcome", __name__, url_prefix="/v/<ref>/welcome")
door.guard(blueprint)
