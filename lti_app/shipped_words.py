"""The words that Regista comes with: for each use, kind of stall and reason to take part; any of them can be changed.

They are about the place, never about a person's failure, and name no score. A line that has nothing to name is left
out (see lti_app/filling.py), so one text serves with helpers and without.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

USES = ("nudge", "draft")
KINDS = ("stuck", "bored", "overloaded", "drifting", "never_started", "waiting")
MOTIVES = ("", "practical", "belonging", "self")

GREETING = _l("Hello {name},")
SIGNED = "{tutor}"

NUDGE: Mapping[str, LazyString] = {
    "stuck": _l(
        "Many people stop for a while at {activity}: it is a demanding passage.\n"
        "If you like, {helpers} who got past it would be glad to lend a hand."
    ),
    "bored": _l(
        "You are ahead of the course.\n"
        "There is more to try, and others would be glad of a hand from somebody who knows the way."
    ),
    "overloaded": _l(
        "Several things are due at once just now, and one at a time is enough.\n"
        "{activity} is a good one to begin with.\n"
        "Your tutor can help you plan, or find you some more time."
    ),
    "drifting": _l(
        "The course is still there when you have a moment.\n"
        "{activity} is a good place to pick up the thread, and a small step is a good one."
    ),
    "never_started": _l(
        "Welcome to the course.\n"
        "A small first step is {activity}: it takes little time and shows the way.\n"
        "People are there to meet you."
    ),
    "waiting": _l("Your work on {activity} is with your tutor: nothing is asked of you just now."),
}
DRAFT: Mapping[str, LazyString] = {
    "stuck": _l(
        "I saw that you are working your way through {activity}: it is a passage where many slow down.\n"
        "Among those who passed it not long ago and would be glad to lend you a hand: {helpers}.\n"
        "We can also look together at the point where it stops."
    ),
    "bored": _l(
        "You are well ahead, and what you do is very good.\n"
        "Would you like something with more bite, or to help somebody who is at a point that you know well?"
    ),
    "overloaded": _l(
        "Several things fall due together in these days, and that is a lot for anybody.\n"
        "Tell me what you have time for, and we will see what can wait."
    ),
    "drifting": _l(
        "We have not met in the course for a little while, and I wanted to hear how you are.\n"
        "When you like, {activity} is a good place to pick up the thread.\n"
        "If there is something in the way, write me one line: it is enough."
    ),
    "never_started": _l(
        "I am glad that you are on the course.\n"
        "A good first step is {activity}: it takes little time and shows the way.\n"
        "Is there something that keeps you from beginning? I can help."
    ),
    "waiting": _l(
        "Thank you for your patience: your work on {activity} waits for me, not for you.\nYou will hear from me soon."
    ),
}
CLOSING: Mapping[tuple[str, str], LazyString] = {
    ("stuck", ""): _l("What would be most useful to you now?"),
    ("stuck", "practical"): _l("A quarter of an hour on the one point that stops you is often enough to go on."),
    ("stuck", "belonging"): _l("You need not do it alone: others have stood at the same point, and like company."),
    ("stuck", "self"): _l("What you work out here stays yours: it is worth another look."),
    ("bored", "practical"): _l("Explaining it to somebody is the quickest way to make it stick."),
    ("bored", "belonging"): _l("Somebody on the course would be glad to meet you there."),
    ("bored", "self"): _l("How far would you like to take it?"),
    ("overloaded", "practical"): _l("Choose the one thing that counts most for you; the rest can be planned."),
    ("overloaded", "belonging"): _l("Say it to the others too: you are surely not the only one."),
    ("overloaded", "self"): _l("Going at your own pace is part of learning."),
    ("drifting", "practical"): _l("What you wanted to be able to do is nearer than it looks."),
    ("drifting", "belonging"): _l("The others are still on the way, and there is a place for you."),
    ("drifting", "self"): _l("You began for a reason of your own: it may be worth another look."),
    ("never_started", "practical"): _l("After the first step you have something that you can use."),
    ("never_started", "belonging"): _l("A hello in the discussions is a first step too: somebody always answers."),
    ("never_started", "self"): _l("Begin wherever you are curious."),
}


def shipped(use: str, kind: str, motive: str = "") -> str:
    """Return the shipped words in the current language; an unknown kind speaks as to somebody drifting away."""
    kind = kind if kind in KINDS else "drifting"
    middle = str((NUDGE if use == "nudge" else DRAFT)[kind])
    # A question to everybody is a person's to ask.
    asked = CLOSING.get((kind, "")) if use == "draft" else None
    closing = (CLOSING.get((kind, motive)) if motive else None) or asked
    parts = [str(GREETING), f"{middle}\n{closing}" if closing else middle]
    if use == "draft":
        parts.append(SIGNED)
    return "\n\n".join(parts)
