"""The panel me."""

from lti_app.panels.me.views import blueprint

__all__ = ["blueprint"]
