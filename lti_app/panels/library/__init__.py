"""The panel library: what helped, with a word on why."""

from lti_app.panels.library import curating
from lti_app.panels.library.views import blueprint

__all__ = ["blueprint", "curating"]
