"""The panel talk."""

# Each of these hangs its pages into the room.
from lti_app.panels.talk import names, posts, staff, views
from lti_app.panels.talk.room import blueprint

__all__ = ["blueprint", "names", "posts", "staff", "views"]
