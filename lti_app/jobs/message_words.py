"""The words of a message that leaves for the LMS: short, warm, about the place, and leading back to the course."""

from __future__ import annotations

from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from lti_app.jobs.digest_words import digest_text
from lti_app.letter_words import letter
from lti_app.store.outgoing import Outgoing

# Moodle takes 4096 characters of HTML; a tutor's text may grow when it is escaped.
LONGEST_BODY = 3000
# These are whole letters, with a greeting of their own.
WHOLE = ("tutor_message", "nudge")


def words_for(out: Outgoing, stop: str) -> tuple[str, str]:
    """Return subject and plain-text body in the recipient's language; needs an application context.

    ``stop`` is the address that ends messages of this sort. Nobody's score, attempt or name is in them but the
    recipient's own first name and, in a tutor's message, its author.
    """
    if out.digest is not None:
        return digest_text(out, out.digest, stop)
    with force_locale(out.language):
        subject, middle = _middle(out)
        parts = [_("Hello %(name)s,", name=out.first_name) if out.first_name else _("Hello,")]
        if out.kind in WHOLE:
            parts = []
        parts.append(middle[:LONGEST_BODY])
        if out.kind == "tutor_message" and out.sender:
            parts.append(out.sender)
        if out.address:
            parts.append(_("You find it in the course page: %(address)s", address=out.address))
        parts.append(_("No more messages of this kind: %(address)s", address=stop))
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
    if out.kind == "tutor":
        subject = _("Somebody is waiting on your desk")
        return subject, _(
            "In %(course)s a case has come to you: who, where and why, with a draft to begin from, are on your desk.",
            course=out.course or _("your course"),
        )
    if out.kind == "did_it_help":
        return _("Did it help?"), _(
            "A few days ago a course mate and you met about %(activity)s. One word in the panel is enough.",
            activity=place,
        )
    if out.kind == "next_candidate":
        subject = _("There may be somebody else to ask")
        return subject, _("The person whom you asked about %(activity)s has no time just now.", activity=place)
    return _("A word about %(activity)s", activity=place), _nudge(out)


def _nudge(out: Outgoing) -> str:
    count = out.helpers
    values = {
        "name": out.first_name,
        "activity": out.activity or "",
        "helpers": ngettext("somebody", "%(num)s people", count) if count else "",
        "course": out.course,
        "academy": out.academy,
    }
    return letter(out.own_words, "nudge", out.stall_kind or "drifting", out.motive, values)
