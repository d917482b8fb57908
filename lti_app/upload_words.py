"""Why a file was not taken, said kindly and with what to do instead."""

from __future__ import annotations

from flask_babel import format_decimal
from flask_babel import gettext as _

from lti_app.filekinds import MB, UploadRefused


def size_words(size: int) -> str:
    """Return a size as people say it: "340 KB", "2.4 MB"."""
    if size < MB:
        return f"{format_decimal(max(1, round(size / 1024)))} KB"
    return f"{format_decimal(round(size / MB, 1))} MB"


def refused_words(refused: UploadRefused) -> str:
    """Return the sentence to put beside the field."""
    name = refused.name
    words = {
        "empty": _("“%(name)s” is empty. Is it the right file?", name=name),
        "kind": _(
            "“%(name)s” is of a kind we do not take. "
            "Pictures, PDF, office documents, plain text, sound and short films are welcome.",
            name=name,
        ),
        "heic": _("“%(name)s” is in a format that many screens cannot show. Save it as JPEG, please.", name=name),
        "too_many_pixels": _("“%(name)s” has more dots than we can handle. A smaller copy is welcome.", name=name),
        "damaged": _("“%(name)s” cannot be opened: it seems damaged, or not whole.", name=name),
        "macros": _("“%(name)s” carries macros, so we do not take it. A PDF of it is welcome.", name=name),
        "too_many": _(
            "These are too many files at once: up to %(most)s can go together.", most=refused.facts.get("most")
        ),
        "person_full": _("Your files here have reached their limit. Remove some that are not needed any more."),
        "course_full": _("The course has no room for more files. Your tutor can help."),
        "often": _("That was a lot of files for one day. Tomorrow there is room for more."),
    }
    if refused.code == "too_big":
        most = size_words(refused.facts["most"])
        return _("“%(name)s” is too big: up to %(size)s can be taken.", name=name, size=most)
    return words[refused.code]
