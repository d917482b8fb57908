"""What a web-service call asks for, and the errors that Moodle answers with HTTP 200."""

from __future__ import annotations

import re
from collections.abc import Mapping

_INDEXED = re.compile(r"(\w+)\[(\d+)\](?:\[(\w+)\])?")


class Refusal(Exception):
    """An answer that is an error, in Moodle's three words."""

    def __init__(self, exception: str, errorcode: str, message: str) -> None:
        super().__init__(message)
        self.body = {"exception": exception, "errorcode": errorcode, "message": message}


def bad_parameter() -> Refusal:
    """A parameter is missing, too many, or of the wrong type."""
    return Refusal(
        "core\\exception\\invalid_parameter_exception", "invalidparameter", "Invalid parameter value detected"
    )


def not_enrolled() -> Refusal:
    """The person is not in this course."""
    return Refusal("core\\exception\\moodle_exception", "usernotenroled", "User is not enrolled in this course")


class Asked:
    """The form of one call: ``courseid=2``, ``courseids[0]=2``, ``options[0][name]=userfields``."""

    def __init__(self, form: Mapping[str, str]) -> None:
        self._form = form

    def number(self, name: str, default: int | None = None) -> int:
        """Return an integer parameter; raises Refusal when it is missing without default, or no number."""
        value = self._form.get(name)
        if value is None and default is not None:
            return default
        try:
            return int(value or "")
        except ValueError as e:
            raise bad_parameter() from e

    def word(self, name: str, default: str = "") -> str:
        """Return a text parameter."""
        return self._form.get(name, default)

    def numbers(self, name: str) -> list[int]:
        """Return ``name[0]``, ``name[1]``, ..."""
        try:
            return [int(v) for k, v in self._form.items() if k.startswith(f"{name}[")]
        except ValueError as e:
            raise bad_parameter() from e

    def options(self, name: str = "options") -> dict[str, str]:
        """Return ``options[0][name]``/``options[0][value]`` pairs as a dictionary."""
        rows = self.rows(name)
        return {row["name"]: row.get("value", "") for row in rows if "name" in row}

    def rows(self, name: str) -> list[dict[str, str]]:
        """Return ``name[0][key]`` rows in order."""
        found: dict[int, dict[str, str]] = {}
        for key, value in self._form.items():
            match = _INDEXED.fullmatch(key)
            if match and match[1] == name and match[3]:
                found.setdefault(int(match[2]), {})[match[3]] = value
        return [found[i] for i in sorted(found)]
