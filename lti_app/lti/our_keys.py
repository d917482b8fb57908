"""Our own key set, published for the platforms; the first key is made when the first one is needed."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify

from lti_app.house import house
from lti_app.signing import our_signing_key
from lti_app.store.keys import published_keys

blueprint = Blueprint("our_keys", __name__)
# Much shorter than a new key is published before it signs, so that nobody misses it.
KEEP_SECONDS = 3600


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
