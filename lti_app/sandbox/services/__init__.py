"""Moodle's web services at their real address, answering from the course as it stands."""

from lti_app.sandbox.services.server import blueprint

__all__ = ["blueprint"]
