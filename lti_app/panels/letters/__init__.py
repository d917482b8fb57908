"""Letters: what may be sent to this person, and the way out of it under every message."""

from lti_app.panels.letters.stop import blueprint as stop_blueprint
from lti_app.panels.letters.views import blueprint

__all__ = ["blueprint", "stop_blueprint"]
