"""The words of a message that leaves for the LMS: short, warm, about the place, and leading back to the course."""

from __future__ import annotations

from flask_babel import force_locale
from flask_babel import gettext as _

from lti_app.store.outbox import Outgoing

LANGUAGES = ("en", "it")
# Moodle takes 4096 characters of HTML; a tutor's text may grow when it is escaped.
LONGEST_BODY = 3000


def words_for(out: Outgoing) -> tuple[str, str]:
    """Return subject and plain-text body in the recipient's language; needs an application context.

    Nobody's score, attempt or name is in them but the recipient's own first name and, in a tutor's message, its author.
    """
    language = out.locale.replace("_", "-").split("-")[0].lower()
    with force_locale(language if language in LANGUAGES else LANGUAGES[0]):
        subject, middle = _middle(out)
        parts = [_("Hello %(name)s,", name=out.first_name) if out.first_name else _("Hello,")]
        if out.kind == "tutor_message":
            # A tutor has already written a greeting of their own.
            parts = []
        parts.append(middle[:LONGEST_BODY])
        if out.kind == "tutor_message" and out.sender:
            parts.append(out.sender)
        if out.address:
            parts.append(_("You find it in the course page: %(address)s", address=out.address))
    return subject, "\n\n".join(parts)


def _middle(out: Outgoing) -> tuple[str, str]:
    place = out.activity or _("the course")
    if out.kind == "tutor_message":
        return _("A word from %(name)s", name=out.sender or _("your tutor")), out.body or ""
    if out.kind == "ask_helper":
        subject = _("Would you give somebody a hand?")
        return subject, _(
            "Somebody in the course is at %(activity)s and would like to ask you. A yes and a no are both fine.",
            activity=place,
        )
    if out.kind == "introduced":
        subject = _("Somebody is glad to help you")
        return subject, _(
            "The person whom you asked about %(activity)s has said yes. You can write to each other now.",
            activity=place,
        )
    if out.kind == "next_candidate":
        subject = _("There may be somebody else to ask")
        return subject, _("The person whom you asked about %(activity)s has no time just now.", activity=place)
    return _("A word about %(activity)s", activity=place), _nudge(out, place)


def _nudge(out: Outgoing, place: str) -> str:
    if out.stall_kind == "stuck" and out.helpers:
        return _(
            "Many people stop for a while at %(activity)s. Some who got past it would be glad to help, if you like.",
            activity=place,
        )
    if out.stall_kind == "stuck":
        return _(
            "Many people stop for a while at %(activity)s. You can ask about it, whenever you like.", activity=place
        )
    if out.stall_kind == "overloaded":
        return _("Several things are due at once just now. One at a time is enough, and your tutor can help you plan.")
    if out.stall_kind == "bored":
        return _("You are ahead of the course. If you like, others would be glad of a hand from you.")
    if out.stall_kind == "never_started":
        return _("Welcome to the course. The first step is a small one, and people are there to meet you.")
    return _("The course is still there when you have a moment. A small step is a good one.")
