"""Which process takes which test, when several share the work."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).resolve().parent.parent


@cache
def _place_of(file: str) -> str | None:
    text = (ROOT / file).read_text(encoding="utf-8")
    if "demo: Demo" in text:
        return "the demonstration"
    return file if "pytest.mark.browser" in text or 'fixture(scope="module")' in text else None


class Turns(LoadScopeScheduling):
    """Whoever is free takes the next test; those that share something stay together, and come first.

    What they share takes longer to set up than most of them take: a demonstration, a course in full life.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _place_of(nodeid.partition("::")[0]) or nodeid
