"""What a course allows: engagement's defaults, changed by the course's own settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import time
from typing import Any

from sqlalchemy.orm import Session

from engagement.values import Policy, StallKind
from lti_app.models import Context

DEFAULT = Policy()


def _read(name: str, raw: Any) -> Any:
    if name == "match_kinds":
        return frozenset(StallKind(word) for word in raw)
    if name == "excluded":
        return frozenset(int(membership_id) for membership_id in raw)
    if name == "weekly_most" and not isinstance(raw, bool):
        return max(int(raw), 0)
    default = getattr(DEFAULT, name)
    if isinstance(default, time):
        return time.fromisoformat(raw)
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        raise ValueError(name)
    return type(default)(raw)


def policy_from(settings: Mapping[str, Any]) -> Policy:
    """Return the policy that a course's settings describe; a setting that cannot be read is as if it were not there."""
    found = settings.get("policy")
    own: dict[str, Any] = found if isinstance(found, dict) else {}
    changes: dict[str, Any] = {}
    for name in {field.name for field in fields(Policy)} & own.keys():
        try:
            changes[name] = _read(name, own[name])
        except (TypeError, ValueError):
            continue
    return replace(DEFAULT, **changes)


def policy_of(session: Session, context_id: int) -> Policy:
    """Return the policy of one course."""
    context = session.get(Context, context_id)
    return policy_from(context.settings or {}) if context else DEFAULT
