"""Renewing a token when several workers hold it: one asks, the others wait and take what it was given.

Where an LMS rotates refresh tokens, the second use of an old one ends the connection; so no two workers renew at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from lms_clients.errors import Reauthorise, Unreachable
from lti_app.house import House
from lti_app.sealing import Unreadable, open_text, seal_text
from lti_app.store.connections import RENEWAL, claim_renewal, end_renewal, keep_secret

LOOK_AGAIN = 0.2
PATIENCE = RENEWAL.total_seconds() * 1.5


@dataclass(frozen=True, slots=True)
class Renewal:
    """The secret of one connection, as all workers share it."""

    house: House
    connection_id: int

    def keep(self, renewed: str) -> None:
        """Store a fresh secret before anybody uses it."""
        sealed = seal_text(renewed, self.house.settings.secret_key)
        with self.house.db.writing() as session:
            keep_secret(session, self.connection_id, sealed)

    def renewing(self, held: str, renew: Callable[[str], str]) -> str:
        """Return the secret to use in place of ``held``: one that another worker renewed, or our own renewal's."""
        deadline = time.monotonic() + PATIENCE
        while True:
            with self.house.db.writing() as session:
                mine, sealed = claim_renewal(session, self.connection_id, datetime.now(UTC))
            stored = opened(sealed, self.house)
            if mine:
                try:
                    return renew(held) if stored == held else stored
                finally:
                    with self.house.db.writing() as session:
                        end_renewal(session, self.connection_id)
            if stored != held:
                return stored
            if time.monotonic() > deadline:
                raise Unreachable("another worker has not come back from renewing the token", code="renewal")
            time.sleep(LOOK_AGAIN)


def opened(sealed: str, house: House) -> str:
    """Open a stored secret; raises Reauthorise where that is impossible."""
    try:
        return open_text(sealed, house.settings.secret_key)
    except Unreadable as e:
        raise Reauthorise("the stored secret cannot be opened: connect the LMS again", code="unreadable_secret") from e
