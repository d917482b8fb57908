"""The blueprint that the pages of pulse hang on."""

from __future__ import annotations

from flask import Blueprint

from lti_app import door

blueprint = Blueprint("pulse", __name__, url_prefix="/v/<ref>/pulse")
door.guard(blueprint)
