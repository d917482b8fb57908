"""Serve a file to those who may see it, in a way that no browser runs anything of it."""

from __future__ import annotations

from flask import Blueprint, Response, abort, g, make_response, send_file
from flask_babel import gettext as _

from lti_app import door
from lti_app.answers import wants_fragment, way_back
from lti_app.errors import Trouble
from lti_app.house import house
from lti_app.models import Upload
from lti_app.panels.files.address import viewer_of
from lti_app.shell import render_panel
from lti_app.store import uploads
from lti_app.uploads import shelf_of

# The address is the key to it, so there is no door: see address.py.
blueprint = Blueprint("files", __name__, url_prefix="/v/<ref>/files")
acts_blueprint = Blueprint("file_acts", __name__, url_prefix="/v/<ref>/files")
door.guard(acts_blueprint)
POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
KEEP = "private, max-age=3600, no-transform"


@blueprint.get("/<key>")
def show(ref: str, key: str) -> Response:
    """Serve one file: pictures, sound and films to be shown, everything else to be saved; parts of it when asked."""
    g.ref = ref
    viewer = viewer_of(key, ref)
    if viewer is None:
        words = _("The address of a file works for some hours. Open the page again, and it is there.")
        raise Trouble(_("This did not work"), words, status=410)
    with house().db.reading() as session:
        row = uploads.seen_by(session, key, viewer)
        session.expunge_all()
    if row is None:
        abort(404)
    return _served(row)


def _served(row: Upload) -> Response:
    path = shelf_of(house().settings).path(row.key)
    if not path.is_file():
        abort(404)
    response = send_file(
        path,
        mimetype=row.media_type,
        as_attachment=row.kind == "file",
        download_name=row.name,
        conditional=True,
        etag=row.digest,
    )
    if row.media_type == "text/plain":
        response.headers["Content-Type"] = "text/plain; charset=utf-8"
    response.headers["Cache-Control"] = KEEP
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@acts_blueprint.post("/<key>/remove")
def remove(key: str) -> Response | str:
    """Take away a file of one's own; the post it stood in stays."""
    me = g.membership
    with house().db.writing() as session:
        gone = uploads.remove(session, me.context_id, key, me.id, house().clock.now())
    if not gone:
        abort(404)
    shelf_of(house().settings).remove(key)
    words = _("The file is gone.")
    if wants_fragment():
        return make_response(f'<p class="quiet small" data-say="{words}">{words}</p>')
    with house().db.reading() as session:
        return render_panel(session, "panels/done.html", tab="", words=words, back=way_back())
