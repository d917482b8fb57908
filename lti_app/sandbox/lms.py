"""The practice LMS as a thing: its file, clock, course and people, and the one way in which things happen."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app

from lti_app.clock import Clock
from lti_app.sandbox.course import Course, read_course
from lti_app.sandbox.effects import take_in
from lti_app.sandbox.keys import Keys
from lti_app.sandbox.ledger import Happening, Ledger
from lti_app.sandbox.people import Person, Trail, cast, everybody
from lti_app.sandbox.recorded import RECORDED_AT

EXTENSION = "practice_lms"


@dataclass(frozen=True, slots=True)
class Tool:
    """The tool that stands in the course page from the start."""

    login_url: str
    launch_url: str
    jwks_url: str
    public_url: str
    #: What an admin pastes to let the tool register itself once more; the admin's page suggests it.
    register_url: str = ""


class Lms:
    """One practice LMS. Everything that happens goes through `happen`, so that every answer agrees with every other."""

    def __init__(self, *, data_dir: Path, public_url: str, clock: Clock, tool: Tool) -> None:
        self.url = public_url.rstrip("/")
        self.tool = tool
        self.clock = clock
        self.ledger = Ledger(data_dir / "practice.sqlite3")
        self.keys = Keys(self.ledger)
        self.lock = threading.RLock()
        clock.offset = timedelta(seconds=float(self.ledger.keep_first("offset", "0")))
        self.started_at = int(self.ledger.keep_first("started_at", str(self.now())))
        self.client_id = self.ledger.keep_first("client_id", secrets.token_urlsafe(11))
        self.ws_token = self.ledger.keep_first("ws_token", secrets.token_hex(16))
        self.course = self._recorded()
        self.people = everybody(self.course)
        self.cast = cast(self.course, self.started_at)
        self.trails: list[Trail] | None = None
        self._untouched: Course | None = None
        for happening in self.ledger.happenings():
            take_in(self.course, happening)

    @property
    def port(self) -> int:
        """The port of the address, which tells two practice LMSs on localhost apart."""
        return urlsplit(self.url).port or 80

    def _recorded(self) -> Course:
        return read_course(shift=self.started_at - RECORDED_AT, url=self.url)

    def untouched(self) -> Course:
        """Return the course as it was recorded: paces are read from it. Nobody may change it."""
        if self._untouched is None:
            self._untouched = self._recorded()
        return self._untouched

    def now(self) -> int:
        """Return the community's time in epoch seconds."""
        return int(self.clock.now().timestamp())

    def happen(
        self, person: int, kind: str, cmid: int | None = None, *, at: int | None = None, **facts: Any
    ) -> Happening:
        """Write down that something happened and change the course by it; ``at`` defaults to the community's now."""
        with self.lock:
            happening = self.ledger.write(self.now() if at is None else at, person, kind, cmid, facts)
            take_in(self.course, happening)
        return happening

    def pass_time(self, span: timedelta) -> None:
        """Move the community's time on, and keep it so at the next start."""
        self.clock.offset += span
        self.ledger.keep("offset", str(self.clock.offset.total_seconds()))

    def switch(self, name: str) -> bool:
        """Return whether a switch of the practice bar is on."""
        return (self.ledger.setting(f"switch:{name}") or _SWITCHES[name]) == "on"

    def set_switch(self, name: str, on: bool) -> None:
        """Turn a switch of the practice bar; one that is not there stays not there."""
        if name in _SWITCHES:
            self.ledger.keep(f"switch:{name}", "on" if on else "off")

    def person(self, number: int | None) -> Person | None:
        """Return the person with this id."""
        return self.people.get(number) if number is not None else None


#: Moodle 4.5 has neither: panels are taller with the first, and the second is for trying tools that need it.
_SWITCHES = {"resize": "on", "storage": "off"}


@dataclass(frozen=True, slots=True)
class PracticeLms:
    """The web application and what its admin would tell the tool's admin."""

    app: Flask
    lms: Lms
    issuer: str
    academy_name: str
    client_id: str
    deployment_id: str
    auth_login_url: str
    auth_token_url: str
    jwks_url: str
    ws_token: str
    manager_subs: list[str]


def lms() -> Lms:
    """Return the practice LMS of the running application."""
    found: Lms = current_app.extensions[EXTENSION]
    return found
