"""What people see of the practice LMS: the course, its activities, the admin's page and the practice bar."""

from flask import Blueprint

from lti_app.sandbox.pages import activities, admin, bar, course, work

blueprint = Blueprint("practice_pages", __name__)
for part in (course, activities, work, admin, bar):
    blueprint.register_blueprint(part.blueprint)

__all__ = ["blueprint"]
