"""From our entry for a platform to a client that can ask it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import select, update

from lms_clients import LmsClient, Options, connect
from lms_clients.errors import Reauthorise
from lti_app.house import House
from lti_app.models import LmsConnection, Registration
from lti_app.sealing import Unreadable, open_text, seal_text
from lti_app.store.keys import signing_key


def options_for(house: House) -> Options:
    """Return how clients behave here: our name, and whether private addresses may be asked."""
    return Options(
        user_agent=f"Regista/0.1 (+{house.settings.public_url})",
        allow_private=house.settings.allow_private_addresses,
    )


def client_for(house: House, registration_id: int) -> LmsClient:
    """Return the client for one platform: its web services where connected, else the LTI services alone.

    Nothing is asked yet. Raises Reauthorise where the stored secret cannot be opened any more.
    """
    with house.db.reading() as session:
        query = select(LmsConnection.id, LmsConnection.kind, LmsConnection.base_url, LmsConnection.secret)
        row = session.execute(query.where(LmsConnection.registration_id == registration_id)).one_or_none()
    if row is None:
        return _lti_client(house, registration_id)
    try:
        secret = open_text(row.secret, house.settings.secret_key)
    except Unreadable as e:
        raise Reauthorise("the stored secret cannot be opened: connect the LMS again", code="unreadable_secret") from e

    def keep(renewed: str) -> None:
        sealed = seal_text(renewed, house.settings.secret_key)
        with house.db.writing() as session:
            session.execute(update(LmsConnection).where(LmsConnection.id == row.id).values(secret=sealed))

    return connect(row.kind, row.base_url, secret, options=replace(options_for(house), renewed=keep))


def _lti_client(house: House, registration_id: int) -> LmsClient:
    with house.db.reading() as session:
        columns = (Registration.issuer, Registration.client_id, Registration.auth_token_url, Registration.auth_audience)
        registration = session.execute(select(*columns).where(Registration.id == registration_id)).one()
        key = signing_key(session, house.settings.secret_key, datetime.now(UTC))
    if key is None:
        raise Reauthorise("this installation has no signing key yet; it gets one at the first launch", code="no_key")
    identity = {
        "client_id": registration.client_id,
        "token_url": registration.auth_token_url,
        "audience": registration.auth_audience or registration.auth_token_url,
        "kid": key.kid,
        "private_key": key.private_pem,
    }
    return connect("lti", registration.issuer, json.dumps(identity), options=options_for(house))
