"""The parts that the home and the peer panel share, and the answer after each act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from flask import Response, abort, g, render_template, request, url_for
from sqlalchemy.orm import Session

from lti_app.answers import answer
from lti_app.card_words import with_words
from lti_app.fields import Field
from lti_app.house import house
from lti_app.panels.peer.forms import LANGUAGES, Offer
from lti_app.shell import render_panel
from lti_app.store import prompts
from lti_app.store.offers import MAX_CAPACITY, WINDOW_CODES
from lti_app.store.support import support_for
from lti_app.store.views import SupportView

NOTHING = SupportView(stall=None, asks=(), matches=(), offerables=(), offers=(), words=())
PARTS = ("care", "asks", "matches", "offers", "offer")


@dataclass(frozen=True, slots=True)
class Word:
    """What the page says after an act: look is glad, care or fault."""

    title: str
    words: str = ""
    look: str = "glad"


def support_of_viewer(session: Session) -> SupportView:
    """Return what peer support shows to the viewer; nothing for a test student, who is nobody's course mate."""
    me = g.membership
    if not me.id:
        return NOTHING
    support = support_for(session, me.id, house().clock.now())
    return replace(support, stall=with_words(session, support.stall)) if support.stall else support


def anything_unseen(session: Session) -> bool:
    """Whether something waits for the viewer that they have not been shown.

    Looking is far more common than having something to note, and there is one writer at a time.
    """
    if g.membership.id == 0 or g.visit.student_view:
        return False
    return prompts.anything_unseen(session, g.membership.id, house().clock.now())


def note_seen() -> None:
    """Record that the viewer was shown what waits for them."""
    with house().db.writing() as session:
        prompts.seen(session, g.membership.id, house().clock.now())


def choices() -> dict[str, object]:
    """Return what the form of an offer lets people choose from."""
    return {"language_codes": LANGUAGES, "window_codes": WINDOW_CODES, "most": MAX_CAPACITY}


def peer_page(
    word: Word | None = None, draft: Offer | None = None, objection: Field | None = None, wish: Field | None = None
) -> str:
    """Draw the peer panel."""
    with house().db.reading() as session:
        support, unseen = support_of_viewer(session), anything_unseen(session)
        page = render_panel(
            session,
            "panels/peer/page.html",
            tab="peer",
            support=support,
            word=word,
            draft=draft,
            objection=objection or Field(),
            wish=wish or Field(),
            **choices(),
        )
    if unseen:
        note_seen()
    return page


def part_of(part: str, *, unless: Callable[[SupportView], bool]) -> Response:
    """Draw one part of the page anew, or answer 204 where ``unless`` says that nothing has changed."""
    with house().db.reading() as session:
        support = support_of_viewer(session)
        if unless(support):
            return Response(status=204)
        unseen = anything_unseen(session)
        html = render_template(
            f"panels/peer/_{part}.html",
            support=support,
            word=None,
            draft=None,
            objection=Field(),
            wish=Field(),
            at="home" if request.args.get("at") == "home" else "peer",
            **choices(),
        )
    if unseen:
        note_seen()
    return Response(html)


def came_from_home() -> bool:
    """Whether the form stood in the home panel, so that its answer belongs there."""
    return request.form.get("at") == "home"


def after(
    part: str,
    word: Word | None = None,
    *,
    status: int = 200,
    draft: Offer | None = None,
    objection: Field | None = None,
    wish: Field | None = None,
) -> Response:
    """Answer an act of peer support with the ``part`` of the page that it changed, or the page it came from.

    ``draft``, ``objection`` and ``wish`` are what was written and could not be taken.
    """
    if part not in PARTS:
        abort(500)

    def fragment() -> str:
        with house().db.reading() as session:
            support = support_of_viewer(session)
            return render_template(
                f"panels/peer/_{part}.html",
                support=support,
                word=word,
                draft=draft,
                objection=objection or Field(),
                wish=wish or Field(),
                at=request.form.get("at", "peer"),
                **choices(),
            )

    def page() -> str:
        # Imported here: home shows these parts, so it stands above them.
        from lti_app.panels.home.views import home_page

        if came_from_home():
            return home_page(word, draft, objection, wish)
        return peer_page(word, draft, objection, wish)

    to = url_for("panels.home.show" if came_from_home() else "panels.peer.show")
    return answer(fragment=fragment, page=page, to=to, status=status)
