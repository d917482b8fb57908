"""The admin's room: which platforms launch us, how their web services answer, and what is wrong."""

from flask import Blueprint

from lti_app.door import guard

blueprint = Blueprint("admin", __name__, url_prefix="/v/<ref>/admin")
guard(blueprint, roles=("admin",))

from lti_app.admin import views  # noqa: E402, F401  (the routes register themselves on the blueprint)
