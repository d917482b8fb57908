"""The panel welcome."""

from lti_app.panels.welcome import norms, views
from lti_app.panels.welcome.rooms import blueprint
from lti_app.panels.welcome.starters import starters

__all__ = ["blueprint", "norms", "starters", "views"]
