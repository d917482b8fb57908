"""`regista calibrate`: fit the detector's chances to an academy's own history, look, apply, and undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lti_app.cli import main

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from engagement.detector import Recalibration
    from engagement.detector.calibration import Bin
    from engagement.hindsight import Hindsight
    from lti_app.house import House

WIDTH = 30
REFUSED = {
    "too_few_rows": "There is too little history yet: {rows} learner-weeks, and {least} are needed.",
    "too_few_events": "There is too little history yet: {events} of {rows} learner-weeks ended in silence; at least "
    "{fewest} of either kind are needed.",
    "no_slope": "The history does not follow the detector at all. That points to a fault in it (visits not recorded, "
    "say) rather than to different people; nothing can be fitted.",
}


@main.command()
@click.option("--academy", "academy_id", type=int, help="Number of the academy, where there are several.")
@click.option("--apply", "do_apply", is_flag=True, help="Use the fit from the next sweep on.")
@click.option("--undo", "do_undo", is_flag=True, help="Go back to the chances as shipped.")
def calibrate(academy_id: int | None, do_apply: bool, do_undo: bool) -> None:
    """Fit the detector's chances to the academy's own past.

    Looks back week by week over all courses of the academy: what the detector would have said of each learner, and
    whether the learner was silent for the next 14 days. Shows both curves; changes nothing unless told to.
    """
    from lti_app.cli.work import opened

    if do_apply and do_undo:
        raise click.UsageError("--apply and --undo contradict each other.")
    with opened() as (_, house, _settings):
        chosen = _academy(house, academy_id)
        if do_undo:
            _undo(house, chosen)
        else:
            _fit(house, chosen, do_apply)


def _academy(house: House, academy_id: int | None) -> int:
    from lti_app.store.history import academies

    with house.db.reading() as session:
        known = academies(session)
    if academy_id is None and len(known) == 1:
        return next(iter(known))
    if academy_id not in known:
        listed = "; ".join(f"{number} {name}" for number, name in known.items()) or "none"
        raise click.UsageError(f"Name an academy with --academy. There are: {listed}.")
    return academy_id


def _undo(house: House, academy_id: int) -> None:
    from lti_app.store.calibrations import undo_calibration

    with house.db.writing() as session:
        undone = undo_calibration(session, academy_id, house.clock.now())
    click.echo("The chances are as shipped again." if undone else "There was nothing to undo.")


def _fit(house: House, academy_id: int, do_apply: bool) -> None:
    from rich.console import Console

    from engagement.detector import recalibrate
    from lti_app.store.calibrations import save_calibration

    console = Console(highlight=False)
    past = _history(house, academy_id, console)
    fit = recalibrate(past.logits, past.outcomes)
    _show(console, fit)
    if fit.calibration is None:
        raise click.exceptions.Exit(1)
    if not do_apply:
        console.print("Nothing was changed. Say --apply to use this from the next sweep on.")
        return
    with house.db.writing() as session:
        save_calibration(session, academy_id, fit, house.clock.now())
    console.print("Applied. `regista calibrate --undo` goes back to the chances as shipped.")


def _history(house: House, academy_id: int, console: Console) -> Hindsight:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from engagement.hindsight import joined
    from lti_app.store.history import courses_of, past_of

    with house.db.reading() as session:
        courses = courses_of(session, academy_id)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    parts = []
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=len(courses))
        for context_id, title in courses.items():
            bar.update(task, description=title[:40])
            with house.db.reading() as session:
                parts.append(past_of(session, context_id, house.clock.now()))
            bar.advance(task)
    found = joined(parts)
    console.print(
        f"{len(courses)} course(s), {len(found)} learner-weeks, {int(found.outcomes.sum())} ended in silence."
    )
    return found


def _show(console: Console, fit: Recalibration) -> None:
    from engagement.detector.calibration import MIN_EVENTS, MIN_ROWS

    if fit.before:
        console.print(_table("As shipped", fit.before, fit.ece_before))
    if fit.refused is not None:
        words = REFUSED[fit.refused].format(rows=fit.rows, events=fit.events, least=MIN_ROWS, fewest=MIN_EVENTS)
        console.print(words)
    elif fit.calibration is not None:
        console.print(_table("Fitted to this academy", fit.after, fit.ece_after))
        line = fit.calibration
        console.print(f"log-odds = {line.intercept:+.3f} {line.slope:+.3f} x the detector's (as shipped: +0 +1 x).")


def _table(title: str, bins: tuple[Bin, ...], error: float) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(title=f"{title}: mean gap {error:.3f}", box=box.SIMPLE, title_justify="left")
    for name in ("chance", "weeks", "said", "happened"):
        table.add_column(name, justify="right")
    table.add_column(f"0{'happened #, said |':^{WIDTH - 2}}1")
    for one in bins:
        said, happened = f"{one.expected:.2f}", f"{one.happened:.2f}"
        drawn = bar_of(one.expected, one.happened)
        table.add_row(f"{one.low:.1f}-{one.high:.1f}", str(one.rows), said, happened, drawn)
    return table


def bar_of(expected: float, happened: float) -> str:
    """Draw what happened as a bar, and what was said as a mark on it."""
    cells = ["#" if place < round(happened * WIDTH) else "." for place in range(WIDTH)]
    cells[min(round(expected * WIDTH), WIDTH - 1)] = "|"
    return "".join(cells)
