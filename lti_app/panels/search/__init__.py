"""Search: one field over everything in the course."""

from lti_app.panels.search.views import blueprint

__all__ = ["blueprint"]
