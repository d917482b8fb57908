"""`regista lms`: connect the web services of a platform's LMS, and see what the service user may and may not do."""

from __future__ import annotations

from datetime import datetime

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms_clients.base import Capabilities
from lti_app.cli import main
from lti_app.cli.work import opened
from lti_app.house import House
from lti_app.models import LmsConnection, Registration


@main.group()
def lms() -> None:
    """Connect the LMS's own web services, which tell far more than LTI alone."""


def registration_of(session: Session, issuer: str, client_id: str | None) -> Registration:
    """Return the registration of an issuer; ends the command where it is unknown or not the only one."""
    query = select(Registration).where(Registration.issuer == issuer)
    if client_id is not None:
        query = query.where(Registration.client_id == client_id)
    found = session.scalars(query).all()
    if not found:
        raise click.ClickException(f"No platform {issuer} is known here; see `regista platform list`.")
    if len(found) > 1:
        raise click.ClickException(f"{issuer} has several client ids; say which with --client-id.")
    return found[0]


@lms.command("connect")
@click.option("--issuer", required=True, help="The platform's issuer, as in `regista platform list`.")
@click.option("--client-id", default=None, help="Only needed where one issuer has several.")
@click.option("--kind", type=click.Choice(["moodle", "canvas"]), default="moodle", show_default=True)
@click.option("--url", "base_url", default=None, help="Address of the LMS; the issuer by default.")
@click.option("--course", default=None, help="A course's number in the LMS, to try the service user's rights there.")
@click.option(
    "--token", default=None, help="Better left out: it is asked for, and so stays out of the shell's history."
)
def connect_lms(
    issuer: str, client_id: str | None, kind: str, base_url: str | None, course: str | None, token: str | None
) -> None:
    """Store a web-service token (encrypted) and tell what its user may and may not do.

    The token is tried before it is stored. Nothing is changed at the LMS.
    """
    secret = token or click.prompt("Token", hide_input=True)
    with opened() as (_, house, _settings):
        with house.db.reading() as session:
            registration = registration_of(session, issuer, client_id)
            registration_id, url = registration.id, (base_url or registration.issuer).rstrip("/")
        told = _try(house, kind, url, secret.strip(), course)
        _store(house, registration_id, kind, url, secret.strip(), told)
        click.echo("Connected. The token is stored encrypted.")
        report(told)


def _try(house: House, kind: str, url: str, secret: str, course: str | None) -> Capabilities:
    from lms_clients import connect
    from lms_clients.errors import LmsError, NotFound
    from lms_clients.records import CourseRef
    from lti_app.services import options_for

    try:
        client = connect(kind, url, secret, options=options_for(house))
    except LmsError as e:
        hint = "; give it as people see it in the browser, from https:// on" if "address" in e.detail else ""
        raise click.ClickException(f"Not stored: {url}: {e.detail}{hint}") from e
    try:
        return client.capabilities(CourseRef(api_id=course) if course else None)
    except NotFound as e:
        if course is None:
            raise click.ClickException(f"Not stored: {url} is not the address of a {kind} ({e.detail})") from e
        where = "…/course/view.php?id=2" if kind == "moodle" else "…/courses/2"
        raise click.ClickException(f"Not stored: course {course}: {e.detail}. Give the number in {where}.") from e
    except LmsError as e:
        raise click.ClickException(f"Not stored, for the LMS did not accept it ({e.kind}): {e.detail}") from e
    finally:
        client.close()


def _store(house: House, registration_id: int, kind: str, url: str, secret: str, told: Capabilities) -> None:
    from lti_app.sealing import seal_text
    from lti_app.store.connections import save_connection

    sealed = seal_text(secret, house.settings.secret_key)
    with house.db.writing() as session:
        save_connection(session, registration_id, kind, url, sealed, told, house.clock.now())


def report(told: Capabilities) -> None:
    """Say what a connection can do, and what lacks in the words of the LMS's own admin pages."""
    site = f"{told.site or told.source} {told.version}".strip()
    click.echo(f"{site}, as {told.identity or 'an unnamed user'}")
    click.echo("It may: " + (", ".join(_words(one) for one in sorted(told.can)) or "nothing that we could try"))
    for missing in told.missing:
        title = f"({missing.title})" if missing.title not in ("", missing.capability) else ""
        needs = " ".join(part for part in (missing.capability, title) if part)
        function = f"add the function {missing.function} to the service" if missing.function else ""
        how = "; ".join(part for part in (needs and f"allow {needs}", function, missing.detail) if part)
        click.echo(f"It may not: {_words(missing.ability)}" + (f" - {how}" if how else ""))


def _words(ability: str) -> str:
    return str(ability).replace("_", " ")


@lms.command("list")
def list_lms() -> None:
    """List the connections: kind, address, state, and what each may not do."""
    query = select(Registration.issuer, LmsConnection).join(LmsConnection).order_by(Registration.issuer)
    with opened() as (_, house, _settings), house.db.reading() as session:
        for issuer, row in session.execute(query):
            click.echo(f"{issuer}  {row.kind} at {row.base_url}: {row.status} {row.status_detail}".rstrip())
            if row.paused_until is not None and row.paused_until > house.clock.now():
                click.echo(f"   left alone until {_when(row.paused_until)}")
            for missing in row.cannot or ():
                click.echo(f"   may not: {missing['ability']} {missing.get('capability', '')}".rstrip())


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
