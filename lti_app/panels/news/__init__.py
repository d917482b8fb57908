"""News: what concerns me, in one place."""

from lti_app.panels.news.views import blueprint

__all__ = ["blueprint"]
