"""The panel peer."""

from lti_app.panels.peer.views import blueprint

__all__ = ["blueprint"]
