"""The panel talk."""

from lti_app.panels.talk.views import blueprint

__all__ = ["blueprint"]
