"""The verbs that mean that something moved in a course, by the last part of their address."""

from __future__ import annotations

from typing import Any

# Of Moodle's logstore, of Open edX and of the xAPI vocabularies that they draw from.
_XAPI = """
    abandoned accessed added answered asked assigned attempted attended began closed commented completed created
    deleted downloaded earned enrolled_onto_learning_plan evaluated exited experienced failed graded incompleted
    initialized interacted joined launched left marked-completion mastered opened passed paused played posted progressed
    published received registered replied responded resumed reviewed saved scored seeked started submitted suspended
    terminated uncompleted unenrolled unregistered updated uploaded viewed voided watched
"""
# The actions of Caliper 1.2's profiles.
_CALIPER = """
    Abandoned Accepted Accessed Activated Added Answered Archived Attached Bookmarked ChangedResolution ChangedSize
    ChangedSpeed ChangedVolume Classified ClosedPopout Commented Completed Copied Created Deactivated Declined Deleted
    Described DisabledClosedCaptioning Disliked Downloaded EnabledClosedCaptioning Ended EnteredFullScreen
    ExitedFullScreen Evaluated ForwardedTo Graded Hid Highlighted Identified JumpedTo Launched Liked Linked LoggedIn
    LoggedOut MarkedAsRead MarkedAsUnread Modified Muted NavigatedTo OpenedPopout OptedIn OptedOut Paused Posted Printed
    Published Questioned Ranked Recommended Removed Reset Restarted Restored Resumed Retrieved Returned Reviewed Rewound
    Saved Searched Sent Shared Showed Skipped Started Submitted Subscribed Tagged TimedOut Unmuted Unpublished
    Unsubscribed Uploaded Used Viewed
"""
XAPI, CALIPER = frozenset(_XAPI.split()), frozenset(_CALIPER.split())
NOTHING = "(none)"


def tail(address: Any) -> str:
    """Return the last part of a verb's address: ``completed`` of ``http://adlnet.gov/expapi/verbs/completed``."""
    if not isinstance(address, str):
        return NOTHING
    short = address.rstrip("/#")
    for mark in ("/", "#", ":"):
        short = short.rpartition(mark)[2]
    return short[:80] or NOTHING


def whole(address: Any) -> str:
    """Return a verb as it is counted among the unknown ones."""
    return address.replace("\x00", "")[:255] if isinstance(address, str) and address else NOTHING
