"""Asking all who are here at once, letting the next be asked, looking again, and seeing an offer as others will."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zlib import crc32

from babel.lists import format_list
from flask import Blueprint, Response, abort, g, make_response, render_template, request
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app.house import house
from lti_app.panels.peer import forms
from lti_app.panels.peer.forms import LANGUAGES, Offer
from lti_app.panels.peer.parts import Word, after, part_of
from lti_app.store import calls, matches
from lti_app.store.feats import feats
from lti_app.store.names import initials, short_name
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.views import CandidateView, SupportView

LISTENING = ("care", "asks")


def _do(act: Callable[[Session, int, datetime], object]) -> Word | None:
    try:
        with house().db.writing() as session:
            act(session, g.membership.id, house().clock.now())
    except NotYours:
        abort(404)
    except TooLate:
        return Word(_("In the meantime things have moved on."), _("Here is how they stand now."), "care")
    return None


def call_all(episode_id: int) -> Response:
    """Ask all who are here now."""
    word = _do(lambda session, me, now: calls.call_all(session, episode_id, me, now))
    return after("care", word, status=409 if word else 200)


def call_off(episode_id: int) -> Response:
    """Take the call back."""
    word = _do(lambda session, me, now: calls.call_off(session, episode_id, me, now))
    return after("care", word, status=409 if word else 200)


def then_next(match_id: int) -> Response:
    """Let the next one be asked when this one does not answer, or not any more."""
    wishes = request.form.get("wishes") == "yes"
    word = _do(lambda session, me, now: matches.let_move_on(session, match_id, me, wishes))
    return after("care", word, status=409 if word else 200)


def mark_of(support: SupportView) -> str:
    """Return a mark that changes when something has happened for this person since the page was drawn."""
    stall = support.stall
    told = (
        stall and (stall.state, stall.asked and stall.asked.match_id, [one.membership_id for one in stall.calling]),
        [ask.match_id for ask in support.asks],
        [(match.match_id, match.unread) for match in support.matches],
    )
    return f"{crc32(repr(told).encode()):08x}"


def look_again(part: str) -> Response:
    """Answer 204 while nothing has changed since ``mark``, else the part drawn anew."""
    if part not in LISTENING:
        abort(404)
    return part_of(part, unless=lambda support: mark_of(support) == request.args.get("mark"))


def first_offer(activity_id: int) -> Offer:
    """Return an offer as its form begins: in the language that the person reads."""
    language = str(get_locale()).split("_")[0]
    return Offer(activity_id=activity_id, languages=(language,) if language in LANGUAGES else ())


def offer_preview(offer: Offer) -> CandidateView:
    """Return the card of the viewer's own offer, just as others will see it."""
    person = g.membership.person
    if "feats" not in g:
        with house().db.reading() as session:
            g.feats = feats(session, g.membership, house().clock.now())
    days, attempts = g.feats.get(offer.activity_id, (None, None))
    return CandidateView(
        match_id=0,
        name=short_name(person),
        initials=initials(person),
        state="proposed",
        passed_on=None,
        passed_days_ago=days,
        attempts=attempts if offer.shows_attempts else None,
        words=offer.words.value,
        languages=offer.languages,
        windows=offer.windows,
        here_now=False,
        reasons=(),
    )


def listed(names: list[str]) -> str:
    """Return names as a list is spoken: "Bruno, Bice and Carlo"."""
    return str(format_list(names, locale=get_locale()))


def preview() -> Response:
    """Draw the card of an offer that is being written."""
    return make_response(render_template("panels/peer/_preview.html", draft=forms.read_offer()))


def install(blueprint: Blueprint) -> None:
    """Hang these under the peer panel's blueprint, and teach the templates what they ask."""
    blueprint.add_url_rule("/call/<int:episode_id>", "call_all", call_all, methods=["POST"])
    blueprint.add_url_rule("/call-off/<int:episode_id>", "call_off", call_off, methods=["POST"])
    blueprint.add_url_rule("/then-next/<int:match_id>", "then_next", then_next, methods=["POST"])
    blueprint.add_url_rule("/again/<part>", "look_again", look_again, methods=["GET"])
    blueprint.add_url_rule("/preview", "preview", preview, methods=["POST"])
    blueprint.add_app_template_filter(listed, "listed")
    blueprint.add_app_template_global(mark_of, "mark_of")
    blueprint.add_app_template_global(first_offer, "first_offer")
    blueprint.add_app_template_global(offer_preview, "offer_preview")
