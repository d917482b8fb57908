"""Holding a claim for as long as the work lasts, and no longer than its worker lives."""

from __future__ import annotations

import logging
import os
import threading
import time
from datetime import UTC, datetime
from types import TracebackType

from sqlalchemy.exc import SQLAlchemyError

from lti_app.db import Database
from lti_app.store import runs

log = logging.getLogger(__name__)
# So long the keeper's thread waits for another lease before it ends.
IDLE = 5.0


class Lost(Exception):
    """Somebody else took the course over: whatever was read is not ours to save."""


class Lease:
    """A claim that is renewed while the LMS is being asked; ``end`` stops that and gives the claim."""

    def __init__(self, db: Database, claim: runs.Claim, every: float = runs.LEASE.total_seconds() / 3) -> None:
        self._db = db
        self._claim: runs.Claim | None = claim
        self.context_id = claim.context_id
        self.registration_id = claim.registration_id
        self.every = every
        self._over = False
        self._busy = threading.Lock()

    def __enter__(self) -> Lease:
        keeper.hold(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._stop()

    def renew(self) -> bool:
        """Hold the course for another while and return whether this lease goes on."""
        with self._busy:
            claim = self._claim
            if self._over or claim is None:
                return False
            try:
                with self._db.writing() as session:
                    self._claim = runs.renew(session, claim, datetime.now(UTC))
            except SQLAlchemyError:
                # The lease still runs for a while; the next turn may succeed.
                log.warning("the claim on course %s could not be renewed", claim.context_id, exc_info=True)
            return self._claim is not None

    def _stop(self) -> None:
        keeper.let_go(self)
        # A renewal under way is waited for: what it gets is the claim that counts.
        with self._busy:
            self._over = True

    def end(self) -> runs.Claim:
        """Stop renewing and return the claim as it stands; raises Lost when somebody else has the course."""
        self._stop()
        if self._claim is None:
            raise Lost
        return self._claim


class _Keeper:
    """Renews all leases of this process from one thread: most end long before, and a thread each would cost more."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: dict[Lease, float] = {}
        self._thread: threading.Thread | None = None
        self._wakes_at = 0.0
        self._resting = False

    def hold(self, lease: Lease) -> None:
        """Renew ``lease`` from now on."""
        with self._changed:
            self._due[lease] = time.monotonic() + lease.every
            self._resting = False
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lease-keeper", daemon=True)
                self._thread.start()
            elif self._due[lease] < self._wakes_at:
                self._changed.notify()

    def let_go(self, lease: Lease) -> None:
        """Renew ``lease`` no more."""
        with self._changed:
            self._due.pop(lease, None)

    def rest(self) -> None:
        """End the thread and wait for it, unless somebody holds a lease; the next one starts it again."""
        with self._changed:
            thread = self._thread
            self._resting = not self._due
            self._changed.notify()
        if thread is not None and self._resting:
            thread.join(IDLE)

    def _run(self) -> None:
        while (lease := self._next()) is not None:
            if not lease.renew():
                self.let_go(lease)

    def _next(self) -> Lease | None:
        """Wait until a lease wants to be renewed and return it; None when nobody has held one for a while."""
        idle_since = time.monotonic()
        with self._changed:
            while True:
                now = time.monotonic()
                if not self._due and (self._resting or now >= idle_since + IDLE):
                    self._thread = None
                    return None
                lease = min(self._due, key=self._due.__getitem__, default=None)
                if lease is not None and self._due[lease] <= now:
                    self._due[lease] = now + lease.every
                    return lease
                self._wakes_at = idle_since + IDLE if lease is None else self._due[lease]
                self._changed.wait(max(self._wakes_at - now, 0))
                if self._due:
                    idle_since = time.monotonic()


keeper = _Keeper()


def _born() -> None:
    # A fork has none of its parent's threads, and might have been born with the parent's lock taken.
    keeper.__init__()  # type: ignore[misc]


os.register_at_fork(after_in_child=_born)
