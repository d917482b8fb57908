"""Clients for learning platforms: they ask, and yield frozen records; they know no table and no web framework."""

from __future__ import annotations

from lms_clients.base import LmsClient
from lms_clients.connect import connect
from lms_clients.options import Options

__all__ = ["LmsClient", "Options", "connect"]
