"""The words for one person: the academy's own where it has written some, else the shipped ones."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from lti_app.filling import BadPlace, fill
from lti_app.shipped_words import shipped

log = logging.getLogger("regista.words")
LANGUAGES = ("en", "it")


def language_of(locale: str | None, otherwise: str = LANGUAGES[0]) -> str:
    """Return the language to write in: the person's, else ``otherwise``, else English."""
    for said in (locale, otherwise):
        language = (said or "").replace("_", "-").split("-")[0].lower()
        if language in LANGUAGES:
            return language
    return LANGUAGES[0]


def letter(own: str | None, use: str, kind: str, motive: str, values: Mapping[str, str]) -> str:
    """Return the words filled in, in the current language.

    Own words that cannot be filled (they were kept by an older version) give way to the shipped ones: somebody who
    needs a word never goes without.
    """
    if own is not None:
        try:
            said = fill(own, use, values)
        except BadPlace as fault:
            log.warning("own words for %s/%s have an unknown place %r: the shipped ones go", use, kind, fault.name)
        else:
            if said:
                return said
    return fill(shipped(use, kind, motive), use, values)
