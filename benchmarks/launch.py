"""What a complete launch costs, beside a bare Flask app that only verifies the token.

    python -m benchmarks.launch [--launches 100] [--rounds 12] [--clients 4] [--processes 1] [--only postgres]

A complete launch is a login and a launch by the same browser: the practice platform signs an id_token with the nonce
that the login gave out, and the tool answers. Regista checks everything, keeps person, membership, course, link and
the day's activity, and hands over; the bare app (the floor) sends the login on, verifies the signature, issuer,
audience, times and required claims with PyJWT and a key that it keeps, and returns a page.

Both are measured in the same run, in turns (A B B A). CPU is the time of the serving process inside the application,
read around each request; the whole flow goes over HTTP, through the same server with the same number of processes and
threads, from clients in processes of their own, which also sign. Read the ratios, not the numbers.
"""

from __future__ import annotations

import os
import signal
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benchmarks.launch_flow import Flow, serve, whole_flow
from benchmarks.launch_inside import Sides, inside
from benchmarks.launch_sides import Hurrying, Platform, bare_app, database, key_set, prepare, settings_for
from lti_app import create_app
from tests import servers


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
    """Return the median of the rounds' ratios, and between what the middle half of them lies."""
    ratios = [one / other for one, other in zip(ours, floor, strict=True)]
    low, middle, high = quantiles(ratios, n=4)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def report(kind: str, found: Sides, flows: dict[str, Flow]) -> None:
    ours, floor = flows["regista"], flows["bare"]
    inside_ratios = [ratio(found[f"regista {kind}"], found[f"floor {kind}"]) for kind in ("back", "day", "first")]
    click.echo(
        f"| {kind} | {' | '.join(inside_ratios)} | {ratio(ours.costs, floor.costs)} "
        f"| {ratio(ours.rates, floor.rates)} | {p95(ours.waits):.0f} ms : {p95(floor.waits):.0f} ms |"
    )
    both = f"{1000 * median(found['regista back']):.2f} : {1000 * median(found['floor back']):.2f}"
    process_ms = f"{1000 * median(ours.costs):.2f} : {1000 * median(floor.costs):.2f} ms of the process"
    rates = f"{median(ours.rates):.0f} : {median(floor.rates):.0f} launches a second"
    waits = f"alone p95 {p95(found['waits']):.1f} ms"
    click.echo(f"<!-- on this machine: {both} ms of CPU inside, {process_ms}, {rates}, {waits} -->")


@click.command()
@click.option("--launches", default=100, show_default=True, help="Launches of each side in each round, for CPU.")
@click.option("--rounds", default=12, show_default=True)
@click.option("--seconds", default=2.0, show_default=True, help="Length of each round of the whole flow.")
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
