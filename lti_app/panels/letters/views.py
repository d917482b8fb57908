"""The page on which a person says by which ways messages may reach them."""

from __future__ import annotations

from flask import Blueprint, Response, g, url_for

from lti_app import door
from lti_app.answers import answer
from lti_app.house import house
from lti_app.panels.letters.forms import read_letters
from lti_app.shell import render_panel
from lti_app.store import letters
from lti_app.store.channels import EMAIL
from lti_app.store.policies import policy_of

NOT_FOR = {"staff": ("nudge", "tutor"), "learner": ("desk",)}

blueprint = Blueprint("letters", __name__, url_prefix="/v/<ref>/letters")
door.guard(blueprint)


def _page(kept: bool = False) -> str:
    with house().db.reading() as session:
        here = [way for way in letters.ways_here(session, g.membership.id) if way != EMAIL or house().settings.smtp_url]
        policy = policy_of(session, g.membership.context_id)
        return render_panel(
            session,
            "panels/letters/page.html",
            tab="letters",
            chosen={
                group: ways
                for group, ways in letters.my_letters(session, g.membership.id).items()
                if group not in NOT_FOR["staff" if g.visit.is_staff else "learner"]
            },
            here=here,
            kept=kept,
            policy=policy,
            zone=g.time_zone,
        )


@blueprint.route("", methods=["GET", "POST"])
def show() -> str:
    """Show what may be sent to me."""
    return _page()


@blueprint.post("/choose")
def choose() -> Response:
    """Remember what may be sent to me."""
    with house().db.writing() as session:
        letters.choose_letters(session, g.membership.id, read_letters())
    return answer(fragment=lambda: _page(kept=True), page=lambda: _page(kept=True), to=url_for("panels.letters.show"))
