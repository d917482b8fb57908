"""What a recorded launch is to the rest of the house: the ids of its rows, and the role and language it opens with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lti_app.claim_fields import BadLaunch
from lti_app.claims import Launch
from lti_app.roles import RANKS


@dataclass(frozen=True, slots=True)
class Recorded:
    """The rows of one launch by their ids; ``person_id`` is 0 in the platform's student view, which leaves no row."""

    registration_id: int
    deployment_id: int
    academy_id: int
    person_id: int
    context_id: int | None
    membership_id: int | None
    resource_link_id: int | None
    role: str
    locale: str
    student_view: bool


def role_in(academy_settings: Mapping[str, Any], launch: Launch) -> str:
    """Return the role here: the academy may name its community managers by ``sub`` or e-mail address."""
    named = academy_settings.get("managers")
    names = {one.strip().lower() for one in named if isinstance(one, str)} if isinstance(named, list) else set()
    told = {launch.sub.lower()} | ({launch.email.lower()} if launch.email else set())
    if names & (told - {""}) and RANKS.index(launch.role) < RANKS.index("manager"):
        return "manager"
    return launch.role


def kept_role(role: str) -> str:
    """Return the role that a membership keeps: an administrator of the platform manages the course."""
    return "manager" if role == "admin" else role


def only_looks(academy_settings: Mapping[str, Any], launch: Launch) -> bool:
    """Return whether nobody is to be written down: the student view, or a person whom the platform does not name.

    We could neither help nor protect somebody without a name, so they are refused unless the academy lets them look.
    """
    if not launch.sub and academy_settings.get("anonymous") is not True:
        raise BadLaunch("nobody", "sub")
    return launch.student_view or not launch.sub


def shown_role(role: str, launch: Launch) -> str:
    """Return the role of the visit: an onlooker sees no more than a learner; only the row keeps the difference."""
    return "learner" if role == "observer" or not launch.sub else role


def locale_of(launch: Launch, academy_locale: str) -> str:
    """Return the language of the pages: the launch's if we speak it, else the academy's."""
    asked = (launch.locale or "").replace("_", "-").partition("-")[0].lower()
    return asked if asked in ("en", "it") else academy_locale
