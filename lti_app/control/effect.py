"""Does it help? The holdout is explained, planned and turned on here, and its report is read here."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Iterator

from flask import Response, g, make_response, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from engagement.uplift import Effect
from lti_app.answers import answer
from lti_app.control import blueprint
from lti_app.control.forms import MONTHS, SHARES, WORTHS, ends_at, read_plan
from lti_app.house import house
from lti_app.models import Academy
from lti_app.shell import render_panel
from lti_app.store.effect import Effects, before, effects_of
from lti_app.store.holdouts import Holdout, holdouts_of, start, stop
from lti_app.store.outcomes import WINDOW


def _shown(session: Session) -> tuple[Holdout | None, Effects | None]:
    """Return the newest holdout and its report."""
    academy = session.get_one(Academy, g.visit.academy_id, populate_existing=True)
    newest = next(iter(holdouts_of(academy)), None)
    return newest, effects_of(session, newest, house().clock.now()) if newest else None


def _page(said: str = "") -> str:
    now = house().clock.now()
    with house().db.reading() as session:
        newest, effects = _shown(session)
        past = before(session, g.visit.academy_id, now)
        return render_panel(
            session,
            "control/effect.html",
            tab="control",
            holdout=newest,
            is_on=newest is not None and newest.is_on(now),
            effects=effects,
            plan=read_plan(past.usual),
            past=past,
            choices={"share": SHARES, "worth": WORTHS, "months": MONTHS},
            window=WINDOW.days,
            said=said,
        )


@blueprint.route("/effect", methods=["GET", "POST"], endpoint="effect")
def effect_page() -> str:
    """Show what the holdout shows, or what it would take."""
    return _page()


@blueprint.post("/effect/on")
def turn_on() -> Response:
    """Turn the holdout on, as planned."""
    now = house().clock.now()
    with house().db.writing() as session:
        plan = read_plan(before(session, g.visit.academy_id, now).usual)
        new = Holdout(
            seed=secrets.randbelow(2**31 - 1) + 1,
            share=plan.share / 100,
            usual=plan.usual,
            worth=plan.worth / 100,
            planned=plan.planned,
            started_at=now,
            ends_at=ends_at(plan, now),
        )
        is_new = start(session, g.visit.academy_id, new, g.visit.person_id or None)
    said = _("It is on: lots are drawn from the next new case on.") if is_new else _("It was on already.")
    return answer(fragment=lambda: _page(said), page=lambda: _page(said), to=url_for("control.effect"))


@blueprint.post("/effect/off")
def turn_off() -> Response:
    """Turn it off; whoever is held out is let in again."""
    with house().db.writing() as session:
        stop(session, g.visit.academy_id, g.visit.person_id or None, house().clock.now())
    said = _("It is off. Whoever was left out hears from us again.")
    return answer(fragment=lambda: _page(said), page=lambda: _page(said), to=url_for("control.effect"))


@blueprint.route("/effect.csv", methods=["GET", "POST"])
def effect_csv() -> Response:
    """Give the report as a table for a spreadsheet; small groups stay suppressed."""
    with house().db.reading() as session:
        _newest, effects = _shown(session)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(_rows(effects) if effects else ())
    # The mark tells spreadsheets that it is UTF-8.
    response = make_response("\ufeff" + out.getvalue())
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = 'attachment; filename="regista-effect.csv"'
    return response


COLUMNS = (
    "split",
    "group",
    "helped_n",
    "helped_reached",
    "held_out_n",
    "held_out_reached",
    "difference",
    "low",
    "high",
    "verdict",
)


def _rows(effects: Effects) -> Iterator[tuple[object, ...]]:
    report = effects.report
    yield _row("outcome", "came_back_14_days", report.came_back)
    # Only the first was declared to decide.
    yield _row("outcome", "next_activity_14_days", report.next_done, decides=False)
    yield _row("outcome", "course_completed", report.finished, decides=False)
    for split, groups in (("kind", report.by_kind), ("way", report.by_way), ("group", report.by_group)):
        for one in groups:
            yield _row(split, one.group, one.effect, decides=False)
    helped, held_out = report.tutored
    yield ("tutor_acted", "", helped.n, helped.reached, held_out.n, held_out.reached, "", "", "", "")


def _row(split: str, group: str, effect: Effect | None, decides: bool = True) -> tuple[object, ...]:
    # A group's name comes from the LMS: a spreadsheet must not take it for a formula.
    name = f"'{group}" if group[:1] in ("=", "+", "-", "@", "\t", "\r") else group
    if effect is None:
        return (split, name, *[""] * 7, "under_10")
    return (
        split,
        name,
        effect.helped.n,
        effect.helped.reached,
        effect.held_out.n,
        effect.held_out.reached,
        "" if effect.difference is None else round(effect.difference, 4),
        round(effect.low, 4),
        round(effect.high, 4),
        effect.verdict.value if decides else "",
    )
