"""The one door to a client: by the kind of LMS."""

from __future__ import annotations

from lms_clients.advantage.client import LtiClient
from lms_clients.base import LmsClient
from lms_clients.canvas.client import CanvasClient
from lms_clients.errors import Unsupported
from lms_clients.moodle.client import MoodleClient
from lms_clients.options import Options


def connect(kind: str, base_url: str, secret: str, *, options: Options | None = None) -> LmsClient:
    """Make the client for one LMS and one identity; nothing is asked yet.

    ``kind`` is ``moodle``, ``canvas`` or ``lti``; ``base_url`` the LMS's own address without a trailing slash;
    ``secret`` the web-service token (Moodle), an access token or OAuth secret in JSON (Canvas), or a service
    identity in JSON (LTI, see ``advantage.identity``); LTI addresses come with each course, not with ``base_url``.
    """
    if kind == "moodle":
        return MoodleClient(base_url, secret, options)
    if kind == "canvas":
        return CanvasClient(base_url, secret, options)
    if kind == "lti":
        return LtiClient(secret, options)
    raise Unsupported(f"no client for {kind!r}")
