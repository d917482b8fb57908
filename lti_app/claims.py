"""What a launch says, parsed at the door: nobody else in Regista reads a claim's address.

`Launch.from_claims` checks every type, so that no claim, however odd, can hurt anything behind it. Ids, addresses and
whole objects of a wrong type refuse the launch; a description of a wrong type is only ignored, as are unknown claims.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lti_app.claim_fields import BadLaunch, identifier, plain, web_address
from lti_app.roles import highest_role, is_test_user

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
NAMES_AND_ROLES = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
NOTICES = "https://purl.imsglobal.org/spec/lti/claim/platformnotificationservice"
GRADES = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
RESOURCE_LINK_REQUEST = "LtiResourceLinkRequest"
DEEP_LINKING_REQUEST = "LtiDeepLinkingRequest"
SUBMISSION_REVIEW_REQUEST = "LtiSubmissionReviewRequest"
DATA_PRIVACY_REQUEST = "DataPrivacyLaunchRequest"
COPY_NOTICE = "LtiContextCopyNotice"
MOST_ROLES = 100


def _object(claims: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    value = claims.get(name)
    if value is not None and not isinstance(value, dict):
        raise BadLaunch("claim_type", name)
    return value


def _texts(value: Any, what: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadLaunch("claim_type", what)
    return tuple(value)


@dataclass(frozen=True, slots=True)
class CourseSaid:
    """The context claim."""

    id: str
    title: str | None
    label: str | None


@dataclass(frozen=True, slots=True)
class LinkSaid:
    """The resource link claim."""

    id: str
    title: str | None


@dataclass(frozen=True, slots=True)
class Placing:
    """What a deep linking request lets us return; ``data`` goes back unchanged, None when there was none."""

    return_url: str
    accept_types: tuple[str, ...]
    targets: tuple[str, ...]
    accept_multiple: bool
    accept_lineitem: bool
    data: Any = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Launch:
    """A launch whose claims have been read; ``role`` is the highest in this course (see `lti_app.roles`).

    ``sub`` is empty for somebody whom the platform does not name.
    """

    message: str
    deployment: str
    sub: str
    target: str
    roles: tuple[str, ...]
    role: str
    student_view: bool
    course: CourseSaid | None
    link: LinkSaid | None
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = field(default=None, repr=False)
    picture: str | None = None
    locale: str | None = None
    return_url: str | None = field(default=None, repr=False)
    memberships_url: str | None = None
    lineitems_url: str | None = None
    notices_url: str | None = None
    product: str | None = None
    custom: Mapping[str, str] = field(default_factory=dict)
    placing: Placing | None = None

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any]) -> Launch:
        """Read the claims of a token whose signature, times, audience and nonce were checked; raises BadLaunch."""
        if claims.get(LTI + "version") != "1.3.0":
            raise BadLaunch("version", "version is not 1.3.0")
        message = claims.get(LTI + "message_type")
        if not isinstance(message, str) or not message:
            raise BadLaunch("claim_missing", "message_type")
        roles = _roles(claims)
        course = _course(claims)
        _refuse_other_messages(message, claims)
        presentation = _object(claims, LTI + "launch_presentation") or {}
        platform = _object(claims, LTI + "tool_platform") or {}
        return cls(
            message=message,
            deployment=identifier(claims.get(LTI + "deployment_id"), "deployment_id"),
            sub=_sub(claims),
            target=_target(claims),
            roles=roles,
            role=highest_role(roles, in_course=course is not None),
            student_view=is_test_user(roles),
            course=course,
            link=_link(claims) if message == RESOURCE_LINK_REQUEST else None,
            name=plain(claims.get("name"), 255),
            given_name=plain(claims.get("given_name"), 255),
            family_name=plain(claims.get("family_name"), 255),
            email=plain(claims.get("email"), 320),
            picture=web_address(claims.get("picture")),
            locale=plain(presentation.get("locale"), 20) or plain(claims.get("locale"), 20),
            return_url=web_address(presentation.get("return_url")),
            memberships_url=web_address((_object(claims, NAMES_AND_ROLES) or {}).get("context_memberships_url")),
            lineitems_url=web_address((_object(claims, GRADES) or {}).get("lineitems")),
            notices_url=_notices(claims),
            product=plain(platform.get("product_family_code"), 40),
            custom=_custom(claims),
            placing=_placing(claims) if message == DEEP_LINKING_REQUEST else None,
        )


def _sub(claims: Mapping[str, Any]) -> str:
    """Return who it is; empty where the platform launches somebody without saying who (core 5.3.6.1)."""
    return "" if claims.get("sub") in (None, "") else identifier(claims.get("sub"), "sub")


def _roles(claims: Mapping[str, Any]) -> tuple[str, ...]:
    if claims.get(LTI + "roles") is None:
        raise BadLaunch("claim_missing", "roles")
    roles = _texts(claims[LTI + "roles"], "roles")
    if len(roles) > MOST_ROLES:
        raise BadLaunch("claim_type", "roles: too many")
    return tuple(role for said in roles if (role := plain(said, 255)))


def _course(claims: Mapping[str, Any]) -> CourseSaid | None:
    said = _object(claims, LTI + "context")
    if said is None:
        return None
    label = plain(said.get("label"), 255)
    return CourseSaid(identifier(said.get("id"), "context.id"), plain(said.get("title")), label)


def _link(claims: Mapping[str, Any]) -> LinkSaid:
    said = _object(claims, LTI + "resource_link")
    if said is None:
        raise BadLaunch("claim_missing", "resource_link")
    return LinkSaid(identifier(said.get("id"), "resource_link.id"), plain(said.get("title")))


def _target(claims: Mapping[str, Any]) -> str:
    value = claims.get(LTI + "target_link_uri")
    if value in (None, ""):
        raise BadLaunch("claim_missing", "target_link_uri")
    target = web_address(value)
    if target is None:
        raise BadLaunch("claim_type", "target_link_uri")
    return target


def _custom(claims: Mapping[str, Any]) -> dict[str, str]:
    said = _object(claims, LTI + "custom") or {}
    kept = {}
    for name, value in said.items():
        # A platform hands back a variable that it does not know just as we wrote it: "not supported".
        if isinstance(value, str) and not value.startswith("$") and (text := plain(value, 500)):
            kept[name] = text
    return kept


def _notices(claims: Mapping[str, Any]) -> str | None:
    """Where we may ask to be told of copied courses; None where the platform does not tell of them."""
    said = _object(claims, NOTICES) or {}
    kinds = said.get("notice_types_supported")
    tells = isinstance(kinds, list) and COPY_NOTICE in kinds
    return web_address(said.get("platform_notification_service_url")) if tells else None


def _placing(claims: Mapping[str, Any]) -> Placing:
    said = _object(claims, DEEP_LINKING)
    if said is None:
        raise BadLaunch("claim_missing", "deep_linking_settings")
    return_url = web_address(said.get("deep_link_return_url"))
    if return_url is None:
        raise BadLaunch("claim_missing", "deep_link_return_url")
    accepts = _texts(said.get("accept_types"), "accept_types")
    targets = _texts(said.get("accept_presentation_document_targets"), "accept_presentation_document_targets")
    if "ltiResourceLink" not in accepts or not targets:
        raise BadLaunch("nothing_to_place", f"accept_types={accepts!r}")
    multiple, lineitem = said.get("accept_multiple"), said.get("accept_lineitem")
    return Placing(
        return_url=return_url,
        accept_types=accepts,
        targets=targets,
        # Some platforms write booleans as words.
        accept_multiple=multiple in (True, "true"),
        accept_lineitem=lineitem in (True, "true"),
        data=said.get("data"),
        title=plain(said.get("title"), 255),
    )


def _refuse_other_messages(message: str, claims: Mapping[str, Any]) -> None:
    if message in (RESOURCE_LINK_REQUEST, DEEP_LINKING_REQUEST):
        return
    if message == SUBMISSION_REVIEW_REQUEST:
        identifier((_object(claims, LTI + "for_user") or {}).get("user_id"), "for_user.user_id")
        if web_address((_object(claims, GRADES) or {}).get("lineitem")) is None:
            raise BadLaunch("claim_missing", "lineitem")
    forbidden = [name for name in ("context", "resource_link") if LTI + name in claims]
    if message == DATA_PRIVACY_REQUEST and forbidden:
        raise BadLaunch("claim_type", f"{message} with {', '.join(forbidden)}")
    raise BadLaunch("message_not_offered", message[:80])
