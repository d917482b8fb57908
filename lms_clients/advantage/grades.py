"""Assignment and grade services (AGS 2.0): our own columns in the gradebook, and what we write into them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from urllib.parse import urlsplit, urlunsplit

import msgspec

from lms_clients.advantage.services import Services
from lms_clients.answers import decode
from lms_clients.values import Number, decimal

_SPEC = "https://purl.imsglobal.org/spec/lti-ags/scope/"
LINEITEM, LINEITEM_READ = f"{_SPEC}lineitem", f"{_SPEC}lineitem.readonly"
RESULT_READ, SCORE = f"{_SPEC}result.readonly", f"{_SPEC}score"
# The tag of the one column that says how somebody takes part; it is nothing that a learner can do.
PARTICIPATION = "regista-participation"
_ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
_ITEMS_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
_RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"
_SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"


class LineItem(msgspec.Struct, rename="camel", omit_defaults=True):
    """A gradebook column of ours; ``id`` is its address, which may carry a query."""

    label: str
    score_maximum: float
    id: str | None = None
    resource_id: str | None = None
    tag: str | None = None
    resource_link_id: str | None = None
    start_date_time: str | None = None
    end_date_time: str | None = None


class _Listed(msgspec.Struct, rename="camel"):
    id: str
    label: str | None = None
    score_maximum: Number = None
    resource_id: str | None = None
    tag: str | None = None
    resource_link_id: str | None = None
    start_date_time: str | None = None
    end_date_time: str | None = None


class _Result(msgspec.Struct, rename="camel"):
    user_id: str
    result_score: Number = None
    result_maximum: Number = None
    comment: str | None = None


class Activity(StrEnum):
    """How far the learner is, as AGS names it."""

    INITIALIZED = "Initialized"
    STARTED = "Started"
    IN_PROGRESS = "InProgress"
    SUBMITTED = "Submitted"
    COMPLETED = "Completed"


class Grading(StrEnum):
    """How far the grading is, as AGS names it."""

    FULLY_GRADED = "FullyGraded"
    PENDING = "Pending"
    PENDING_MANUAL = "PendingManual"
    FAILED = "Failed"
    NOT_READY = "NotReady"


@dataclass(frozen=True, slots=True)
class Score:
    """What we say about one learner in one column; without ``given`` only progress is told."""

    user_id: str
    at: datetime
    given: Decimal | None = None
    maximum: Decimal | None = None
    activity: Activity = Activity.COMPLETED
    grading: Grading = Grading.FULLY_GRADED
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What the gradebook holds for one learner; ``score`` None is ungraded."""

    user_id: str
    score: Decimal | None
    maximum: Decimal


def inside(address: str, name: str) -> str:
    """The address of ``scores`` or ``results`` of a line item: put into its path, before any query."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))


def line_items(
    services: Services,
    url: str,
    *,
    tag: str | None = None,
    resource_id: str | None = None,
    scope: str = LINEITEM_READ,
) -> tuple[LineItem, ...]:
    """Our columns in a course (a platform shows a tool no others), filtered here as well as there.

    Whoever may write columns reads them with that ``scope`` too (AGS 2.0, 3.1).
    """
    wanted = {name: value for name, value in (("tag", tag), ("resource_id", resource_id)) if value}
    found: dict[str, LineItem] = {}
    for page in services.pages(url, scope, _ITEMS_TYPE, wanted or None):
        for item in decode(page, list[_Listed]):
            if tag in (None, item.tag) and resource_id in (None, item.resource_id):
                found[item.id] = _as_line_item(item)
    return tuple(found.values())


def _as_line_item(item: _Listed) -> LineItem:
    return LineItem(
        label=item.label or "",
        score_maximum=float(decimal(item.score_maximum) or 0),
        id=item.id,
        resource_id=item.resource_id or None,
        tag=item.tag or None,
        resource_link_id=item.resource_link_id or None,
        start_date_time=item.start_date_time,
        end_date_time=item.end_date_time,
    )


def create_line_item(services: Services, url: str, item: LineItem) -> LineItem:
    """Make a column; look with ``line_items`` first, for platforms make a second one without a word."""
    made = services.send("POST", url, LINEITEM, _ITEM_TYPE, item, accept=_ITEM_TYPE)
    return msgspec.structs.replace(item, id=decode(made, _Listed).id)


def results(services: Services, item_url: str, *, user_id: str | None = None) -> tuple[Result, ...]:
    """What the gradebook holds; no page size is asked for (Moodle 4.5 breaks down on it). No maximum means 1."""
    wanted = {"user_id": user_id} if user_id else None
    found = {
        one.user_id: Result(one.user_id, decimal(one.result_score), decimal(one.result_maximum) or Decimal(1))
        for page in services.pages(inside(item_url, "results"), RESULT_READ, _RESULTS_TYPE, wanted)
        for one in decode(page, list[_Result])
    }
    return tuple(found.values())


def growing(at: datetime, last: datetime | None) -> datetime:
    """A moment for the next score that is later than ``last``: platforms refuse an equal one, too."""
    return at if last is None or at > last else last + timedelta(microseconds=1)


def send_score(services: Services, item_url: str, score: Score) -> None:
    """Write a score. ``scoreGiven`` is left out where there is none, and never sent without its maximum."""
    body: dict[str, object] = {
        "userId": score.user_id,
        "timestamp": score.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "activityProgress": score.activity,
        "gradingProgress": score.grading,
    }
    if score.given is not None:
        body["scoreGiven"] = float(score.given)
        body["scoreMaximum"] = float(score.maximum if score.maximum is not None else 1)
    if score.comment:
        body["comment"] = score.comment
    services.send("POST", inside(item_url, "scores"), SCORE, _SCORE_TYPE, body)
