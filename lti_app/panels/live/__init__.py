"""New posts come by themselves: an open page asks from time to time (docs/adr has why and how often)."""

from lti_app.panels.live.views import blueprint, posts_blueprint

__all__ = ["blueprint", "posts_blueprint"]
