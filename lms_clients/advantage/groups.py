"""Course groups (LTI course groups 1.0), where a platform offers them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from lms_clients.advantage.roster import Member
from lms_clients.advantage.services import Services
from lms_clients.answers import decode
from lms_clients.records import Group

SCOPE = "https://purl.imsglobal.org/spec/lti-gs/scope/contextgroup.readonly"
_ACCEPT = "application/vnd.ims.lti-gs.v1.contextgroupcontainer+json"


class _Named(msgspec.Struct):
    id: str
    name: str = ""
    set_id: str | None = None


class _Container(msgspec.Struct):
    groups: list[_Named] = []


def read_groups(services: Services, url: str, members: Iterable[Member]) -> tuple[Group, ...]:
    """The groups with their members, whom the roster names."""
    inside: dict[str, set[str]] = {}
    for member in members:
        for entry in member.group_enrollments:
            inside.setdefault(entry.get("group_id", ""), set()).add(member.user_id)
    return tuple(
        Group(group.id, group.name, group.set_id, frozenset(inside.get(group.id, ())))
        for page in services.pages(url, SCOPE, _ACCEPT)
        for group in decode(page, _Container).groups
    )
