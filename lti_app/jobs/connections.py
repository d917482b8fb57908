"""From our entry for a platform to a client that can ask it."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from lms_clients import LmsClient, connect
from lti_app.house import House
from lti_app.jobs.renewal import Renewal, opened
from lti_app.models import LmsConnection
from lti_app.services import identity_of, options_for


def client_for(house: House, registration_id: int) -> LmsClient:
    """Return the client for one platform: its web services where connected, else the LTI services alone.

    Nothing is asked yet. Raises Reauthorise where the stored secret cannot be opened any more.
    """
    with house.db.reading() as session:
        query = select(LmsConnection.id, LmsConnection.kind, LmsConnection.base_url, LmsConnection.secret)
        row = session.execute(query.where(LmsConnection.registration_id == registration_id)).one_or_none()
    if row is None:
        return _lti_client(house, registration_id)
    renewal = Renewal(house, row.id)
    options = replace(options_for(house), renewed=renewal.keep, renewing=renewal.renewing)
    return connect(row.kind, row.base_url, opened(row.secret, house), options=options)


def _lti_client(house: House, registration_id: int) -> LmsClient:
    return connect("lti", "", identity_of(house, registration_id), options=options_for(house))
