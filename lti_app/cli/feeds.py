"""`regista lms feed`: an address and a secret for an LMS that sends events by itself."""

from __future__ import annotations

import secrets

import click

from lti_app.cli.connections import lms, registration_of
from lti_app.cli.work import opened


@lms.command("feed")
@click.option("--issuer", default=None, help="The platform's issuer; without it, all feeds are listed.")
@click.option("--client-id", default=None, help="Only needed where one issuer has several.")
@click.option("--remove", is_flag=True, help="Close the feed: nothing more is taken under its address.")
def feed(issuer: str | None, client_id: str | None, remove: bool) -> None:
    """Make the event feed of a platform, or give it a new secret, which is shown this once.

    Events make a course due at once; what they say is asked of the LMS before anybody acts on it.
    """
    if issuer is None:
        _list()
        return
    from lti_app.store.feeds import remove_feed, save_feed, secret_digest

    secret = secrets.token_urlsafe(32)
    with opened() as (_, house, settings):
        with house.db.writing() as session:
            registration_id = registration_of(session, issuer, client_id).id
            if remove:
                known = remove_feed(session, registration_id)
                click.echo("The feed is closed." if known else "There was none.")
                return
            ref = save_feed(
                session, registration_id, secrets.token_urlsafe(9), secret_digest(secret), house.clock.now()
            )
        address = f"{settings.public_url}/feeds/{ref}"
    click.echo(f"xAPI (Moodle: Logstore xAPI, setting Endpoint): {address}/xapi")
    click.echo(f"Caliper (1.1 and 1.2):                           {address}/caliper")
    click.echo("User name, where one is asked for: regista")
    click.echo(f"Password, key or bearer token, shown this once: {secret}")


def _list() -> None:
    from lti_app.store.feeds import feed_lines

    with opened() as (_, house, settings), house.db.reading() as session:
        for line in feed_lines(session):
            last = f"{line.last_at:%Y-%m-%d %H:%M} UTC" if line.last_at else "never"
            click.echo(f"{settings.public_url}/feeds/{line.ref}  last heard from: {last}")
            click.echo(f"   {line.taken} taken, {line.repeated} repeated, {line.late} late, {line.unplaced} elsewhere")
            for word, count in line.words:
                click.echo(f"   unknown: {word} ({count})")
