"""The community manager's room: every course of the academy at one look, what helps, and the academy's own words."""

from flask import Blueprint

from lti_app.door import guard

blueprint = Blueprint("control", __name__, url_prefix="/v/<ref>/control")
guard(blueprint, roles=("manager", "admin"))

from lti_app.control import effect, left_out, views, words  # noqa: E402, F401  (the routes register themselves on the blueprint)
