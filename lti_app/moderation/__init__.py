"""The moderators' room: what members asked a person to look at, voices that rest, and how the community works."""

from flask import Blueprint

from lti_app.door import guard

blueprint = Blueprint("moderation", __name__, url_prefix="/v/<ref>/moderation")
guard(blueprint, roles=("tutor", "manager", "admin"))

from lti_app.moderation import rules, views, voices  # noqa: E402, F401  (the routes register themselves on the blueprint)
