"""The job engine: Huey on SQLite, PostgreSQL or Redis, chosen by one URL; jobs carry ids only and may run twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huey.api import Huey, PostgresHuey, RedisHuey, SqliteHuey
from huey.registry import Message
from huey.serializer import SignedSerializer

from lti_app.config import Settings

NAME = "regista"
Job = Callable[..., None]


class JobSerializer(SignedSerializer):
    """Jobs as signed JSON: whoever can write to the queue, but has not our key, can make nobody run anything."""

    def __init__(self, secret: str) -> None:
        super().__init__(secret=secret, salt="regista-jobs")  # type: ignore[no-untyped-call]
        self._key = hashlib.sha256(b"regista-jobs:" + secret.encode()).digest()

    def _serialize(self, message: Any) -> bytes:
        plain = json.dumps(message, separators=(",", ":")).encode()
        return bytes(self._sign(plain))  # type: ignore[no-untyped-call]

    def _deserialize(self, data: bytes) -> Any:
        said = json.loads(self._unsign(bytes(data)))  # type: ignore[no-untyped-call]
        return Message(*said) if isinstance(said, list) and len(said) == len(Message._fields) else said


def make_huey(settings: Settings) -> Huey:
    """Return the queue that ``settings.jobs_url`` names; no results are kept, for rows say what was done."""
    url = settings.jobs_url
    shared = {"results": False, "serializer": JobSerializer(settings.secret_key)}
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        return SqliteHuey(NAME, filename=str(path), timeout=15, **shared)
    if url.startswith("postgresql"):
        return PostgresHuey(NAME, dsn=url.replace("postgresql+psycopg://", "postgresql://", 1), **shared)
    return RedisHuey(NAME, url=url, **shared)


@dataclass(frozen=True, slots=True)
class Jobs:
    """The jobs there are; calling one puts it into the queue."""

    huey: Huey
    turn: Job
    sync: Job
    sweep: Job
    deliver: Job

    def waiting(self) -> int:
        """Return how many jobs wait in the queue."""
        return int(self.huey.storage.queue_size())


def make_jobs(huey: Huey, works: dict[str, Job]) -> Jobs:
    """Register the works (``turn``, ``sync``, ``sweep``, ``deliver``) with the queue."""
    # The names are part of the messages in the queue: they outlive an update of the program.
    return Jobs(huey, **{name: _task(huey, name, work) for name, work in works.items()})


def _task(huey: Huey, name: str, work: Job) -> Job:
    def job(*ids: int) -> None:
        work(*ids)

    task: Job = huey.task(name=f"regista_{name}")(job)
    return task
