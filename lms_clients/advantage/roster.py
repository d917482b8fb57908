"""Names and roles (NRPS 2.0): who is in the course."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from lms_clients.advantage.services import Services
from lms_clients.answers import decode
from lms_clients.http import link
from lms_clients.records import Enrolment, EnrolmentState, Learner, Role

SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
ACCEPT = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
_PAGE = "500"
_STATES = {
    "active": EnrolmentState.ACTIVE,
    "inactive": EnrolmentState.SUSPENDED,
    "deleted": EnrolmentState.DELETED,
}
_ROLES = {
    "learner": Role.LEARNER,
    "instructor": Role.INSTRUCTOR,
    "teachingassistant": Role.TA,
    "mentor": Role.OBSERVER,
    "testuser": Role.TEST_STUDENT,
}


class Member(msgspec.Struct):
    """One member; only ``user_id`` and ``roles`` are certain, the rest hangs on privacy settings."""

    user_id: str
    roles: list[str] = []
    status: str | None = None
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    lis_person_sourcedid: str | None = None
    group_enrollments: list[dict[str, str]] = []


class _Context(msgspec.Struct):
    id: str = ""
    label: str | None = None
    title: str | None = None


class _Container(msgspec.Struct):
    context: _Context = msgspec.field(default_factory=_Context)
    members: list[Member] = []


@dataclass(frozen=True, slots=True)
class Roster:
    """A course's members; ``differences_url`` is where a platform tells only the changes from here on."""

    members: tuple[Member, ...]
    title: str | None = None
    label: str | None = None
    differences_url: str | None = None


def read_roster(services: Services, url: str, *, role: str | None = None, resource_link: str | None = None) -> Roster:
    """Read all pages; ``role`` and ``resource_link`` (rlid) narrow the listing where the platform heeds them."""
    wanted = {"limit": _PAGE}
    wanted |= {"role": role} if role else {}
    wanted |= {"rlid": resource_link} if resource_link else {}
    return _read(services, url, wanted)


def read_changes(services: Services, differences_url: str) -> Roster:
    """Read who joined, changed or left (state deleted) since the listing that gave this address (NRPS 2.0, 2.4.2).

    The address is the platform's own and goes back to it as it is. Course visits and columns hang on everybody, so a
    snapshot reads the whole roster; this is for whoever asks about the people alone.
    """
    return _read(services, differences_url, None)


def _read(services: Services, url: str, wanted: dict[str, str] | None) -> Roster:
    members: dict[str, Member] = {}
    context, differences = _Context(), None
    # A token that runs out half-way starts the listing anew: members are kept by id, so none is counted twice.
    for page in services.pages(url, SCOPE, ACCEPT, wanted):
        container = decode(page, _Container)
        context = container.context if container.context.title else context
        differences = link(page, "differences") or differences
        members.update((member.user_id, member) for member in container.members)
    return Roster(tuple(members.values()), context.title, context.label, differences)


def roles_of(names: list[str]) -> frozenset[Role]:
    """Context roles from LTI role names, short or in full; institution and system roles do not count here."""
    found = set()
    for name in names:
        path, _, short = name.rpartition("#")
        if path and "/membership" not in path and short.lower() != "testuser":
            continue
        # LTI 1.1 wrote the roles of institution and system this way, and some platforms still do.
        if short.lower().startswith(("urn:lti:instrole:", "urn:lti:sysrole:")):
            continue
        found.add(_ROLES.get(short.rpartition("/")[2].lower(), Role.OTHER))
    if Role.TA in found:
        found.discard(Role.INSTRUCTOR)
    return frozenset(found)


def learner(member: Member) -> Learner:
    """A member as a record; a missing status means active (NRPS 2.0, 2.2)."""
    raw = member.status or "Active"
    roles = roles_of(member.roles)
    named = member.name or " ".join(part for part in (member.given_name, member.family_name) if part)
    sortable = ", ".join(part for part in (member.family_name, member.given_name) if part)
    return Learner(
        id=member.user_id,
        lti_sub=member.user_id,
        name=named or None,
        sortable_name=sortable or named or None,
        email=member.email or None,
        sis_id=member.lis_person_sourcedid or None,
        roles=roles,
        raw_roles=tuple(member.roles),
        enrolments=(Enrolment(state=_STATES.get(raw.lower(), EnrolmentState.UNKNOWN), raw_state=raw),),
        is_test=Role.TEST_STUDENT in roles,
    )
