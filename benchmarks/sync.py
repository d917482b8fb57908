"""What a sync of a large course costs, and whether many courses get their turns.

    python -m benchmarks.sync [--learners 5000] [--activities 40] [--postgres] [--courses 1000]

Three parts, each left out where its option says so: what the LMS is asked (over HTTP, by a worker in a process of its
own), how fast a snapshot is saved (against SQLAlchemy's own executemany in the same run: read the ratio), and turns
(1, 2 and 4 workers sync many courses of twenty platforms whose LMS answers slowly).
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from benchmarks import lms, sync_asking, sync_saving, sync_turns
from tests import servers


def _head(line: str) -> None:
    click.echo(f"\n{line}\n" + "|---" * (line.count("|") - 1) + "|")


def _asking(learners: int, activities: int, folder: Path) -> None:
    _head(sync_asking.HEAD)
    for kind in ("moodle", "canvas"):
        # Each with a server of its own: who has moved in the one has not moved in the other.
        with lms.running(learners, activities) as url, sync_saving.fresh(None, folder, kind) as database:
            sync_asking.asking(database, kind, url, sync_asking.Course(learners, activities), folder)


@click.command()
@click.option("--learners", default=5000, show_default=True)
@click.option("--activities", default=40, show_default=True)
@click.option("--asking/--no-asking", default=True, show_default=True, help="Ask a Moodle and a Canvas over HTTP.")
@click.option("--saving/--no-saving", default=True, show_default=True)
@click.option("--postgres", is_flag=True, help="Measure saving on PostgreSQL too (Debian's package).")
@click.option("--courses", default=1000, show_default=True, help="0 leaves the turns out.")
@click.option("--answer-seconds", default=0.1, show_default=True, help="How long the LMS takes for a course.")
@click.option("--engines", default="sqlite", show_default=True, help="For the turns: sqlite,postgresql,redis.")
@click.option("--workers", default="1,2,4", show_default=True, help="For the turns.")
@click.option("--even", is_flag=True, help="No platform is larger than the others (else one has half the courses).")
def main(
    learners: int,
    activities: int,
    asking: bool,
    saving: bool,
    postgres: bool,
    courses: int,
    answer_seconds: float,
    engines: str,
    workers: str,
    even: bool,
) -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        if asking:
            _asking(learners, activities, folder)
        if saving:
            _head(sync_saving.HEAD)
            sync_saving.saving(None, folder, learners, activities)
        if saving and postgres:
            folder.joinpath("pg").mkdir()
            sync_saving.saving(stack.enter_context(servers.postgres(folder / "pg")), folder, learners, activities)
        if courses:
            _head(sync_turns.HEAD)
            many = sync_turns.Many(courses, 20, answer_seconds, even)
            for engine in engines.split(","):
                sync_turns.fairness(folder, many, engine, tuple(int(count) for count in workers.split(",")))


if __name__ == "__main__":
    main()
