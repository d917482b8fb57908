"""The admin's room: which platforms launch us, how their web services answer, and what is wrong."""

from flask import Blueprint

from lti_app.door import guard

blueprint: Blueprint = Blueprint("admin", __name__, url_prefix="/v/<ref>/admin")
# An administrator may come from outside of any course.
guard(blueprint, roles=("admin",), needs_course=False)

# The routes register themselves on the blueprint.
from lti_app.admin import checks, connecting, consent, services, views  # noqa: E402, F401
from lti_app.admin.consent import back_blueprint as back_blueprint  # noqa: E402
