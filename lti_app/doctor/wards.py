"""The platform's services: tokens, names and roles, grades, notices, and its own web services."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import gettext as _
from flask_babel import ngettext

from lms_clients import connect
from lms_clients.advantage import grades, notices, roster
from lms_clients.advantage.services import Services
from lms_clients.errors import LmsError, ScopeMissing
from lms_clients.records import CourseRef
from lti_app.doctor.doors import hurried
from lti_app.doctor.patient import Patient
from lti_app.doctor.verdicts import ADMIN, OPERATOR, Verdict, because, fault, good, note
from lti_app.house import House
from lti_app.sealing import Unreadable, open_text
from lti_app.services import services_of


def _scopes() -> tuple[tuple[str, str, str, bool], ...]:
    """Each scope: its step, its name, what it is, and whether Regista can do without."""
    return (
        ("token_roster", _("Token for names and roles"), roster.SCOPE, False),
        ("token_column", _("Token for gradebook columns"), grades.LINEITEM, True),
        ("token_score", _("Token for scores"), grades.SCORE, True),
        ("token_notices", _("Token for notices of copied courses"), notices.SCOPE, True),
    )


def check_services(house: House, patient: Patient) -> Iterator[Verdict]:
    """Ask for a token for each scope, then for names and for columns of the course that was opened last."""
    services = services_of(house, patient.id, hurried=True)
    try:
        granted = set()
        for step, name, scope, optional in _scopes():
            verdict = _token(services, step, name, scope, optional=optional)
            granted |= {scope} if verdict.state == "good" else set()
            yield verdict
        yield _names(services, patient, granted=roster.SCOPE in granted)
        yield _columns(services, patient, granted=grades.LINEITEM in granted)
    finally:
        services.close()


def _token(services: Services, step: str, name: str, scope: str, *, optional: bool) -> Verdict:
    try:
        services.token(scope)
    except ScopeMissing:
        if optional:
            return note(step, name, _("Not granted. Regista works without it."))
        return fault(step, name, because(ScopeMissing(""))[0], ADMIN, "scope_missing")
    except LmsError as e:
        words, who = because(e)
        return fault(step, name, words, who, e.kind)
    return good(step, name, _("granted"))


def _names(services: Services, patient: Patient, *, granted: bool) -> Verdict:
    step, name = "names", _("Names and roles")
    if patient.memberships_url is None:
        return note(step, name, _("To be tried once somebody has opened a panel in a course."))
    if not granted:
        return note(step, name, _("Not tried: there is no token for it."))
    try:
        next(services.pages(patient.memberships_url, roster.SCOPE, roster.ACCEPT, {"limit": "2"}))
    except LmsError as e:
        words, who = because(e)
        return fault(step, name, words, who, e.kind)
    return good(step, name, _("The platform names the participants of the course."))


def _columns(services: Services, patient: Patient, *, granted: bool) -> Verdict:
    step, name = "grades", _("Gradebook")
    if patient.lineitems_url is None:
        return note(step, name, _("Not offered in the course that was opened last. Regista works without it."))
    if not granted:
        return note(step, name, _("Not tried: there is no token for it."))
    try:
        found = grades.line_items(services, patient.lineitems_url, scope=grades.LINEITEM)
    except LmsError as e:
        words, who = because(e)
        return fault(step, name, words, who, e.kind)
    return good(step, name, ngettext("%(num)s column is ours.", "%(num)s columns are ours.", len(found)))


def check_web_services(house: House, patient: Patient) -> Iterator[Verdict]:
    """Try the LMS's own web services, right by right, as far as nothing is changed by it."""
    step, name = "web_services", _("Web services")
    if patient.connection is None:
        words = _("Not connected: Regista knows the participants and who opens it, but not where somebody is stuck.")
        yield note(step, name, words, OPERATOR)
        return
    kind, base_url, sealed = patient.connection
    try:
        client = connect(kind, base_url, open_text(sealed, house.settings.secret_key), options=hurried(house))
    except Unreadable:
        yield fault(step, name, _("The stored token cannot be opened any more: connect the LMS again."), OPERATOR)
        return
    except LmsError as e:
        words, who = because(e)
        yield fault(step, name, f"{base_url}: {words}", who, e.kind)
        return
    try:
        told = client.capabilities(CourseRef(api_id=patient.course_api_id) if patient.course_api_id else None)
    except LmsError as e:
        words, who = because(e)
        yield fault(step, name, f"{base_url}: {words}", who, e.kind)
        return
    finally:
        client.close()
    site = " ".join(part for part in (told.site, told.version) if part)
    yield good(step, name, _("%(site)s answers, as %(user)s.", site=site or base_url, user=told.identity or "?"))
    for missing in told.missing:
        what = f"{name}: {missing.ability}"
        right = " ".join(part for part in (missing.capability, f"({missing.title})" if missing.title else "") if part)
        needs = _("allow %(right)s", right=right) if right else ""
        function = (
            _("add the function %(function)s to the service", function=missing.function) if missing.function else ""
        )
        words = "; ".join(part for part in (needs, function, missing.detail) if part)
        yield fault(f"web_services_{missing.ability}", what, words, ADMIN)
