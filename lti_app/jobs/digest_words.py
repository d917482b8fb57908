"""A digest in words: text for everybody, and the same as plain HTML."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_datetime
from flask import current_app, render_template
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from lti_app.store.digest_letters import CoursePart, Digest
from lti_app.store.news import Line
from lti_app.store.outgoing import Outgoing
from lti_app.store.scope import zone_named


@dataclass(frozen=True, slots=True)
class PartWords:
    """What is said about one course."""

    title: str
    address: str | None
    said: tuple[str, ...]
    more: int
    question: str | None
    meetings: tuple[str, ...]


def _sentence(line: Line) -> str:
    # The page's own words; they come escaped for HTML, and a mail's text is none.
    macro = current_app.jinja_env.get_template("words/notifications.html").module.told  # type: ignore[attr-defined]
    return str(macro(line).unescape())


def _part(part: CoursePart, out: Outgoing) -> PartWords:
    said = tuple(map(_sentence, part.lines))
    meetings = tuple(f"{_at(at, out)} · {title}" for title, at in part.meetings)
    return PartWords(part.title, part.address, said, part.more, part.question, meetings)


def _at(at: datetime, out: Outgoing) -> str:
    """Return day and hour on the reader's own clock."""
    words = "EEEE d MMMM, HH:mm" if out.language == "it" else "EEEE d MMMM, h:mm a"
    return str(format_datetime(at, words, tzinfo=zone_named(out.time_zone), locale=out.language))


def _subject(out: Outgoing, digest: Digest) -> str:
    if len(digest.parts) == 1 and digest.parts[0].title:
        return _("%(course)s: what is new for you", course=digest.parts[0].title)
    return ngettext("%(num)s thing is new for you", "%(num)s things are new for you", digest.count)


def digest_text(out: Outgoing, digest: Digest, stop: str) -> tuple[str, str]:
    """Return subject and text of a digest in its reader's language; needs an application context."""
    with force_locale(out.language):
        parts = [_part(part, out) for part in digest.parts]
        text = render_template("mail/digest.txt", out=out, digest=digest, parts=parts, stop=stop)
        return _subject(out, digest), text.strip() + "\n"


def digest_html(out: Outgoing, stop: str) -> str:
    """Return the HTML of a digest, or "" for every other message."""
    if out.digest is None:
        return ""
    with force_locale(out.language):
        parts = [_part(part, out) for part in out.digest.parts]
        subject = _subject(out, out.digest)
        return render_template("mail/digest.html", out=out, digest=out.digest, parts=parts, stop=stop, subject=subject)
