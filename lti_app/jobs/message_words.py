"""The words of a message that leaves for the LMS: short, warm, about the place, and leading back to the course."""

from __future__ import annotations

from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from lti_app.filling import TITLE
from lti_app.jobs.digest_words import digest_text
from lti_app.jobs.event_words import event_words
from lti_app.letter_words import letter
from lti_app.store.outgoing import Outgoing

# Moodle takes 4096 characters of HTML; a tutor's text may grow when it is escaped.
LONGEST_BODY = 3000


def words_for(out: Outgoing, stop: str) -> tuple[str, str]:
    """Return subject and plain-text body in the recipient's language; needs an application context.

    ``stop`` is the address that ends messages of this sort. Nobody's score, attempt or name is in them but the
    recipient's own first name and, in a tutor's message, its author.
    """
    if out.digest is not None:
        return digest_text(out, out.digest, stop)
    with force_locale(out.language):
        subject, middle = _middle(out)
        parts = [middle[:LONGEST_BODY]]
        if out.kind == "tutor_message" and out.sender:
            parts.append(out.sender)
        if out.address:
            parts.append(_("You find it in the course page: %(address)s", address=out.address))
        parts.append(_("No more messages of this kind: %(address)s", address=stop))
    return subject, "\n\n".join(parts)


def _middle(out: Outgoing) -> tuple[str, str]:
    if out.meeting is not None:
        subject, middle = event_words(out, out.meeting)
        greeting = _("Hello %(name)s,", name=out.first_name) if out.first_name else _("Hello,")
        return subject, f"{greeting}\n\n{middle}"
    values = _values(out)
    subject = letter(out.own_title, f"{out.use}{TITLE}", out.about, out.motive, values)
    if out.kind == "tutor_message":
        return subject, out.body or ""
    return subject, letter(out.own_words, out.use, out.about, out.motive, values)


def _values(out: Outgoing) -> dict[str, str]:
    count = out.helpers
    return {
        "name": out.first_name,
        # Letters about course mates speak of a place in any case; all others leave the line out.
        "activity": out.activity or (_("the course") if out.use == "peer" else ""),
        "helpers": ngettext("somebody", "%(num)s people", count) if count else "",
        "course": out.course or _("your course"),
        "academy": out.academy,
        "tutor": out.sender or _("your tutor"),
    }
