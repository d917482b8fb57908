"""The academy's own words: read, changed with a preview beside, and taken back."""

from __future__ import annotations

from flask import Response, g, render_template, request, url_for
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from lti_app.answers import answer, wants_fragment
from lti_app.control import blueprint
from lti_app.control.forms import LONGEST_WORDS, fault_in, read_key, read_words
from lti_app.fields import Field
from lti_app.filling import ALLOWED, BadPlace, fill, named
from lti_app.house import house
from lti_app.letter_words import LANGUAGES
from lti_app.shell import render_panel
from lti_app.shipped_words import KINDS, MOTIVES, USES, shipped
from lti_app.store import wordings
from lti_app.store.wordings import Key


def sample(key: Key) -> dict[str, str]:
    """Return what fills the places of a preview: people and a place that nobody has."""
    helpers = _("Marco B. and Lucia T.") if key.use == "draft" else ngettext("somebody", "%(num)s people", 2)
    return {
        "name": "Anna",
        "activity": _("Quiz 2"),
        "helpers": helpers,
        "course": g.membership.context.title or "",
        "academy": g.academy.name,
        "tutor": "Clara",
    }


def preview(key: Key, words: str) -> str:
    """Return the words as they would be read, or an empty string where they cannot be filled."""
    with force_locale(key.language):
        try:
            return fill(words, key.use, sample(key))
        except BadPlace:
            return ""


def _shipped(key: Key) -> str:
    with force_locale(key.language):
        return shipped(key.use, key.kind, key.motive)


def _places(key: Key) -> list[tuple[str, str]]:
    """Return the places that may stand in these words, in their language, with what fills them."""
    with force_locale(key.language):
        values = sample(key)
    return [(named(name, key.language), values[name]) for name in ALLOWED[key.use]]


def _page(key: Key, written: Field | None = None, said: str = "") -> str:
    with house().db.reading() as session:
        own = wordings.exact_words(session, g.academy.id, key)
        here = written or Field(own if own is not None else _shipped(key))
        return render_panel(
            session,
            "control/words.html",
            tab="control",
            key=key,
            is_own=own is not None,
            changed=wordings.changed_words(session, g.academy.id),
            written=here,
            preview=preview(key, here.value),
            places=_places(key),
            uses=USES,
            kinds=KINDS,
            motives=MOTIVES,
            languages=LANGUAGES,
            longest=LONGEST_WORDS,
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
    words = request.form.get("body", "")[:LONGEST_WORDS]
    written = Field(words, fault_in(words, key))
    if wants_fragment():
        return render_template("control/_preview.html", preview=preview(key, words), written=written)
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
        wordings.keep_words(session, g.academy.id, key, written.value, person_id, now)
    return _answer(key, None, _("Kept. From now on we say it like this."))


@blueprint.post("/words/back")
def words_back() -> Response:
    """Go back to the shipped words."""
    key = read_key(g.visit.locale)
    with house().db.writing() as session:
        wordings.forget_words(session, g.academy.id, key, g.visit.person_id or None, house().clock.now())
    return _answer(key, None, _("The words that Regista came with are back."))


def _answer(key: Key, written: Field | None, said: str, status: int = 200) -> Response:
    to = url_for("control.words", use=key.use, kind=key.kind, motive=key.motive, language=key.language, kept="yes")

    def whole() -> str:
        return _page(key, written, said)

    return answer(fragment=whole, page=whole, to=to, status=status)
