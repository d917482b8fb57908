"""The consumer in threads of this process: it runs jobs and ticks, until it is told to stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, cast

from flask import Flask
from huey.consumer import Consumer

from lti_app.config import Settings
from lti_app.house import House
from lti_app.jobs import clock, engine
from lti_app.jobs.calendars import keep_calendars
from lti_app.jobs.deliver import deliver_due
from lti_app.jobs.lease import keeper
from lti_app.jobs.sweep import sweep_context
from lti_app.jobs.sync import sync_context

log = logging.getLogger(__name__)
# An idle worker looks into a queue that cannot wake it (SQLite) at least this often.
MAX_DELAY = 0.5
# After a job it looks again soon: a platform's next turn is put there while its last course is still being swept.
INITIAL_DELAY = 0.02
# How long stop() waits for work in progress; what is left undone is due again when its claim runs out.
PATIENCE = 20.0


class _QuietConsumer(Consumer):
    """A consumer that leaves the signals to whoever owns the process."""

    def _set_signal_handlers(self) -> None:
        return


def make_jobs(app: Flask, settings: Settings) -> engine.Jobs:
    """Return the queue with its jobs; each runs in the context of ``app``."""
    house = cast("House", app.extensions["regista"])

    def inside(work: Callable[..., Any]) -> Callable[..., None]:
        def run(*ids: int) -> None:
            with app.app_context():
                work(*ids)

        return run

    works: dict[str, engine.Job] = {
        "turn": inside(lambda registration_id: clock.take_turn(house, jobs, registration_id)),
        "sync": inside(lambda context_id: sync_context(house, context_id)),
        "sweep": inside(lambda context_id: sweep_context(house, context_id)),
        "deliver": inside(lambda: (deliver_due(house), keep_calendars(house))),
    }
    jobs = engine.make_jobs(engine.make_huey(settings), works)
    return jobs


class Ticker(threading.Thread):
    """Ticks every ``tick_seconds``; Huey's own periodic tasks know no interval under a minute."""

    def __init__(self, app: Flask, jobs: engine.Jobs, seconds: float) -> None:
        super().__init__(name="ticker", daemon=True)
        self._app, self._jobs, self._seconds = app, jobs, seconds
        self.ended = threading.Event()

    def run(self) -> None:
        """Tick until told to end; a tick that fails is logged and the next one comes."""
        house = cast("House", self._app.extensions["regista"])
        while not self.ended.is_set():
            try:
                with self._app.app_context():
                    clock.tick(house, self._jobs)
            except Exception:
                log.exception("a tick failed")
            self.ended.wait(self._seconds)


def start_consumer(app: Flask, settings: Settings, threads: int = 2) -> Callable[[], None]:
    """Start ``threads`` workers and the ticker inside this process and return the function that stops them.

    Stopping waits for work in progress, but not for ever.
    """
    jobs = make_jobs(app, settings)
    one_at_a_time = threading.Lock()

    def close() -> None:
        # Each worker thread closes what it opened; they share one connection, and the storage looks before it locks.
        with one_at_a_time:
            jobs.huey.storage.close()

    jobs.huey.on_shutdown(name="close")(close)
    consumer: Any = _QuietConsumer(  # type: ignore[no-untyped-call]
        jobs.huey,
        workers=threads,
        periodic=False,
        initial_delay=INITIAL_DELAY,
        max_delay=MAX_DELAY,
        scheduler_interval=60,
        check_worker_health=False,
        shutdown_timeout=PATIENCE,
    )
    ticker = Ticker(app, jobs, settings.tick_seconds)
    consumer.start()
    ticker.start()

    def stop() -> None:
        ticker.ended.set()
        consumer.stop(graceful=True)
        ticker.join(PATIENCE)
        keeper.rest()
        close()

    return stop
