"""The application as Flask makes it, which builds the addresses of its own pages once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from flask import Flask, g, has_request_context, request

MOST = 4096
# What somebody wrote is no part of an address that others are given again; only such short marks are.
LONGEST = 40
# Stands where the name of a visit will: no name of a visit is like it.
PLACE = "~visit~"


@lru_cache(maxsize=MOST)
def _written(ref: str) -> str:
    # As Werkzeug writes a part of a path.
    return quote(ref, safe="!$&'()*+,/:;=@")


class Application(Flask):
    """A Flask application whose pages are full of addresses that differ in the name of the visit alone."""

    def __init__(self, *names: Any, **facts: Any) -> None:
        super().__init__(*names, **facts)
        self._known: dict[tuple[Any, ...], tuple[str, str | None]] = {}

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a view as it is: none of ours is asynchronous, and a launch would ask five times whether it is."""
        return func

    def url_for(self, /, endpoint: str, **values: Any) -> str:
        """Return the address of a page, as Flask does; one that was built before is found by its parts.

        Measured: a long page holds a hundred and more, and building them was a tenth of its time.
        """
        there = g._get_current_object() if has_request_context() else None
        ref: str = there.get("ref", "") if there else ""
        if there is None or not ref or "ref" in values or endpoint.startswith(".") or not _is_plain(values):
            return super().url_for(endpoint, **values)
        root = there.get("root_path")
        if root is None:
            there.root_path = root = request.root_path
        key = (root, endpoint, *values.items(), *map(type, values.values()))
        found = self._known.get(key)
        if found is None:
            found = self._build(endpoint, values)
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[key] = found
        before, after = found
        return before if after is None else f"{before}{_written(ref)}{after}"

    def _build(self, endpoint: str, values: dict[str, Any]) -> tuple[str, str | None]:
        """Return what stands before and after the name of the visit."""
        if not any("ref" in rule.arguments for rule in self.url_map.iter_rules(endpoint)):
            return super().url_for(endpoint, **values), None
        before, _, after = super().url_for(endpoint, ref=PLACE, **values).partition(PLACE)
        return before, after


def _is_plain(values: Mapping[str, Any]) -> bool:
    for name, value in values.items():
        kind = type(value)
        if name[0] == "_" or (kind is not int and not (kind is str and len(value) <= LONGEST)):
            return False
    return True
