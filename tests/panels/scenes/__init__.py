"""What there is to look at: each module adds life of its own kind to the lively course and names its pages."""

from __future__ import annotations

import importlib
import pkgutil
import tempfile
from functools import cache

from sqlalchemy.orm import Session

from tests.sweep.course import Course

# A name for the picture, whose visit it is (a membership's id), and the path after /v/<ref>/.
Page = tuple[str, int, str]


@cache
def data_dir() -> str:
    """Where the files of the scenes lie, for whoever serves them."""
    return tempfile.mkdtemp(prefix="regista-scenes-")


def all_pages(session: Session, course: Course, ids: dict[str, int], empty: int) -> list[Page]:
    """Let every scene add to the course; ``ids`` are those of ``lively``, ``empty`` a member of a still course.

    A scene is a module here with ``pages(session, course, ids, empty)``.
    """
    found: list[Page] = []
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda one: one.name):
        found += importlib.import_module(f"{__name__}.{module.name}").pages(session, course, ids, empty)
    return found
