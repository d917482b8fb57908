"""Our own signing key: the first one is made when it is needed."""

from __future__ import annotations

from datetime import UTC, datetime

from lti_app.house import House
from lti_app.store.keys import SigningKey, add_first_key, make_key, signing_key


def _make_first(house: House) -> None:
    # Making a key takes a while, so it happens outside the transaction that decides whose key stays.
    key, now = make_key(), datetime.now(UTC)
    with house.db.writing() as session:
        add_first_key(session, key, house.settings.secret_key, now)


def our_signing_key(house: House) -> SigningKey:
    """Return the key that signs now (real time); made where there is none."""
    for _attempt in (1, 2):
        with house.db.reading() as session:
            found = signing_key(session, house.settings.secret_key, datetime.now(UTC))
        if found is not None:
            return found
        _make_first(house)
    raise RuntimeError("no signing key, although one was just stored")
