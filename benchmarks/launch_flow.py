"""What launches cost over HTTP: a server of its own for each side, and browsers that launch as fast as they can."""

from __future__ import annotations

import http.client
import multiprocessing
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from benchmarks.launch_sides import Platform
from tests import servers


def serve(port: int, processes: int, threads: int, make: Any) -> int:
    """Fork a server (granian, as in production) of the app that ``make`` builds; return its process id."""
    pid = os.fork()
    if pid:
        servers.wait_for_port(port)
        return pid
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    server: Any = Server(
        "app", address="127.0.0.1", port=port, interface=Interfaces.WSGI, workers=processes, blocking_threads=threads,
        backlog=1024, websockets=False, log_access=False, log_level=LogLevels.error,
    )  # fmt: skip
    try:
        server.serve(target_loader=make, wrap_loader=False)
    finally:
        os._exit(0)


def visit(port: int, platform: Platform, seconds: float, seed: int, told: Any) -> None:
    """Launch as often as one gets an answer, on one kept connection, and tell the waits."""
    key: Any = load_pem_private_key(platform.pem, None)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    form_type = {"Content-Type": "application/x-www-form-urlencoded"}
    waits: list[float] = []
    faults, number, end = 0, seed, time.monotonic() + seconds
    while time.monotonic() < end:
        number += 1
        began = time.perf_counter()
        connection.request("POST", "/lti/login", urlencode(platform.login()), form_type)
        answer = connection.getresponse()
        answer.read()
        waited = time.perf_counter() - began
        said = parse_qs(urlsplit(answer.headers["Location"]).query)
        cookie = (answer.headers["Set-Cookie"] or "").partition(";")[0]
        token = platform.signed(key, said["nonce"][0], number)
        began = time.perf_counter()
        body = urlencode({"id_token": token, "state": said["state"][0]})
        connection.request("POST", "/lti/launch", body, {**form_type, "Cookie": cookie})
        answer = connection.getresponse()
        answer.read()
        waits.append(waited + time.perf_counter() - began)
        faults += answer.status not in (200, 303)
    told.put((waits, faults))


@dataclass(slots=True)
class Flow:
    """Throughput and waits of one side over all its turns."""

    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process and its children so far."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat.parent.name) == pid or int(fields[1]) == pid:
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def load(server: tuple[int, int], platform: Platform, clients: int, seconds: float, flow: Flow) -> None:
    pid, port = server
    before, told = cpu_of(pid), cast(Any, multiprocessing.Queue())
    visitors = [
        multiprocessing.Process(target=visit, args=(port, platform, seconds, 1_000_003 * number, told))
        for number in range(clients)
    ]
    for visitor in visitors:
        visitor.start()
    results = [told.get(timeout=seconds + 60) for _ in visitors]
    for visitor in visitors:
        visitor.join()
    if any(faults for _, faults in results):
        raise SystemExit(f"faults: {[faults for _, faults in results]}")
    launches = sum(len(waits) for waits, _ in results)
    flow.rates.append(launches / seconds)
    flow.costs.append((cpu_of(pid) - before) / launches)
    flow.waits += [wait for waits, _ in results for wait in waits]


def whole_flow(
    running: dict[str, tuple[int, int]], platforms: dict[str, Platform], clients: int, seconds: float, rounds: int
) -> dict[str, Flow]:
    flows = {name: Flow() for name in running}
    for name, server in running.items():
        load(server, platforms[name], clients, 1.0, Flow())
    for turn in range(rounds):
        for name in list(running) if turn % 2 == 0 else list(reversed(running)):
            load(running[name], platforms[name], clients, seconds, flows[name])
    return flows
