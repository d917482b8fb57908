"""The words that Regista comes with: for each use, kind and reason to take part; any of them can be changed.

They are about the place, never about a person's failure, and name no score. A line that has nothing to name is left
out (see lti_app/filling.py), so one text serves with helpers and without.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString

from lti_app.filling import TITLE
from lti_app.shipped_titles import CARD, PEER, TITLES

USES = ("card", "nudge", "draft", "peer")
KINDS = ("stuck", "bored", "overloaded", "drifting", "never_started", "waiting")
#: Whoever waits for a tutor has nothing to do, and sees no card.
KINDS_OF: Mapping[str, tuple[str, ...]] = {"card": KINDS[:-1], "nudge": KINDS, "draft": KINDS, "peer": tuple(PEER)}
MOTIVES = ("", "practical", "belonging", "self")

GREETING = lazy_gettext("Hello {name},")
SIGNED = "{tutor}"

NUDGE: Mapping[str, LazyString] = {
    "stuck": lazy_gettext(
        "Many people stop for a while at {activity}: it is a demanding passage.\n"
        "If you like, {helpers} who got past it would be glad to lend a hand."
    ),
    "bored": lazy_gettext(
        "You are ahead of the course.\n"
        "There is more to try, and others would be glad of a hand from somebody who knows the way."
    ),
    "overloaded": lazy_gettext(
        "Several things are due at once just now, and one at a time is enough.\n"
        "{activity} is a good one to begin with.\n"
        "Your tutor can help you plan, or find you some more time."
    ),
    "drifting": lazy_gettext(
        "The course is still there when you have a moment.\n"
        "{activity} is a good place to pick up the thread, and a small step is a good one."
    ),
    "never_started": lazy_gettext(
        "Welcome to the course.\n"
        "A small first step is {activity}: it takes little time and shows the way.\n"
        "People are there to meet you."
    ),
    "waiting": lazy_gettext("Your work on {activity} is with your tutor: nothing is asked of you just now."),
}
DRAFT: Mapping[str, LazyString] = {
    "stuck": lazy_gettext(
        "I saw that you are working your way through {activity}: it is a passage where many slow down.\n"
        "Among those who passed it not long ago and would be glad to lend you a hand: {helpers}.\n"
        "We can also look together at the point where it stops."
    ),
    "bored": lazy_gettext(
        "You are well ahead, and what you do is very good.\n"
        "Would you like something with more bite, or to help somebody who is at a point that you know well?"
    ),
    "overloaded": lazy_gettext(
        "Several things fall due together in these days, and that is a lot for anybody.\n"
        "Tell me what you have time for, and we will see what can wait."
    ),
    "drifting": lazy_gettext(
        "We have not met in the course for a little while, and I wanted to hear how you are.\n"
        "When you like, {activity} is a good place to pick up the thread.\n"
        "If there is something in the way, write me one line: it is enough."
    ),
    "never_started": lazy_gettext(
        "I am glad that you are on the course.\n"
        "A good first step is {activity}: it takes little time and shows the way.\n"
        "Is there something that keeps you from beginning? I can help."
    ),
    "waiting": lazy_gettext(
        "Thank you for your patience: your work on {activity} waits for me, not for you.\nYou will hear from me soon."
    ),
}
CLOSING: Mapping[tuple[str, str], LazyString] = {
    ("stuck", ""): lazy_gettext("What would be most useful to you now?"),
    ("stuck", "practical"): lazy_gettext(
        "A quarter of an hour on the one point that stops you is often enough to go on."
    ),
    ("stuck", "belonging"): lazy_gettext(
        "You need not do it alone: others have stood at the same point, and like company."
    ),
    ("stuck", "self"): lazy_gettext("What you work out here stays yours: it is worth another look."),
    ("bored", "practical"): lazy_gettext("Explaining it to somebody is the quickest way to make it stick."),
    ("bored", "belonging"): lazy_gettext("Somebody on the course would be glad to meet you there."),
    ("bored", "self"): lazy_gettext("How far would you like to take it?"),
    ("overloaded", "practical"): lazy_gettext(
        "Choose the one thing that counts most for you; the rest can be planned."
    ),
    ("overloaded", "belonging"): lazy_gettext("Say it to the others too: you are surely not the only one."),
    ("overloaded", "self"): lazy_gettext("Going at your own pace is part of learning."),
    ("drifting", "practical"): lazy_gettext("What you wanted to be able to do is nearer than it looks."),
    ("drifting", "belonging"): lazy_gettext("The others are still on the way, and there is a place for you."),
    ("drifting", "self"): lazy_gettext("You began for a reason of your own: it may be worth another look."),
    ("never_started", "practical"): lazy_gettext("After the first step you have something that you can use."),
    ("never_started", "belonging"): lazy_gettext(
        "A hello in the discussions is a first step too: somebody always answers."
    ),
    ("never_started", "self"): lazy_gettext("Begin wherever you are curious."),
}


def motives_of(use: str) -> tuple[str, ...]:
    """Return for which reasons to take part these words can differ."""
    return MOTIVES[:1] if use == "peer" else MOTIVES


def shipped(use: str, kind: str, motive: str = "") -> str:
    """Return the shipped words in the current language; an unknown kind speaks as to somebody drifting away.

    ``use`` may also name a headline or subject, such as ``nudge_title``.
    """
    if use.endswith(TITLE):
        titles = TITLES[use.removesuffix(TITLE)]
        return str(titles.get(kind) or titles[""])
    if use == "peer":
        return f"{GREETING}\n\n{PEER[kind]}"
    kind = kind if kind in KINDS else "drifting"
    closing = CLOSING.get((kind, motive)) if motive else None
    if use == "card":
        return "\n\n".join(str(part) for part in (CARD.get(kind, CARD["drifting"]), closing) if part)
    middle = str((NUDGE if use == "nudge" else DRAFT)[kind])
    # A question to everybody is a person's to ask.
    closing = closing or (CLOSING.get((kind, "")) if use == "draft" else None)
    parts = [str(GREETING), f"{middle}\n{closing}" if closing else middle]
    if use == "draft":
        parts.append(SIGNED)
    return "\n\n".join(parts)
