"""Our own key set, published for the platforms; the first key is made when the first one is needed."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify

from lti_app.house import House, house
from lti_app.store.keys import SigningKey, add_first_key, make_key, published_keys, signing_key

blueprint = Blueprint("our_keys", __name__)
# Much shorter than a new key is published before it signs, so that nobody misses it.
KEEP_SECONDS = 3600


def _make_first(house_: House) -> None:
    # Making a key takes a while, so it happens outside the transaction that decides whose key stays.
    key, now = make_key(), datetime.now(UTC)
    with house_.db.writing() as session:
        add_first_key(session, key, house_.settings.secret_key, now)


def our_signing_key(house_: House) -> SigningKey:
    """Return the key that signs now (real time); made where there is none."""
    for _attempt in (1, 2):
        with house_.db.reading() as session:
            found = signing_key(session, house_.settings.secret_key, datetime.now(UTC))
        if found is not None:
            return found
        _make_first(house_)
    raise RuntimeError("no signing key, although one was just stored")


@blueprint.get("/lti/jwks")
def jwks() -> Response:
    """Publish our public keys (RFC 7517)."""
    with house().db.reading() as session:
        keys = published_keys(session, datetime.now(UTC))
    if not keys:
        our_signing_key(house())
        with house().db.reading() as session:
            keys = published_keys(session, datetime.now(UTC))
    response = jsonify(keys=keys)
    response.headers["Cache-Control"] = f"public, max-age={KEEP_SECONDS}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
