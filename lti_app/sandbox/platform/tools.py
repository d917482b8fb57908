"""The tools that this platform knows: the one it was started with, and any that registered itself."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from lti_app.sandbox.lms import Lms

SCOPES = (
    "https://purl.imsglobal.org/spec/lti-ags/scope/score",
    "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly",
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly",
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
    "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
)
FIRST_TYPE = "1"


@dataclass(frozen=True, slots=True)
class RegisteredTool:
    """A tool type, as Moodle calls it; its number is the deployment id."""

    type_id: str
    client_id: str
    name: str
    login_url: str
    launch_url: str
    redirect_uris: tuple[str, ...]
    jwks_url: str
    custom: dict[str, str] = field(default_factory=dict)
    scopes: tuple[str, ...] = SCOPES
    active: bool = True

    @property
    def origin(self) -> str:
        """Scheme, host and port: where its frame's messages come from."""
        parts = urlsplit(self.launch_url)
        return f"{parts.scheme}://{parts.netloc}"


def known_tools(here: Lms) -> list[RegisteredTool]:
    """Return every tool, the first one first."""
    kept = json.loads(here.ledger.setting("tools") or "[]")
    return [_first(here), *(_read(row) for row in kept)]


def _first(here: Lms) -> RegisteredTool:
    return RegisteredTool(
        type_id=FIRST_TYPE,
        client_id=here.client_id,
        name="Regista",
        login_url=here.tool.login_url,
        launch_url=here.tool.launch_url,
        redirect_uris=(here.tool.launch_url,),
        jwks_url=here.tool.jwks_url,
        custom={
            "context_history": "$Context.id.history",
            "user_groups": "$Moodle.Person.userGroupIds",
            "time_zone": "$Person.address.timezone",
        },
    )


def _read(row: dict[str, Any]) -> RegisteredTool:
    return RegisteredTool(**{**row, "redirect_uris": tuple(row["redirect_uris"]), "scopes": tuple(row["scopes"])})


def tool_by_client(here: Lms, client_id: str) -> RegisteredTool | None:
    """Return the active tool with this client id."""
    return next((t for t in known_tools(here) if t.client_id == client_id and t.active), None)


def tool_by_type(here: Lms, type_id: str) -> RegisteredTool | None:
    """Return the tool with this type number, active or not."""
    return next((t for t in known_tools(here) if t.type_id == type_id), None)


def keep_tool(here: Lms, tool: RegisteredTool) -> None:
    """Add or replace a registered tool."""
    with here.lock:
        others = [t for t in known_tools(here)[1:] if t.type_id != tool.type_id]
        rows = sorted([*others, tool], key=lambda t: int(t.type_id))
        here.ledger.keep("tools", json.dumps([asdict(t) for t in rows]))


def next_type(here: Lms) -> str:
    """Return the number of the next tool."""
    return str(max(int(t.type_id) for t in known_tools(here)) + 1)


def activate(here: Lms, type_id: str) -> None:
    """Let a registered tool be launched, as an admin does on Manage tools."""
    tool = tool_by_type(here, type_id)
    if tool is not None and type_id != FIRST_TYPE:
        keep_tool(here, replace(tool, active=True))
