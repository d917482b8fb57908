"""The files that people add: how a form takes them, and how they are shown to those who may see them.

For a room whose form takes files:

- mark the view with ``limits.takes_files`` and give its form ``files=true`` (components/form.html);
- put ``upload_field(...)`` (components/upload.html) into the form;
- first ``files = take_files()``; where ``files.fault`` or another field's, draw the form again with ``files``;
- else, in the transaction, ``store.uploads.attach(session, me.id, post_id, files.keys)`` (or ``settle``);
- show them with ``uploads(post.uploads)`` of components/upload.html.
"""

from lti_app.panels.files.address import file_address
from lti_app.panels.files.taking import Files, take_files
from lti_app.panels.files.views import acts_blueprint, blueprint

__all__ = ["Files", "acts_blueprint", "blueprint", "file_address", "take_files"]
