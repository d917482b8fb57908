"""The panel circle."""

from lti_app.panels.circle.views import blueprint

__all__ = ["blueprint"]
