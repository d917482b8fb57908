"""`regista demo`: the practice LMS and Regista on this machine, to be tried in a browser."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from lti_app.cli import main


@main.command()
@click.option("--fresh", is_flag=True, help="Forget what happened before and begin anew.")
@click.option("--port", default=8900, show_default=True, help="Port of the practice LMS, on localhost.")
@click.option("--tool-port", default=8901, show_default=True, help="Port of Regista, on 127.0.0.1.")
@click.option(
    "--data", "data_dir", default="var/demo", show_default=True, help="Where the demonstration keeps its data."
)
def demo(fresh: bool, port: int, tool_port: int, data_dir: str) -> None:
    """Run a practice LMS with Regista's panels in its course page.

    Nothing leaves this machine. Started again, it goes on where it was; with --fresh it begins anew.
    """
    from lti_app.demo import PortTaken, running

    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    try:
        with running(
            Path(data_dir),
            lms_port=port,
            tool_port=tool_port,
            fresh=fresh,
            say=lambda words: click.echo(f"  {words} ..."),
        ) as started:
            click.echo(_welcome(started.lms_url))
            ended.wait()
            click.echo("\nClosing down ...")
    except PortTaken as e:
        raise click.ClickException(str(e)) from e
    click.echo("Goodbye. Your data is kept; `regista demo --fresh` begins anew.")


def _welcome(url: str) -> str:
    return "\n".join(
        (
            "",
            f"  Open  {url}",
            "",
            "  What to try, with the bar on top of the page:",
            "   1. Be the learner who has stalled: the panel says where, why, and who could help. Pick somebody.",
            "   2. Be that helper: accept. Write to each other in the panel.",
            "   3. Be the tutor: open the desk from the panel. The case is there, with reasons and a draft.",
            "   4. Let the stalled learner pass the quiz, or let time pass, and look at the desk again.",
            "   5. Be a learner who is doing well and offer help; write in the discussion.",
            "",
            "  Ctrl-C ends everything.",
        )
    )
