"""A newcomer starts the demonstration, ends it with Ctrl-C, and finds everything as it was the next time."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

from tests.servers import free_port

COMMAND = Path(sys.executable).with_name("regista")


def start(data: Path, lms_port: int, tool_port: int, *more: str) -> tuple[subprocess.Popen[str], str]:
    """Start the demonstration and wait until it says where it is; gives the process and what it printed."""
    process = subprocess.Popen(
        [str(COMMAND), "demo", "--data", str(data), "--port", str(lms_port), "--tool-port", str(tool_port), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    said, end = "", time.monotonic() + 120
    assert process.stdout is not None
    while "Ctrl-C" not in said and time.monotonic() < end:
        line = process.stdout.readline()
        assert line, f"it ended early: {said}"
        said += line
    return process, said


def end(process: subprocess.Popen[str]) -> str:
    """Press Ctrl-C and return what was said to the end."""
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    rest = process.stdout.read()
    process.stdout.close()
    assert process.wait(60) == 0
    return rest


def counted(data: Path, table: str) -> int:
    with closing(sqlite3.connect(data / "regista.sqlite3")) as file:
        return int(file.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_a_newcomer_starts_it_ends_it_and_finds_it_as_it_was(tmp_path: Path) -> None:
    data, lms_port, tool_port = tmp_path / "demo", free_port(), free_port()
    process, said = start(data, lms_port, tool_port)
    assert f"http://localhost:{lms_port}" in said
    with urlopen(f"http://localhost:{lms_port}/", timeout=20) as page:
        assert "Fondamenti di Data Analysis" in page.read().decode()
    goodbye = end(process)
    assert "Goodbye" in goodbye
    assert "Traceback" not in said + goodbye
    posts, offers = counted(data, "post"), counted(data, "help_offer")
    assert posts == 2
    assert offers == 3

    process, said = start(data, lms_port, tool_port)
    assert "Letting a few people in" not in said
    goodbye = end(process)
    assert "Traceback" not in said + goodbye
    assert (counted(data, "post"), counted(data, "help_offer")) == (posts, offers)


def test_a_taken_port_is_named_and_nothing_is_left_running(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [str(COMMAND), "demo", "--data", str(tmp_path / "d"), "--port", str(port), "--tool-port", str(free_port())],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 1
    assert f"port {port}" in ended.stderr
    assert "Traceback" not in ended.stderr
