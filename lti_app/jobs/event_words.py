"""What a message about a meeting says: what, when on the reader's clock, where; never who else comes."""

from __future__ import annotations

from flask_babel import gettext as _

from lti_app.event_times import day_words, span_words, zone_words
from lti_app.store.outgoing import Meeting, Outgoing


def event_words(out: Outgoing, meeting: Meeting) -> tuple[str, str]:
    """Return subject and middle of a message about a meeting, in the current language."""
    values = {"title": meeting.title, "course": out.course or _("your course"), "when": _when(out, meeting)}
    if out.kind == "event_seat":
        subject = _("You have a seat: %(title)s", **values)
        body = _("Somebody has stepped back, so a seat is yours: “%(title)s”, %(when)s.", **values)
    elif out.kind == "event_soon":
        subject = _("Soon: %(title)s", **values)
        body = _("You have signed up for “%(title)s”, %(when)s.", **values)
    elif meeting.what == "cancelled":
        subject = _("Called off: %(title)s", **values)
        body = _("The meeting “%(title)s” (%(when)s) was called off.", **values)
    elif meeting.what == "moved":
        subject = _("Moved: %(title)s", **values)
        body = _("The meeting “%(title)s” is at another time now: %(when)s.", **values)
    else:
        subject = _("Changed: %(title)s", **values)
        body = _("Something has changed about “%(title)s”, %(when)s: look again at where it is.", **values)
    return subject, "\n\n".join([body, *_more(out, meeting)])


def _when(out: Outgoing, meeting: Meeting) -> str:
    zone, language = meeting.zone, out.language
    day = day_words(meeting.starts_at, zone, language)
    words = f"{day}, {span_words(meeting.starts_at, meeting.ends_at, zone, language)}"
    elsewhere = zone_words(meeting.starts_at, meeting.ends_at, zone, meeting.course_zone, language)
    return f"{words} ({elsewhere})" if elsewhere else words


def _more(out: Outgoing, meeting: Meeting) -> list[str]:
    if meeting.what == "cancelled":
        return [meeting.reason] if meeting.reason else []
    lines = []
    if meeting.place:
        lines.append(_("Where: %(place)s", place=meeting.place))
    if meeting.link:
        lines.append(_("Video room: %(address)s", address=meeting.link))
    if meeting.bring and out.kind != "event_changed":
        lines.append(_("Bring: %(what)s", what=meeting.bring))
    return ["\n".join(lines)] if lines else []
