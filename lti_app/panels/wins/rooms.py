"""The blueprint that the pages of wins hang on."""

from __future__ import annotations

from flask import Blueprint

from lti_app import door

blueprint = Blueprint("wins", __name__, url_prefix="/v/<ref>/wins")
door.guard(blueprint)
