"""The one kind of cookie that we give: kept apart by the site that shows us, over TLS only, unseen by scripts."""

from __future__ import annotations

import re
from urllib.parse import quote

from werkzeug.wrappers import Response

# Our values are names and signed texts; anything else would have to be quoted.
_PLAIN = re.compile(r"[A-Za-z0-9_.-]*")
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./-]*")
_AS_IN_A_PATH = "%!$&'()*+,/:=@"


def give_cookie(response: Response, name: str, value: str, *, seconds: int, path: str) -> None:
    """Give the browser a cookie for ``seconds`` that comes back below ``path`` alone; 0 seconds take it away."""
    if not _PLAIN.fullmatch(name + value):
        raise ValueError(f"a cookie of ours holds no such text: {name}")
    where = path if _PLAIN_PATH.fullmatch(path) else quote(path, safe=_AS_IN_A_PATH)
    response.headers.add(
        "Set-Cookie",
        f"{name}={value}; Max-Age={seconds}; Secure; HttpOnly; Path={where}; SameSite=None; Partitioned",
    )
