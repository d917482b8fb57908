"""Asking a person to look at something, and what staff did about oneself."""

from lti_app.panels.safety.views import blueprint

__all__ = ["blueprint"]
