"""The self-test of a platform: each step is tried, and each says plainly whether it works and who can mend it."""

from __future__ import annotations

from collections.abc import Iterator

from lti_app.doctor import doors, wards
from lti_app.doctor.patient import Patient, read_patient
from lti_app.doctor.verdicts import Verdict
from lti_app.house import House

__all__ = ["Patient", "Verdict", "examine"]


def examine(house: House, registration_id: int, *, cookie_came: bool | None = None) -> Iterator[Verdict]:
    """Try every step for one platform and yield the verdicts as they come; nothing is changed anywhere.

    ``cookie_came`` is what a page knows of its browser. Needs an application context for the words.
    """
    with house.db.reading() as session:
        patient = read_patient(session, registration_id)
    yield from doors.check_own_address(house)
    yield from doors.check_https(house, patient)
    yield from doors.check_issuer(house, patient)
    yield from doors.check_keys(house, patient)
    yield from doors.check_frame(patient)
    yield from doors.check_cookies(cookie_came)
    yield from doors.check_deployments(patient)
    yield from wards.check_services(house, patient)
    yield from wards.check_web_services(house, patient)
