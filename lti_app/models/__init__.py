"""Every table, by subject; importing this package makes the metadata whole."""

from lti_app.models.audit import AuditEntry
from lti_app.models.base import Base
from lti_app.models.community import Post, Reaction, Thread, ThreadSeen
from lti_app.models.course import (
    ActiveDay,
    Activity,
    ActivityProgress,
    Attempt,
    Context,
    CourseGroup,
    GroupMember,
    LmsConnection,
    Membership,
    ResourceLink,
    SyncGap,
    SyncRun,
)
from lti_app.models.lti import Academy, ConsumedState, Deployment, Person, PlatformKeySet, Registration, ToolKey
from lti_app.models.support import (
    Delivery,
    Episode,
    EpisodeEvent,
    Feeling,
    HelpOffer,
    Match,
    Milestone,
    Prompt,
)

__all__ = [
    "Academy",
    "ActiveDay",
    "Activity",
    "ActivityProgress",
    "Attempt",
    "AuditEntry",
    "Base",
    "ConsumedState",
    "Context",
    "CourseGroup",
    "Delivery",
    "Deployment",
    "Episode",
    "EpisodeEvent",
    "Feeling",
    "GroupMember",
    "HelpOffer",
    "LmsConnection",
    "Match",
    "Membership",
    "Milestone",
    "Person",
    "PlatformKeySet",
    "Post",
    "Prompt",
    "Reaction",
    "Registration",
    "ResourceLink",
    "SyncGap",
    "SyncRun",
    "Thread",
    "ThreadSeen",
    "ToolKey",
]
