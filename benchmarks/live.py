"""What it costs that new posts appear by themselves: asking from time to time, against a stream that stays open.

    python -m benchmarks.live [--asks 3000] [--streams 64]

One run measures, on the same granian with one process and eight threads and the same database (5,000 members, 2,000
threads, one of 200 posts): an ask that finds nothing (204), a bare Flask page with one query, and the thread's page,
in turns (A B C C B A), each by the processor time of the server; then how many open streams (server-sent events) that
server holds at once and whether anybody else is still answered; then what an idle stream costs on a server made for
streams. Read the ratios. Exits 1 where an ask costs more than three bare pages, or a twentieth of the thread's page.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy import insert

from benchmarks.server import memory_of
from lti_app.config import Settings
from lti_app.db import Database
from lti_app.migrations import upgrade
from lti_app.models import Academy, Context, Deployment, Membership, Person, Post, Registration, Thread
from lti_app.visit import HEADER, Visit, seal
from tests.servers import free_port, wait_for_port

SECRET = "x" * 40
MEMBERS, THREADS, POSTS = 5000, 2000, 200
# As talk.js asks: soon after somebody did something, then ever more seldom.
SOON, SELDOM = 8, 120
APP = """
import os, time
from flask import Response
from sqlalchemy import text
from lti_app import create_app
from lti_app.config import settings_from
app = create_app(settings_from(os.environ))
house = app.extensions["regista"]

@app.get("/bare")
def bare():
    with house.db.reading() as session:
        return str(session.scalar(text("select moved_at from thread where id = 1")))

@app.get("/stream")
def stream():
    def events():
        while True:
            yield "data: here\\n\\n"
            time.sleep(0.5)
    return Response(events(), mimetype="text/event-stream")
"""


def fill(url: str) -> None:
    now = datetime.now(UTC)
    database = Database(url)
    upgrade(database)
    at = {"created_at": now}
    with database.writing() as session:
        session.add(Academy(id=1, name="A", **at))
        session.flush()
        address = "https://lms.example"
        session.add(
            Registration(
                id=1, academy_id=1, name="R", issuer=address, client_id="c", auth_login_url=address,
                auth_token_url=address, jwks_url=address, **at,
            )
        )  # fmt: skip
        session.flush()
        session.add(Deployment(id=1, registration_id=1, academy_id=1, id_on_platform="1", **at))
        session.flush()
        session.add(Context(id=1, deployment_id=1, id_on_platform="1", title="C", **at))
        session.flush()
        people = [{"id": n, "registration_id": 1, "name": f"Ada {n}", "given_name": "Ada"} for n in range(1, MEMBERS)]
        session.execute(insert(Person), [one | at for one in people])
        members = [{"id": n, "context_id": 1, "person_id": n, "role": "learner"} for n in range(1, MEMBERS)]
        session.execute(insert(Membership), [one | at for one in members])
        threads = [
            {"id": n, "context_id": 1, "kind": "talk", "title": f"T {n}", "moved_at": now} for n in range(1, THREADS)
        ]
        session.execute(insert(Thread), [one | at for one in threads])
        posts = [{"thread_id": 1, "author_id": n, "body": f"Words **{n}**"} for n in range(1, POSTS)]
        session.execute(insert(Post), [one | at for one in posts])
    database.close()


def processor_time(pid: int) -> float:
    """Return the seconds of processor that a process and its children have used."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, rest = stat.read_text().rsplit(")", 1)
        except OSError:
            continue
        fields = rest.split()
        if pid in (int(name.split(" ", 1)[0]), int(fields[1])):
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def ask(port: int, path: str, token: str, times: int, status: int, clients: int = 8) -> float:
    """Ask ``times`` times over kept connections and return how many were answered in a second."""
    faults: list[int] = []

    def one() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for _ in range(times // clients):
            connection.request("GET", path, headers={HEADER: token})
            answer = connection.getresponse()
            answer.read()
            if answer.status != status:
                faults.append(answer.status)
        connection.close()

    began = time.monotonic()
    threads = [threading.Thread(target=one) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults[:3]
    return times / (time.monotonic() - began)


def streams_held(port: int, wanted: int) -> tuple[int, bool]:
    """Open streams and return how many of them were heard within two seconds, and whether another page was answered."""
    opened = []
    for _ in range(wanted):
        one = socket.create_connection(("127.0.0.1", port), timeout=2)
        one.sendall(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        opened.append(one)
    time.sleep(2)
    heard = 0
    for one in opened:
        one.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            heard += bool(one.recv(64))
    other = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        other.request("GET", "/healthz")
        answered = other.getresponse().status == 200
    except OSError:
        answered = False
    for one in opened:
        one.close()
    return heard, answered


def idle_streams(number: int, seconds: float = 5.0) -> tuple[float, float]:
    """Return kilobytes and processor seconds an hour of one idle stream on a bare asyncio server."""
    port = free_port()
    code = (
        "import asyncio\n"
        "async def serve(r, w):\n"
        "    if not await r.read(2000): return w.close()\n"
        "    w.write(b'HTTP/1.1 200 OK\\r\\nContent-Type: text/event-stream\\r\\n\\r\\n'); await w.drain()\n"
        "    while True:\n"
        "        await asyncio.sleep(15); w.write(b':\\n\\n'); await w.drain()\n"
        "async def main():\n"
        f"    s = await asyncio.start_server(serve, '127.0.0.1', {port})\n"
        "    await s.serve_forever()\n"
        "asyncio.run(main())\n"
    )
    server = subprocess.Popen([sys.executable, "-c", code])
    wait_for_port(port, server)

    async def hold() -> tuple[float, float]:
        before = memory_of(server.pid)
        pairs = []
        for _ in range(number):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
            pairs.append(writer)
        after, used = memory_of(server.pid), processor_time(server.pid)
        await asyncio.sleep(seconds)
        used = processor_time(server.pid) - used
        for writer in pairs:
            writer.close()
        return (after - before) * 1024 / number, used / number / seconds * 3600

    try:
        return asyncio.run(hold())
    finally:
        server.terminate()
        server.wait(10)


def serve(folder: Path, url: str) -> tuple[subprocess.Popen[bytes], int]:
    (folder / "bench_live.py").write_text(APP)
    env = dict(os.environ) | {
        "PYTHONPATH": f"{folder}{os.pathsep}{Path.cwd()}",
        "REGISTA_PUBLIC_URL": "http://127.0.0.1:8000",
        "REGISTA_SECRET_KEY": SECRET,
        "REGISTA_DATABASE_URL": url,
        "REGISTA_PANEL_TOKEN_SECONDS": "86400",
    }
    port = free_port()
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", "8",
        "--host", "127.0.0.1", "--port", str(port), "--log-level", "error", "bench_live:app",
    ]  # fmt: skip
    server = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL)
    wait_for_port(port, server)
    return server, port


def panels_of(cost: float) -> tuple[float, float]:
    """Return how many panels one core carries when every one asks as often as talk.js ever does, and as seldom."""
    return SOON / cost, SELDOM / cost


@click.command()
@click.option("--asks", default=3000, show_default=True)
@click.option("--streams", default=64, show_default=True)
def main(asks: int, streams: int) -> None:
    """Measure and print."""
    settings = Settings("", "", "http://127.0.0.1:8000", SECRET, panel_token_seconds=86400)
    visit = Visit("r1", 1, 1, 1, 7, 1, 7, None, "learner", "en", "launch")
    token = seal(visit, settings)
    later = time.time() + 3600
    paths = {
        "ask": (f"/v/r1/live/1?at={later}", asks, 204),
        "bare": ("/bare", asks, 200),
        "page": ("/v/r1/talk/1", max(80, asks // 20), 200),
    }
    cost: dict[str, list[float]] = {}
    pace: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder}/regista.sqlite3"
        fill(url)
        server, port = serve(folder, url)
        try:
            for path, _times, status in paths.values():
                ask(port, path, token, 40, status)
            for kind in ("ask", "bare", "page", "page", "bare", "ask"):
                path, times, status = paths[kind]
                before = processor_time(server.pid)
                pace.setdefault(kind, []).append(ask(port, path, token, times, status))
                cost.setdefault(kind, []).append((processor_time(server.pid) - before) / times)
            held, answered = streams_held(port, streams)
        finally:
            server.terminate()
            server.wait(20)
    sys.exit(report(cost, pace, streams, held, answered, *idle_streams(500)))


def report(
    cost: dict[str, list[float]],
    pace: dict[str, list[float]],
    streams: int,
    held: int,
    answered: bool,
    kilobytes: float,
    idle: float,
) -> int:
    """Print the table and return 1 where the aim is not reached."""
    spent = {kind: sum(values) / len(values) for kind, values in cost.items()}
    quick = {kind: sum(values) / len(values) for kind, values in pace.items()}
    click.echo("| | processor, ms | times the bare page | answers a second |\n|---|---|---|---|")
    for kind, words in (
        ("bare", "bare Flask page, one query"),
        ("ask", "an ask that finds nothing"),
        ("page", "the thread"),
    ):
        click.echo(f"| {words} | {spent[kind] * 1000:.2f} | {spent[kind] / spent['bare']:.2f} | {quick[kind]:.0f} |")
    often, seldom = panels_of(spent["ask"])
    click.echo(
        f"\npanels that one core carries: {often:.0f} (each asks every {SOON} s), {seldom:.0f} (every {SELDOM} s)"
    )
    hour = 3600 / SELDOM * spent["ask"]
    click.echo(f"processor of an idle open panel in an hour: {hour:.3f} s; of an idle stream {idle:.3f} s")
    click.echo(
        f"streams on the same server: {held} of {streams} were heard, others were {'' if answered else 'not '}answered"
    )
    click.echo(f"an idle stream on a bare asyncio server: {kilobytes:.1f} KB")
    good = spent["ask"] <= 3 * spent["bare"] and spent["ask"] <= spent["page"] / 20
    click.echo("reached" if good else "NOT reached")
    return 0 if good else 1


if __name__ == "__main__":
    main()
