"""Where Regista stands below a path of its host, as in https://academy.example/regista."""

from __future__ import annotations

from collections.abc import Container, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lti_app.config import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Mount:
    """A WSGI application that knows the path below which browsers see it (PEP 3333: SCRIPT_NAME and PATH_INFO).

    A proxy may leave that path in place or take it away; either way the pages' own addresses begin with it. ``rooms``
    are the first parts of all addresses of ours: they tell which of both the proxy did where the path is called like
    one of them (/lti).
    """

    def __init__(self, application: WSGIApplication, path: str, rooms: Container[str]) -> None:
        self.application, self.path, self.rooms = application, path, rooms

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Hand the request on with the path moved to where applications look for it."""
        asked = environ.get("PATH_INFO", "")
        if asked.startswith(f"{self.path}/"):
            rest = asked[len(self.path) :]
            if rest.split("/", 2)[1] in self.rooms:
                environ["PATH_INFO"] = rest
        environ["SCRIPT_NAME"] = self.path
        return self.application(environ, start_response)


@lru_cache(maxsize=16)
def _path_of(public_url: str) -> str:
    return urlsplit(public_url).path


def seen_path(settings: Settings, path: str) -> str:
    """Return ``path`` as the browser sees it: what cookies and redirects name."""
    return f"{_path_of(settings.public_url)}{path}"
