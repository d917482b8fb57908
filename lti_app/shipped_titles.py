"""The shorter words that Regista comes with: headlines, subjects, the learner's card, letters about course mates.

A headline, a subject and a card say the first line whose places all have something to say (see lti_app/filling.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString

_WHO_HELPS = lazy_gettext(
    "{helpers} who passed it a little while ago would be glad to lend a hand. You choose, whenever you like.\n"
    "A question about {activity} in the discussions often opens the way, and your tutor is there for exactly this.\n"
    "Begin wherever you like: others are on the way too."
)
CARD: Mapping[str, LazyString] = {
    "stuck": _WHO_HELPS,
    "bored": lazy_gettext("Some people learn most by explaining. Others nearby could use what you already know."),
    "overloaded": lazy_gettext(
        "{helpers} who passed it a little while ago would be glad to lend a hand. You choose, whenever you like.\n"
        "One thing at a time is enough. If it helps, say it to your tutor or in the discussions: there is often more "
        "room than it seems."
    ),
    "drifting": _WHO_HELPS,
    "never_started": _WHO_HELPS,
}
PEER: Mapping[str, LazyString] = {
    "ask_helper": lazy_gettext(
        "Somebody in the course is at {activity} and would like to ask you. A yes and a no are both fine."
    ),
    "introduced": lazy_gettext(
        "The person whom you asked about {activity} has said yes. You can write to each other now."
    ),
    "next_candidate": lazy_gettext("The person whom you asked about {activity} has no time just now."),
    "did_it_help": lazy_gettext(
        "A few days ago a course mate and you met about {activity}. One word in the panel is enough."
    ),
    "circle_invited": lazy_gettext(
        "There is a circle for you: a few people at a similar point of the course, around at the same times as you.\n"
        "Have a look, and say yes or no as you like: nobody sees your name before you have said yes."
    ),
    "tutor": lazy_gettext(
        "In {course} a case has come to you: who, where and why, with a draft to begin from, are on your desk."
    ),
}
#: By use and kind; the empty kind stands for all that have none of their own.
TITLES: Mapping[str, Mapping[str, LazyString]] = {
    "nudge": {"": lazy_gettext("A word about {activity}\nA word about the course")},
    "draft": {"": lazy_gettext("A word from {tutor}")},
    "card": {
        "": lazy_gettext(
            "{activity} is still here, whenever you like.\nThe course has gone on a little; it is easy to catch up."
        ),
        "stuck": lazy_gettext(
            "{activity} is where {many} stop.\n"
            "{activity} is a demanding passage.\n"
            "The course has gone on a little; it is easy to catch up."
        ),
        "bored": lazy_gettext("You are ahead: shall we raise the bar?"),
        "overloaded": lazy_gettext("There is a lot at once in these days."),
        "never_started": lazy_gettext(
            "{activity} is a good place to begin.\nThe course is here whenever you are ready."
        ),
    },
    "peer": {
        "": lazy_gettext("A word about the course"),
        "ask_helper": lazy_gettext("Would you give somebody a hand?"),
        "introduced": lazy_gettext("Somebody is glad to help you"),
        "next_candidate": lazy_gettext("There may be somebody else to ask"),
        "did_it_help": lazy_gettext("Did it help?"),
        "circle_invited": lazy_gettext("There is a circle for you"),
        "tutor": lazy_gettext("Somebody is waiting on your desk"),
    },
}
