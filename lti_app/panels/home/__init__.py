"""The panel home."""

from lti_app.panels.home.views import blueprint

__all__ = ["blueprint"]
