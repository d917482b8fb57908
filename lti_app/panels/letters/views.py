"""The page on which a person says what they are told, by which ways, and how often."""

from __future__ import annotations

from babel.dates import get_day_names
from flask import Blueprint, Response, g, url_for
from flask_babel import get_locale

from lti_app import door
from lti_app.answers import answer
from lti_app.event_times import place_words
from lti_app.house import house
from lti_app.panels.letters.forms import read_letters, read_plan, read_told
from lti_app.shell import render_panel
from lti_app.store import digest_plans, letters, notifications
from lti_app.store.channels import EMAIL
from lti_app.store.policies import policy_of
from lti_app.store.scope import zone_named

NOT_FOR = {"staff": ("nudge", "tutor"), "learner": ("desk",)}

blueprint = Blueprint("letters", __name__, url_prefix="/v/<ref>/letters")
door.guard(blueprint)


def weekdays() -> tuple[tuple[int, str], ...]:
    """Return the days of the week in the reader's language, Monday first."""
    names = get_day_names(locale=get_locale())
    return tuple((number, str(names[number])) for number in range(7))


def _page(kept: bool = False) -> str:
    with house().db.reading() as session:
        here = [way for way in letters.ways_here(session, g.membership.id) if way != EMAIL or house().settings.smtp_url]
        policy = policy_of(session, g.membership.context_id)
        quiet = notifications.quiet_groups(session, g.membership.id)
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
            groups=notifications.CHOSEN,
            told=[group for group in notifications.CHOSEN if group not in quiet],
            plan=digest_plans.plan_of(session, g.membership.person_id),
            weekdays=weekdays(),
            by_mail=EMAIL in here and not g.visit.student_view,
            kept=kept,
            policy=policy,
            zone=place_words(zone_named(g.time_zone), str(get_locale())),
        )


@blueprint.route("", methods=["GET", "POST"])
def show() -> str:
    """Show what may be sent to me."""
    return _page()


@blueprint.post("/choose")
def choose() -> Response:
    """Remember what may be sent to me."""
    me, plan = g.membership, read_plan()
    asked, wanted = read_told()
    with house().db.writing() as session:
        letters.choose_letters(session, me.id, read_letters())
        notifications.choose_quiet(session, me.id, asked, wanted)
        if plan is not None:
            digest_plans.choose_plan(session, me.person_id, plan, house().clock.now())
    return answer(fragment=lambda: _page(kept=True), page=lambda: _page(kept=True), to=url_for("panels.letters.show"))
