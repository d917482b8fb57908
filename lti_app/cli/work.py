"""Running Regista and its jobs: serve, worker, and the jobs by hand (sync, sweep, deliver)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from lti_app.cli import load_settings, main

if TYPE_CHECKING:
    from flask import Flask

    from lti_app.config import Settings
    from lti_app.house import House


@contextmanager
def opened() -> Iterator[tuple[Flask, House, Settings]]:
    """Give the app, its house and the settings to one command; the schema must be up to date."""
    from lti_app import create_app
    from lti_app.cli.serving import check_schema
    from lti_app.house import house

    settings = load_settings()
    app = create_app(settings)
    with app.app_context():
        here = house()
        try:
            check_schema(here.db)
            yield app, here, settings
        finally:
            here.db.close()


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--processes", default=1, show_default=True, help="Web processes; one is enough for most academies.")
@click.option("--threads", default=None, type=int, help="Requests that one process works on at once.")
@click.option("--job-threads", default=2, show_default=True, help="Threads for jobs in each process.")
@click.option("--no-worker", is_flag=True, help="Serve pages only; run `regista worker` elsewhere.")
def serve(host: str, port: int, processes: int, threads: int | None, job_threads: int, no_worker: bool) -> None:
    """Serve Regista: pages and, unless told otherwise, the jobs too.

    Put a web server that speaks https in front of it and let it pass on the address of REGISTA_PUBLIC_URL. Ctrl-C (or
    SIGTERM) ends it after the requests and jobs in progress; what is cut off is done again at the next start.
    """
    from lti_app.cli.serving import check_schema, import_platforms, serve_forever, threads_for
    from lti_app.db import Database

    settings = load_settings()
    database = Database(settings.database_url)
    try:
        check_schema(database)
        declared = import_platforms(database, settings)
    finally:
        database.close()
    click.echo(f"{declared} platform(s) declared in {settings.config_file}.")
    click.echo(f"Regista listens on http://{host}:{port} and is reached at {settings.public_url}. Ctrl-C ends it.")
    serve_forever(
        settings,
        host=host,
        port=port,
        processes=processes,
        threads=threads or threads_for(processes),
        job_threads=0 if no_worker else job_threads,
    )


@main.command()
@click.option("--threads", default=4, show_default=True, help="Jobs that are worked on at once.")
def worker(threads: int) -> None:
    """Work on jobs only: sync courses, sweep them, deliver prompts.

    Any number of workers may run, on any number of machines, as long as they share the database and REGISTA_JOBS_URL
    (a SQLite queue is shared on one machine only). Ctrl-C ends it after the jobs in progress.
    """
    from lti_app.jobs.consumer import start_consumer

    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    with opened() as (app, _, settings):
        stop = start_consumer(app, settings, threads)
        click.echo(f"Working on jobs in {threads} threads. Ctrl-C ends it.")
        ended.wait()
        click.echo("Finishing what is in progress ...")
        stop()


def _chosen(house: House, course_ids: Sequence[int], *, all_courses: bool, due_only: bool = False) -> dict[int, str]:
    """Return the courses to work on, by id, with their titles."""
    from sqlalchemy import select

    from lti_app.models import Context

    query = select(Context.id, Context.title).order_by(Context.sync_due_at, Context.id)
    if course_ids:
        query = query.where(Context.id.in_(course_ids))
    elif due_only:
        query = query.where(Context.sync_due_at <= house.clock.now())
    elif not all_courses:
        raise click.UsageError("Name a course by its number (see `regista courses`), or say --all.")
    with house.db.reading() as session:
        found = {row.id: row.title or f"course {row.id}" for row in session.execute(query)}
    unknown = sorted(set(course_ids) - set(found))
    if unknown:
        raise click.ClickException(f"There is no course {', '.join(map(str, unknown))}; see `regista courses`.")
    return found


def _each(courses: dict[int, str], work: Callable[[int], str]) -> None:
    """Work on one course after the other under a progress bar, and say of each what came of it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=len(courses))
        for course_id, title in courses.items():
            bar.update(task, description=title[:40])
            console.print(f"{course_id}  {title}: {work(course_id)}", markup=False, soft_wrap=True)
            bar.advance(task)


def _words(summary: Any) -> str:
    if summary is None:
        return "somebody else is at it, or its platform is busy"
    if summary.state != "done":
        return f"not read ({summary.error or summary.state}) {summary.detail}".rstrip()
    counts = summary.counts
    return (
        f"{counts.people} people, {counts.activities} activities; {counts.rows} rows written, "
        f"{summary.calls} calls, {summary.seconds:.1f} s"
    )


@main.command()
@click.argument("course_ids", metavar="[COURSE]...", type=int, nargs=-1)
@click.option("--all", "all_courses", is_flag=True, help="Every course, due or not.")
@click.option("--due", "due_only", is_flag=True, help="Only the courses that are due.")
def sync(course_ids: tuple[int, ...], all_courses: bool, due_only: bool) -> None:
    """Read courses from their LMS now, without waiting for their turn."""
    from lti_app.jobs.sync import sync_context

    with opened() as (_, house, _settings):
        courses = _chosen(house, course_ids, all_courses=all_courses, due_only=due_only)
        _each(courses, lambda course_id: _words(sync_context(house, course_id, due_only=due_only)))


@main.command()
@click.argument("course_ids", metavar="[COURSE]...", type=int, nargs=-1)
@click.option("--all", "all_courses", is_flag=True, help="Every course.")
def sweep(course_ids: tuple[int, ...], all_courses: bool) -> None:
    """Decide now who has stalled and who could help, from what the last sync read."""
    from lti_app.jobs.sweep import sweep_context

    def swept(course_id: int) -> str:
        done = sweep_context(house, course_id)
        return f"{done.opened} opened, {done.updated} updated, {done.ended} ended, {done.prompts} prompts"

    with opened() as (_, house, _settings):
        _each(_chosen(house, course_ids, all_courses=all_courses), swept)


@main.command()
def deliver() -> None:
    """Send what is due now: to the panels, as messages where the course allows it, and into the LMS's calendar."""
    from lti_app.jobs.calendars import keep_calendars
    from lti_app.jobs.deliver import deliver_due
    from lti_app.jobs.reminders import remind_due

    with opened() as (_, house, _settings):
        remind_due(house)
        done = deliver_due(house)
        keep_calendars(house)
        click.echo(", ".join(f"{count} {what}" for what, count in asdict(done).items() if isinstance(count, int)))


@main.command()
def courses() -> None:
    """List the courses: number, title, when last read, and what is wrong."""
    from sqlalchemy import select

    from lti_app.models import Context
    from lti_app.store.freshness import freshness

    with opened() as (_, house, _settings), house.db.reading() as session:
        for row in session.execute(select(Context.id, Context.title, Context.sync_due_at).order_by(Context.id)):
            told = freshness(session, row.id)
            read = f"read {told.as_of:%Y-%m-%d %H:%M} UTC" if told.as_of else "never read"
            failing = (
                f", failing since {told.failing_since:%Y-%m-%d %H:%M} ({told.error})" if told.failing_since else ""
            )
            gaps = f", {len(told.gaps)} gap(s)" if told.gaps else ""
            due = f", due {row.sync_due_at:%Y-%m-%d %H:%M}" if row.sync_due_at else ", not asked any more"
            click.echo(f"{row.id}  {row.title}: {read}{failing}{gaps}{due}")
