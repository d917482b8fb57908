"""Every table, by subject; importing this package makes the metadata whole."""

from lti_app.models.arrivals import Arrival
from lti_app.models.audit import AuditEntry
from lti_app.models.base import Base
from lti_app.models.circles import Circle, CircleCheckIn, CircleItem, CircleMember, CircleWish
from lti_app.models.community import (
    Mention,
    Post,
    PostRevision,
    Reaction,
    Thread,
    ThreadRevision,
    ThreadSeen,
    ThreadVote,
)
from lti_app.models.consents import ConsentRequest
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
    SyncGap,
    SyncRun,
)
from lti_app.models.events import CalendarEntry, CalendarFeed, Event, EventSeries, Seat
from lti_app.models.feeds import EventFeed, FeedEvent, FeedWord
from lti_app.models.library import Material, MaterialUse
from lti_app.models.lti import Academy, ConsumedState, Deployment, Person, PlatformKeySet, Registration, ToolKey
from lti_app.models.moderation import Mute, Report
from lti_app.models.notices import PlatformNotice
from lti_app.models.notifications import DigestPlan, Notification
from lti_app.models.participation import ParticipationScore
from lti_app.models.places import PlacedPanel, ResourceLink
from lti_app.models.polls import Poll, PollOption, PollVote
from lti_app.models.pulse import (
    Change,
    ChangeCause,
    IdeaState,
    MoodSaid,
    Survey,
    SurveyAnswer,
    SurveyDone,
    SurveyQuestion,
)
from lti_app.models.search import WordUse
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
from lti_app.models.uploads import Upload
from lti_app.models.welcome import Introductions, Norms, NormsAccepted, Why
from lti_app.models.wins import Kudos, ProjectLink
from lti_app.models.words import Wording

__all__ = [
    "Academy",
    "ActiveDay",
    "Activity",
    "ActivityProgress",
    "Arrival",
    "Attempt",
    "AuditEntry",
    "Base",
    "CalendarEntry",
    "CalendarFeed",
    "Change",
    "ChangeCause",
    "Circle",
    "CircleCheckIn",
    "CircleItem",
    "CircleMember",
    "CircleWish",
    "ConsentRequest",
    "ConsumedState",
    "Context",
    "CourseGroup",
    "Delivery",
    "Deployment",
    "DigestPlan",
    "Episode",
    "EpisodeEvent",
    "Event",
    "EventFeed",
    "EventSeries",
    "FeedEvent",
    "FeedWord",
    "Feeling",
    "GroupMember",
    "HelpOffer",
    "IdeaState",
    "Introductions",
    "Kudos",
    "LmsConnection",
    "Match",
    "Material",
    "MaterialUse",
    "Membership",
    "Mention",
    "Milestone",
    "MoodSaid",
    "Mute",
    "Norms",
    "NormsAccepted",
    "Notification",
    "ParticipationScore",
    "Person",
    "PlacedPanel",
    "PlatformKeySet",
    "PlatformNotice",
    "Poll",
    "PollOption",
    "PollVote",
    "Post",
    "PostRevision",
    "ProjectLink",
    "Prompt",
    "Reaction",
    "Registration",
    "Report",
    "ResourceLink",
    "Seat",
    "Survey",
    "SurveyAnswer",
    "SurveyDone",
    "SurveyQuestion",
    "SyncGap",
    "SyncRun",
    "Thread",
    "ThreadRevision",
    "ThreadSeen",
    "ThreadVote",
    "ToolKey",
    "Upload",
    "Why",
    "WordUse",
    "Wording",
]
