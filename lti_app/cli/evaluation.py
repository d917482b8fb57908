"""`regista evaluate`: the product's detector on recorded courses, written in the layout of the scoring script."""

from __future__ import annotations

from pathlib import Path

import click

from engagement.values import Knowledge
from lti_app.cli import main

HIDEABLE = tuple(
    str(one) for one in (Knowledge.ACCESS, Knowledge.DAYS, Knowledge.SUBMISSIONS, Knowledge.DUE_DATES, Knowledge.SCORES)
)
TASKS = ("stall", "stall_onset", "dropout", "dropout_active", "final20", "final20_all", "final40", "final40_all",
         "final60", "final60_all")  # fmt: skip


@main.command()
@click.option("--data", "data_dir", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder with the recorded courses (courses.csv, daily.csv.gz, ...).")  # fmt: skip
@click.option("--task", required=True, type=click.Choice(TASKS), help="Which question to answer.")
@click.option("--out", "out_file", required=True, type=click.Path(dir_okay=False, path_type=Path),
              help="File to write; .gz is packed.")  # fmt: skip
@click.option("--hide", "hidden", multiple=True, type=click.Choice(HIDEABLE),
              help="Knowledge to take away, as an LMS that does not tell it; may be given several times.")  # fmt: skip
def evaluate(data_dir: Path, task: str, out_file: Path, hidden: tuple[str, ...]) -> None:
    """Write the detector's predictions for a folder of recorded courses.

    The detector is exactly the one of the sweeps, and only facts dated up to each day are used. No database is needed.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from lti_app.evaluation import BadFolder
    from lti_app.evaluation import evaluate as write

    console = Console(highlight=False, stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        line = bar.add_task("reading", total=None)

        def told(course: str, number: int, of: int) -> None:
            bar.update(line, description=course, completed=number, total=of)

        try:
            done = write(data_dir, task, out_file, hidden=frozenset(map(Knowledge, hidden)), progress=told)
        except (BadFolder, OSError) as e:
            raise click.ClickException(str(e)) from e
    click.echo(f"{done.predictions} predictions of {done.task} for {done.presentations} courses in {done.out_file}")
