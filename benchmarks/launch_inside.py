"""What a launch costs inside the application, without a network: the CPU time of this process around each request."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask

from benchmarks.launch_sides import PEOPLE, Platform
from lti_app.house import House

Sides = dict[str, list[float]]
PORTION = 10


def ask(app: Flask, path: str, form: dict[str, str], cookie: str = "") -> tuple[str, dict[str, str], float, float]:
    """Post a form to an application without a network: status, headers, CPU seconds, wall seconds."""
    body = urlencode(form).encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr,
        "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "HTTP_HOST": "127.0.0.1:8000", "HTTP_COOKIE": cookie, "HTTP_USER_AGENT": "benchmark",
    }  # fmt: skip
    told: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        told[:] = [status, headers]

    cpu, wall = time.process_time(), time.perf_counter()
    answer = app(environ, start)
    for _ in answer:
        pass
    if hasattr(answer, "close"):
        answer.close()
    spent, waited = time.process_time() - cpu, time.perf_counter() - wall
    # The first of several cookies is enough here.
    return told[0], dict(reversed(told[1])), spent, waited


@dataclass(slots=True)
class Inside:
    """One application, driven without a network."""

    app: Flask
    platform: Platform
    key: Any
    number: int = 0
    people: int = PEOPLE

    def launch(self) -> tuple[float, float]:
        """Return CPU seconds and wall seconds of one complete launch."""
        self.number += 1
        _status, headers, cpu, wall = ask(self.app, "/lti/login", self.platform.login())
        said = parse_qs(urlsplit(headers["Location"]).query)
        token = self.platform.signed(self.key, said["nonce"][0], self.number, self.people)
        cookie = headers.get("Set-Cookie", "").partition(";")[0]
        form = {"id_token": token, "state": said["state"][0]}
        status, _headers, more_cpu, more_wall = ask(self.app, "/lti/launch", form, cookie)
        if status[:3] not in ("200", "303"):
            raise SystemExit(f"the launch was refused: {status}")
        return cpu + more_cpu, wall + more_wall


def house(app: Flask) -> House:
    found: House = app.extensions["regista"]
    return found


def turns(sides: Mapping[str, Inside], launches: int, turn: int) -> dict[str, list[tuple[float, float]]]:
    """Launch ``launches`` times on each side, in small portions by turns (A B B A): a slow minute is slow for both."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for portion in range(0, launches, PORTION):
        order = list(sides) if (turn + portion // PORTION) % 2 == 0 else list(reversed(sides))
        for name in order:
            found[name] += [sides[name].launch() for _ in range(min(PORTION, launches - portion))]
    return found


def inside(regista: Flask, bare: Flask, platform: Platform, key: Any, launches: int, rounds: int) -> Sides:
    """Return for each kind of launch the CPU medians of Regista and of the floor in each round, and Regista's waits."""
    floor = Inside(bare, platform, key)
    back = Inside(regista, platform, key)
    newcomers = Inside(regista, platform, key, number=PEOPLE, people=10**9)
    for side in (floor, back):
        for _ in range(PEOPLE):
            side.launch()
    found: Sides = {f"{of} {kind}": [] for kind in ("back", "day", "first") for of in ("regista", "floor")}
    found["waits"] = []
    for kind, ours, often in (("back", back, 1), ("day", back, 4), ("first", newcomers, 4)):
        for turn in range(rounds):
            if kind == "day":
                # Whoever comes once a day: the same words, and a day to be noted.
                house(regista).clock.offset += timedelta(days=1)
            costs = turns({"regista": ours, "floor": floor}, min(launches // often, PEOPLE), turn)
            for of, pairs in costs.items():
                found[f"{of} {kind}"].append(median(cpu for cpu, _ in pairs))
            if kind == "back":
                found["waits"] += [wait for _, wait in costs["regista"]]
    return found
