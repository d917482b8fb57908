"""The panel talk."""

# Each of these hangs its pages into the room.
from lti_app.panels.talk import names, posts, staff, views
from lti_app.panels.talk.room import blueprint, post_base, post_stamp

__all__ = ["blueprint", "names", "post_base", "post_stamp", "posts", "staff", "views"]
