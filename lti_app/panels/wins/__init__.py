"""The panel wins."""

from lti_app.panels.wins import projects, views
from lti_app.panels.wins.rooms import blueprint

__all__ = ["blueprint", "projects", "views"]
