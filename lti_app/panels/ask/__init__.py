"""The panel ask."""

from lti_app.panels.ask.views import blueprint

__all__ = ["blueprint"]
