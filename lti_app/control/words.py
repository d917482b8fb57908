"""The academy's own words: read, changed with a preview beside, and taken back."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, g, render_template, request, url_for
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app.answers import answer, wants_fragment
from lti_app.card_words import who_helps
from lti_app.control import blueprint
from lti_app.control.forms import LONGEST_TITLE, LONGEST_WORDS, Written, read_key, read_words
from lti_app.fields import Field
from lti_app.filling import TITLE, BadPlace, fill, named, places_of
from lti_app.house import house
from lti_app.letter_words import LANGUAGES
from lti_app.shell import render_panel
from lti_app.shipped_words import KINDS_OF, USES, motives_of, shipped
from lti_app.store import wordings
from lti_app.store.wordings import Key


def sample(key: Key) -> dict[str, str]:
    """Return what fills the places of a preview: people and a place that nobody has."""
    helpers = _("Marco B. and Lucia T.") if key.use == "draft" else ngettext("somebody", "%(num)s people", 2)
    if key.use == "card":
        helpers = who_helps(2)
    return {
        "name": "Anna",
        "activity": _("Quiz 2"),
        "helpers": helpers,
        "course": g.membership.context.title or "",
        "academy": g.academy.name,
        "many": _("many"),
        "tutor": "Clara",
    }


def preview(key: Key, written: Written) -> tuple[str, str]:
    """Return headline and words as they would be read, or nothing where they cannot be filled."""
    with force_locale(key.language):
        values = sample(key)
        return _filled(written.title.value, key.of_title(), values), _filled(written.body.value, key, values)


def _filled(words: str, key: Key, values: dict[str, str]) -> str:
    try:
        return fill(words, key.use, values)
    except BadPlace:
        return ""


def _shipped(key: Key) -> str:
    with force_locale(key.language):
        return shipped(key.use, key.kind, key.motive)


def _places(key: Key) -> list[tuple[str, str]]:
    """Return the places that may stand in these words, in their language, with what fills them."""
    with force_locale(key.language):
        values = sample(key)
    return [(named(name, key.language), values[name]) for name in places_of(key.use)]


def _standing(session: Session, key: Key) -> tuple[Field, bool]:
    own = wordings.exact_words(session, g.academy.id, key)
    return Field(own if own is not None else _shipped(key)), own is not None


def _page(key: Key, written: Written | None = None, said: str = "") -> str:
    with house().db.reading() as session:
        title, title_is_own = _standing(session, key.of_title())
        body, body_is_own = _standing(session, key)
        here = written or Written(title, body)
        changed = wordings.changed_words(session, g.academy.id)
        return render_panel(
            session,
            "control/words.html",
            tab="control",
            key=key,
            is_own=title_is_own or body_is_own,
            changed=frozenset(replace(one, use=one.use.removesuffix(TITLE)) for one in changed),
            written=here,
            preview=preview(key, here),
            places=_places(key),
            uses=USES,
            kinds=KINDS_OF[key.use],
            motives=motives_of(key.use),
            languages=LANGUAGES,
            longest=LONGEST_WORDS,
            longest_title=LONGEST_TITLE,
            said=said,
        )


@blueprint.route("/words", methods=["GET", "POST"], endpoint="words")
def words_page() -> str:
    """Show the words of one case, to be changed."""
    return _page(read_key(g.visit.locale), said=_("Kept.") if request.args.get("kept") else "")


@blueprint.route("/words/preview", methods=["GET", "POST"])
def words_preview() -> str:
    """Show how the words would be read, while they are being written; nothing is kept."""
    key = read_key(g.visit.locale)
    written = read_words(key)
    if wants_fragment():
        return render_template("control/_preview.html", preview=preview(key, written), written=written)
    return _page(key, written)


@blueprint.post("/words/keep")
def words_keep() -> Response:
    """Keep the words, or say what is wrong with them and lose nothing."""
    key = read_key(g.visit.locale)
    written = read_words(key)
    if written.fault:
        return _answer(key, written, "", 422)
    with house().db.writing() as session:
        person_id, now = g.visit.person_id or None, house().clock.now()
        for which, words in ((key.of_title(), written.title.value), (key, written.body.value)):
            # What is as it came follows what Regista comes with, also when that changes.
            if words == _shipped(which):
                wordings.forget_words(session, g.academy.id, which, person_id, now)
            else:
                wordings.keep_words(session, g.academy.id, which, words, person_id, now)
    return _answer(key, None, _("Kept. From now on we say it like this."))


@blueprint.post("/words/back")
def words_back() -> Response:
    """Go back to the shipped words."""
    key = read_key(g.visit.locale)
    with house().db.writing() as session:
        for which in (key.of_title(), key):
            wordings.forget_words(session, g.academy.id, which, g.visit.person_id or None, house().clock.now())
    return _answer(key, None, _("The words that Regista came with are back."))


def _answer(key: Key, written: Written | None, said: str, status: int = 200) -> Response:
    to = url_for("control.words", use=key.use, kind=key.kind, motive=key.motive, language=key.language, kept="yes")

    def whole() -> str:
        return _page(key, written, said)

    return answer(fragment=whole, page=whole, to=to, status=status)
