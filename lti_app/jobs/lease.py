"""Holding a claim for as long as the work lasts, and no longer than its worker lives."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from types import TracebackType

from sqlalchemy.exc import SQLAlchemyError

from lti_app.db import Database
from lti_app.store import runs

log = logging.getLogger(__name__)


class Lost(Exception):
    """Somebody else took the course over: whatever was read is not ours to save."""


class Lease:
    """Renews a claim from a thread of its own while the LMS is being asked; ``end`` stops that and gives the claim."""

    def __init__(self, db: Database, claim: runs.Claim, every: float = runs.LEASE.total_seconds() / 3) -> None:
        self._db = db
        self._claim: runs.Claim | None = claim
        self.context_id = claim.context_id
        self.registration_id = claim.registration_id
        self._every = every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._hold, name=f"lease-{claim.context_id}", daemon=True)

    def __enter__(self) -> Lease:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._stop()

    def _hold(self) -> None:
        while not self._ended.wait(self._every):
            claim = self._claim
            if claim is None:
                return
            try:
                with self._db.writing() as session:
                    self._claim = runs.renew(session, claim, datetime.now(UTC))
            except SQLAlchemyError:
                # The lease still runs for a while; the next turn may succeed.
                log.warning("the claim on course %s could not be renewed", claim.context_id, exc_info=True)

    def _stop(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def end(self) -> runs.Claim:
        """Stop renewing and return the claim as it stands; raises Lost when somebody else has the course."""
        self._stop()
        if self._claim is None:
            raise Lost
        return self._claim
