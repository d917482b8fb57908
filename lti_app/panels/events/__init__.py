"""The panel events: when the course meets."""

from lti_app.panels.events import acts, calendar, leading
from lti_app.panels.events.views import blueprint

__all__ = ["acts", "blueprint", "calendar", "leading"]
