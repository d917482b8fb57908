"""The feeds' room: where an LMS sends events by itself, as xAPI statements or as Caliper envelopes."""

from flask import Blueprint

blueprint = Blueprint("feeds", __name__, url_prefix="/feeds/<ref>")

from lti_app.feeds import views  # noqa: E402, F401  (the routes register themselves on the blueprint)
