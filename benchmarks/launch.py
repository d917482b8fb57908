"""What a complete launch costs, beside a bare Flask app that only verifies the token.

    python -m benchmarks.launch [--launches 400] [--rounds 4] [--clients 4] [--sqlite] [--postgres]

A complete launch is a login and a launch by the same browser: the practice platform signs an id_token with the nonce
that the login gave out, and the tool answers. Regista checks everything, keeps person, membership, course, link and
the day's activity, and hands over; the bare app (the floor) sends the login on, verifies the signature, issuer,
audience, times and required claims with PyJWT and a key that it keeps, and returns a page.

Both are measured in the same run, in turns (A B B A). CPU is the time of the serving process inside the application,
read around each request; the whole flow goes over HTTP, through the same server with the same number of processes and
threads, from clients in processes of their own, which also sign. Read the ratios, not the numbers.
"""

from __future__ import annotations

import http.client
import io
import json
import multiprocessing
import os
import secrets
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

import click
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from flask import Flask, redirect, request
from jwt.algorithms import RSAAlgorithm
from sqlalchemy import create_engine, text

from lti_app import create_app
from lti_app.clock import Clock
from lti_app.config import Settings
from lti_app.db import Database
from lti_app.house import House
from lti_app.migrations import upgrade
from lti_app.store.registrations import add_platform
from tests import servers

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
ROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
ISSUER, CLIENT, KID = "https://lms.example.org", "tool-1", "first"
PEOPLE, COURSES = 300, 20
Sides = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Platform:
    """Signs what a platform signs; ``pem`` travels to the clients' processes."""

    tool: str
    pem: bytes

    def login(self) -> dict[str, str]:
        """Return the parameters of a login."""
        return {
            "iss": ISSUER, "login_hint": "3", "target_link_uri": f"{self.tool}/lti/launch", "client_id": CLIENT,
            "lti_message_hint": secrets.token_hex(8), "lti_deployment_id": "1",
        }  # fmt: skip

    def signed(self, key: Any, nonce: str, number: int, people: int = PEOPLE) -> str:
        """Return the id_token of the person and course with this number."""
        now, person, course = int(time.time()), number % people, number % COURSES
        claims = {
            "iss": ISSUER, "aud": CLIENT, "sub": str(person), "iat": now, "exp": now + 60, "nonce": nonce,
            "name": f"Persona {person}", "given_name": "Persona", "family_name": str(person),
            "email": f"p{person}@example.org",
            LTI + "version": "1.3.0", LTI + "message_type": "LtiResourceLinkRequest", LTI + "deployment_id": "1",
            LTI + "target_link_uri": f"{self.tool}/lti/launch", LTI + "roles": [ROLE + "Learner"],
            LTI + "resource_link": {"id": str(course), "title": "Comunità del corso"},
            LTI + "context": {"id": str(course), "label": f"C{course}", "title": f"Corso {course}"},
            LTI + "tool_platform": {"product_family_code": "moodle", "guid": "x", "version": "2024100706"},
            LTI + "launch_presentation": {"locale": "it", "document_target": "iframe", "return_url": f"{ISSUER}/back"},
            "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": {
                "context_memberships_url": f"{ISSUER}/members/{course}", "service_versions": ["2.0"],
            },
        }  # fmt: skip
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": KID})


def bare_app(key: Any, tool: str) -> Flask:
    """The floor: a login that goes on, a launch that is verified, a page."""
    app = Flask("bare")
    required = ["exp", "iat", "iss", "aud", "sub", "nonce", LTI + "message_type", LTI + "deployment_id"]

    @app.route("/lti/login", methods=["GET", "POST"])
    def login() -> Any:
        said = request.values
        query = {
            "scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none",
            "client_id": said["client_id"], "redirect_uri": f"{tool}/lti/launch", "state": secrets.token_urlsafe(24),
            "nonce": secrets.token_urlsafe(24), "login_hint": said["login_hint"],
            "lti_message_hint": said["lti_message_hint"],
        }  # fmt: skip
        return redirect(f"{ISSUER}/auth?{urlencode(query)}")

    @app.post("/lti/launch")
    def launch() -> str:
        claims = jwt.decode(
            request.form["id_token"], key, algorithms=["RS256"], audience=CLIENT, issuer=ISSUER,
            options={"require": required},
        )  # fmt: skip
        return f"<!doctype html><title>Panel</title><p>Welcome, {claims['sub']}"

    return app


@contextmanager
def key_set(public: Any) -> Iterator[str]:
    """Serve the platform's JWKS and count nothing: it is asked once."""
    jwk = {**RSAAlgorithm.to_jwk(public, as_dict=True), "kid": KID, "alg": "RS256", "use": "sig"}
    jwk.pop("key_ops", None)
    body = json.dumps({"keys": [jwk]}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Cache-Control", "max-age=86400")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/jwks"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder}/regista.sqlite3"
        return
    with servers.postgres(folder) as url:
        address = url.replace("postgresql", "postgresql+psycopg")
        engine = create_engine(f"{address}/postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE regista"))
        engine.dispose()
        yield f"{address}/regista"


def settings_for(url: str, folder: Path, port: int) -> Settings:
    return Settings(
        database_url=url, jobs_url=f"sqlite:///{folder}/jobs.sqlite3", public_url=f"http://127.0.0.1:{port}",
        secret_key="a secret for the benchmark and nothing else", data_dir=str(folder), allow_private_addresses=True,
    )  # fmt: skip


def prepare(settings: Settings, jwks_url: str) -> None:
    database = Database(settings.database_url)
    upgrade(database)
    with database.writing() as session:
        add_platform(
            session, academy_name="Accademia", name="Moodle", issuer=ISSUER, client_id=CLIENT,
            auth_login_url=f"{ISSUER}/auth", auth_token_url=f"{ISSUER}/token", jwks_url=jwks_url,
            deployment_ids=["1"], product="moodle", now=datetime.now(UTC),
        )  # fmt: skip
    database.close()


class Hurrying(Clock):
    """A community's time in which a second passes at each launch, so that everybody comes back after five minutes."""

    def now(self) -> datetime:
        """Return the next second."""
        self.offset += timedelta(seconds=1)
        return super().now()


# CPU inside the application -------------------------------------------------------------------------------------------


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


def inside(regista: Flask, bare: Flask, platform: Platform, key: Any, launches: int, rounds: int) -> Sides:
    """Launch in turns and return the CPU medians of each round for both sides, and Regista's waits."""
    sides = {"regista": Inside(regista, platform, key), "bare": Inside(bare, platform, key)}
    found: Sides = {"regista": [], "bare": [], "waits": [], "day": [], "first": []}
    for side in sides.values():
        for _ in range(PEOPLE):
            side.launch()
    for turn in range(rounds):
        for name in ("regista", "bare") if turn % 2 == 0 else ("bare", "regista"):
            costs = [sides[name].launch() for _ in range(launches)]
            found[name].append(median(cpu for cpu, _ in costs))
            if name == "regista":
                found["waits"] += [wait for _, wait in costs]
    # Whoever comes once a day: the same words, and a day to be noted.
    for _ in range(rounds):
        house(regista).clock.offset += timedelta(days=1)
        found["day"].append(median(sides["regista"].launch()[0] for _ in range(min(launches // 4, PEOPLE))))
    # Whoever was never here before: a person and a membership to be made.
    newcomers = Inside(regista, platform, key, number=PEOPLE, people=10**9)
    for _ in range(rounds):
        found["first"].append(median(newcomers.launch()[0] for _ in range(launches // 4)))
    return found


# The whole flow over HTTP ---------------------------------------------------------------------------------------------


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


# The table ------------------------------------------------------------------------------------------------------------


def p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)] * 1000


def two_ports() -> dict[str, int]:
    """Return a port for each side; a free one may be found free twice, and both servers would share it."""
    first = second = servers.free_port()
    while second == first:
        second = servers.free_port()
    return {"regista": first, "bare": second}


def measure(kind: str, launches: int, rounds: int, clients: int, seconds: float, processes: int, threads: int) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "rows").mkdir()
        url = stack.enter_context(database(kind, folder / "rows"))
        jwks_url = stack.enter_context(key_set(key.public_key()))
        ports = two_ports()
        settings = settings_for(url, folder, ports["regista"])
        prepare(settings, jwks_url)
        tools = {name: Platform(f"http://127.0.0.1:{port}", pem) for name, port in ports.items()}
        # The servers are forked before this process opens a database.
        makers: dict[str, Any] = {
            "regista": lambda: create_app(settings, clock=Hurrying()),
            "bare": lambda: bare_app(key.public_key(), tools["bare"].tool),
        }
        running = {}
        for name, make in makers.items():
            pid = serve(ports[name], processes, threads, make)
            running[name] = (pid, ports[name])
            stack.callback(lambda pid=pid: (os.kill(pid, signal.SIGTERM), os.waitpid(pid, 0)))
        floor = bare_app(key.public_key(), tools["regista"].tool)
        found = inside(makers["regista"](), floor, tools["regista"], key, launches, rounds)
        flows = whole_flow(running, tools, clients, seconds, rounds)
    report(kind, found, flows)


def ratio(ours: list[float], floor: list[float]) -> str:
    ratios = [one / other for one, other in zip(ours, floor, strict=True)]
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def report(kind: str, found: Sides, flows: dict[str, Flow]) -> None:
    ours, floor = flows["regista"], flows["bare"]
    click.echo(
        f"| {kind} | {ratio(found['regista'], found['bare'])} | {ratio(found['day'], found['bare'])} "
        f"| {ratio(found['first'], found['bare'])} "
        f"| {ratio(ours.costs, floor.costs)} "
        f"| {ratio(ours.rates, floor.rates)} | {p95(ours.waits):.0f} ms : {p95(floor.waits):.0f} ms |"
    )
    inside_ms = f"{1000 * median(found['regista']):.2f} : {1000 * median(found['bare']):.2f} ms of CPU inside"
    process_ms = f"{1000 * median(ours.costs):.2f} : {1000 * median(floor.costs):.2f} ms of the process"
    rates = f"{median(ours.rates):.0f} : {median(floor.rates):.0f} launches a second"
    click.echo(f"<!-- on this machine: {inside_ms}, {process_ms}, {rates}, alone p95 {p95(found['waits']):.1f} ms -->")


@click.command()
@click.option("--launches", default=300, show_default=True, help="Launches of each side in each round, for CPU.")
@click.option("--rounds", default=4, show_default=True)
@click.option("--seconds", default=5.0, show_default=True, help="Length of each round of the whole flow.")
@click.option("--clients", default=4, show_default=True, help="Browsers at once.")
@click.option("--processes", default=1, show_default=True)
@click.option("--threads", default=4, show_default=True)
@click.option("--only", type=click.Choice(["sqlite", "postgres"]))
def main(launches: int, rounds: int, seconds: float, clients: int, processes: int, threads: int, only: str) -> None:
    """Measure on both databases and print the table."""
    click.echo(
        "| database | CPU inside, coming back | first of a day | first time | CPU of the process | whole flow | p95 |"
    )
    click.echo("|---|---|---|---|---|---|---|")
    for kind in ("sqlite", "postgres") if only is None else (only,):
        measure(kind, launches, rounds, clients, seconds, processes, threads)


if __name__ == "__main__":
    main()
