"""Moodle 4.1 to 5.x through its web services."""

from __future__ import annotations
