"""The panel pulse."""

from lti_app.panels.pulse import ideas, staff, surveys, views
from lti_app.panels.pulse.rooms import blueprint

__all__ = ["blueprint", "ideas", "staff", "surveys", "views"]
