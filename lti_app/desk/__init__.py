"""The tutor's desk: who in this course needs a person, why, what was tried, and a draft that is nearly right."""

from flask import Blueprint

from lti_app.door import guard

blueprint = Blueprint("desk", __name__, url_prefix="/v/<ref>/desk")
guard(blueprint, roles=("tutor", "manager", "admin"))

from lti_app.desk import away, course, questions, settings, together, views  # noqa: E402, F401  (the routes register themselves on the blueprint)
