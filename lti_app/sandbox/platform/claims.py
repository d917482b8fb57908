"""The claims of a launch, as Moodle 4.5 makes them."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from datetime import UTC, datetime
from typing import Any

from lti_app.sandbox.lms import Lms
from lti_app.sandbox.people import Person
from lti_app.sandbox.platform.gradebook import PANEL_ITEMS
from lti_app.sandbox.platform.links import Link
from lti_app.sandbox.platform.tools import RegisteredTool

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/"
OUTCOME = "https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome"
MOODLE_VERSION = "2024100706"
ID_TOKEN_SECONDS = 60


def services_url(here: Lms) -> str:
    """Where names, roles and grades are read and written."""
    return f"{here.url}/mod/lti/services.php"


def course_number(here: Lms) -> str:
    """The course's idnumber."""
    return str(next(iter(here.course.grades.values()))["courseidnumber"])


def context_claim(here: Lms) -> dict[str, Any]:
    """The course, without its type: as NRPS says it."""
    facts = here.course.facts
    return {"id": str(facts["id"]), "label": facts["shortname"], "title": facts["fullname"]}


def _base(here: Lms, person: Person, tool: RegisteredTool, nonce: str, target: str) -> dict[str, Any]:
    now = int(time.time())
    return {
        "nonce": nonce,
        "iat": now,
        "exp": now + ID_TOKEN_SECONDS,
        "iss": here.url,
        "aud": tool.client_id,
        f"{LTI}deployment_id": tool.type_id,
        f"{LTI}target_link_uri": target,
        "sub": str(person.id),
        f"{LTI}lis": {"person_sourcedid": person.number, "course_section_sourcedid": course_number(here)},
        f"{LTI}roles": person.lti_roles,
        f"{LTI}context": {**context_claim(here), "type": ["CourseSection"]},
        "given_name": person.given,
        "family_name": person.family,
        "name": person.name,
        f"{LTI}ext": {"user_username": person.username, "lms": "moodle-2"},
        "email": person.email,
        f"{LTI}tool_platform": {
            "product_family_code": "moodle",
            "version": MOODLE_VERSION,
            "guid": hashlib.sha256(here.client_id.encode()).hexdigest()[:32],
            "name": "ACCADEMIA",
            "description": here.course.single["core_webservice_get_site_info"]["sitename"],
        },
        f"{LTI}version": "1.3.0",
        f"{AGS}claim/endpoint": {
            "scope": [s for s in tool.scopes if "lti-ags" in s],
            "lineitems": f"{services_url(here)}/{here.course.id}/lineitems?type_id={tool.type_id}",
        },
        f"{NRPS}claim/namesroleservice": {
            "context_memberships_url": memberships_url(here, tool),
            "service_versions": ["1.0", "2.0"],
        },
    }


def memberships_url(here: Lms, tool: RegisteredTool) -> str:
    """Where this tool reads the course's names and roles."""
    return f"{services_url(here)}/CourseSection/{here.course.id}/bindings/{tool.type_id}/memberships"


def resource_link(here: Lms, person: Person, link: Link, nonce: str, locale: str) -> dict[str, Any]:
    """Return the claims of a panel's launch; times are real, whatever the community's clock says."""
    claims = _base(here, person, link.tool, nonce, link.target)
    claims[f"{LTI}message_type"] = "LtiResourceLinkRequest"
    claims[f"{LTI}resource_link"] = {"title": link.title, "description": link.description, "id": str(link.id)}
    claims[f"{LTI}launch_presentation"] = {
        "locale": locale,
        "document_target": "iframe",
        "return_url": f"{here.url}/mod/lti/return.php?course={here.course.id}&launch_container=3&instanceid={link.id}"
        f"&sesskey={secrets.token_urlsafe(8)}",
    }
    claims[OUTCOME] = outcome(here, person, link)
    claims[f"{LTI}custom"] = _custom(here, person, link.tool, link.custom, link)
    if link.line_item is not None:
        address = claims[f"{AGS}claim/endpoint"]["lineitems"].replace("?", f"/{PANEL_ITEMS + link.id}/lineitem?")
        claims[f"{AGS}claim/endpoint"]["lineitem"] = address
    return claims


def outcome(here: Lms, person: Person, link: Link) -> dict[str, str]:
    """The Basic Outcomes claim that Moodle sends beside AGS; nothing here answers it."""
    data = {"instanceid": str(link.id), "userid": str(person.id), "typeid": link.tool.type_id, "launchid": 1}
    digest = hashlib.sha256((json.dumps(data) + here.client_id).encode()).hexdigest()
    return {
        "lis_result_sourcedid": json.dumps({"data": data, "hash": digest}, separators=(",", ":")),
        "lis_outcome_service_url": f"{here.url}/mod/lti/service.php",
    }


def deep_linking(
    here: Lms, person: Person, tool: RegisteredTool, nonce: str, locale: str, return_url: str
) -> dict[str, Any]:
    """Return the claims of a deep-linking request."""
    claims = _base(here, person, tool, nonce, tool.launch_url)
    claims[f"{LTI}message_type"] = "LtiDeepLinkingRequest"
    claims[f"{LTI}launch_presentation"] = {"locale": locale}
    claims[f"{LTI}custom"] = _custom(here, person, tool, {}, None)
    claims[f"{DL}deep_linking_settings"] = {
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["frame", "iframe", "window"],
        "accept_copy_advice": False,
        "accept_multiple": True,
        "accept_unsigned": False,
        "auto_create": False,
        "can_confirm": False,
        "deep_link_return_url": return_url,
        "title": tool.name,
        "text": "",
    }
    return claims


def _custom(
    here: Lms, person: Person, tool: RegisteredTool, own: dict[str, str], link: Link | None
) -> dict[str, str | None]:
    """Fill in the variables that Moodle knows; the others go out as they were written, as Moodle sends them."""
    known = _variables(here, person, link)
    filled: dict[str, str | None] = {k: known.get(str(v), str(v)) for k, v in {**tool.custom, **own}.items()}
    filled["context_memberships_url"] = memberships_url(here, tool)
    return filled


def _variables(here: Lms, person: Person, link: Link | None) -> dict[str, str | None]:
    facts = here.course.facts
    begin, end = (datetime.fromtimestamp(facts[k], UTC).isoformat() for k in ("startdate", "enddate"))
    return {
        "$Context.id": str(facts["id"]),
        "$Context.title": facts["fullname"],
        "$Context.label": facts["shortname"],
        "$Context.id.history": "",
        "$Context.sourcedId": course_number(here),
        "$CourseSection.timeFrame.begin": begin,
        "$CourseSection.timeFrame.end": end,
        "$ResourceLink.id": str(link.id) if link else None,
        "$ResourceLink.title": link.title if link else None,
        "$ResourceLink.description": link.description if link else None,
        "$User.id": str(person.id),
        "$User.username": person.username,
        "$Person.name.full": person.name,
        "$Person.name.given": person.given,
        "$Person.name.family": person.family,
        "$Person.email.primary": person.email,
        "$Person.sourcedId": person.number,
        "$Person.address.timezone": "99",
        "$Membership.role": "Instructor" if person.teaches else "Learner",
        "$Moodle.Person.userGroupIds": ",".join(str(group) for group in person.groups),
    }
