"""Real servers for the tests: PostgreSQL and Redis in temporary folders on free loopback ports."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def postgres_bin() -> str | None:
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    which = shutil.which("initdb")
    return os.path.dirname(found[-1]) if found else os.path.dirname(which) if which else None


def _as_postgres() -> dict[str, object]:
    # PostgreSQL refuses to run as root; Debian's package brings a user for it.
    if os.getuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL server in ``folder`` and give its URL without a database name."""
    where = postgres_bin()
    assert where
    data, port, who = folder / "data", free_port(), _as_postgres()
    data.mkdir()
    if who:
        for path in (folder, data):
            shutil.chown(path, user="postgres")
        for parent in folder.parents:
            if parent.owner() == "root" or os.getuid() == 0:
                parent.chmod(parent.stat().st_mode | 0o011)
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    subprocess.run(
        [f"{where}/initdb", "-D", str(data), "-U", "regista", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True, capture_output=True, env=env, cwd="/", **who,  # type: ignore[call-overload]
    )  # fmt: skip
    log = (folder / "log").open("wb")
    server = subprocess.Popen(
        [f"{where}/postgres", "-D", str(data), "-p", str(port), "-c", "listen_addresses=127.0.0.1",
         "-c", f"unix_socket_directories={data}", "-c", "fsync=off", "-c", "max_connections=200"],
        stdout=log, stderr=log, env=env, cwd="/", **who,  # type: ignore[call-overload]
    )  # fmt: skip
    try:
        wait_for_port(port, server)
        ready = [f"{where}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        while subprocess.run(ready, check=False).returncode:
            time.sleep(0.05)
        yield f"postgresql://regista@127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)
        log.close()


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Run a Redis server and give its URL."""
    port = free_port()
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for_port(port, server)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)


def wait_for_port(port: int, process: subprocess.Popen[bytes] | None = None, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"the server ended at once with {process.returncode}")
        with socket.socket() as s:
            s.settimeout(0.5)
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")
