"""The way out under every message: one click, no visit, no questions (RFC 8058)."""

from __future__ import annotations

from flask import Blueprint, Response, g, make_response, render_template
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app.errors import Trouble
from lti_app.house import house
from lti_app.letter_words import language_of
from lti_app.models import Membership, Person
from lti_app.stopping import PATH, read_stop
from lti_app.store import letters

blueprint = Blueprint("stop_letters", __name__, url_prefix=PATH.rstrip("/"))


def _whose(token: str) -> tuple[int, str]:
    found = read_stop(token, house().settings)
    if found is not None:
        with house().db.reading() as session:
            person = _person(session, found[0])
            if person is not None:
                g.locale = language_of(person.locale, house().settings.default_locale)
                return found
    words = _("It is damaged, or the place it belonged to is gone. You can also choose in the panel, under Messages.")
    raise Trouble(_("This link leads nowhere"), words, status=404)


def _person(session: Session, membership_id: int) -> Person | None:
    member = session.get(Membership, membership_id)
    return session.get(Person, member.person_id) if member else None


def _page(group: str, done: bool) -> Response:
    return make_response(render_template("panels/letters/stop.html", group=group, done=done))


@blueprint.get("/<token>")
def ask(token: str) -> Response:
    """Show one button: a program that only follows links (RFC 8058, section 1) unsubscribes nobody."""
    return _page(_whose(token)[1], done=False)


@blueprint.post("/<token>")
def stop(token: str) -> Response:
    """Unsubscribe, from our own button or from the mail program's."""
    membership_id, group = _whose(token)
    with house().db.writing() as session:
        letters.stop_letters(session, membership_id, group, house().clock.now())
    return _page(group, done=True)
