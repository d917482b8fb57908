"""How a platform's LTI services are asked in our name."""

from __future__ import annotations

import json
from dataclasses import replace

from sqlalchemy import select

from lms_clients import Options
from lms_clients.advantage.identity import ServiceIdentity
from lms_clients.advantage.services import Services
from lti_app.house import House
from lti_app.models import Registration
from lti_app.signing import our_signing_key


def options_for(house: House) -> Options:
    """Return how clients behave here: our name, and whether private addresses may be asked."""
    return Options(
        user_agent=f"Regista/0.1 (+{house.settings.public_url})",
        allow_private=house.settings.allow_private_addresses,
    )


def identity_of(house: House, registration_id: int) -> str:
    """Return the secret, in JSON, by which the LTI services of a platform know us."""
    key = our_signing_key(house)
    columns = (Registration.client_id, Registration.auth_token_url, Registration.auth_audience)
    with house.db.reading() as session:
        row = session.execute(select(*columns).where(Registration.id == registration_id)).one()
    return json.dumps(
        {
            "client_id": row.client_id,
            "token_url": row.auth_token_url,
            "audience": row.auth_audience or row.auth_token_url,
            "kid": key.kid,
            "private_key": key.private_pem,
        }
    )


def services_of(house: House, registration_id: int, *, hurried: bool = False) -> Services:
    """Return the LTI services of a platform; ``hurried`` while somebody waits for a page: one try, a few seconds."""
    options = options_for(house)
    if hurried:
        options = replace(options, connect_seconds=3.0, read_seconds=6.0, total_seconds=10.0, tries=1)
    return Services(ServiceIdentity.from_json(identity_of(house, registration_id)), options)
