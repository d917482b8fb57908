"""Which process takes which test, when several share the work."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).resolve().parent.parent


@cache
def _stays_together(file: str) -> bool:
    text = (ROOT / file).read_text(encoding="utf-8")
    return "pytest.mark.browser" in text or 'fixture(scope="module")' in text


class Turns(LoadScopeScheduling):
    """Whoever is free takes the next test; those of a file that share something stay together, and come first.

    What they share takes longer to set up than most of them take: a demonstration, a course in full life.
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _, _ = nodeid.partition("::")
        return file if _stays_together(file) else nodeid
