"""Which process takes which test, when several share the work."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).resolve().parent.parent


@cache
def _has_a_browser(file: str) -> bool:
    return "pytest.mark.browser" in (ROOT / file).read_text(encoding="utf-8")


class Turns(LoadScopeScheduling):
    """Whoever is free takes the next test; the stories of one file in a browser stay together, and come first.

    They share what takes longer to set up than most of them take: a demonstration, or a course in full life.
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _, _ = nodeid.partition("::")
        return file if _has_a_browser(file) else nodeid
