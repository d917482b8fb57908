"""Commands for platforms, our signing keys and invitations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import click

from lti_app.cli import load_settings, main
from lti_app.config import Settings
from lti_app.db import Database


@contextmanager
def _opened() -> Iterator[tuple[Settings, Database]]:
    settings = load_settings()
    database = Database(settings.database_url)
    try:
        yield settings, database
    finally:
        database.close()


@main.group()
def platform() -> None:
    """Connect learning platforms (Moodle, Canvas, ...) and let them go."""


@platform.command("add")
@click.option("--issuer", required=True, help="The platform's issuer (iss), for example https://lms.example.org")
@click.option("--client-id", required=True, help="The client id that the platform gave to this tool")
@click.option("--auth-url", required=True, help="Authentication request URL (OIDC login)")
@click.option("--token-url", required=True, help="Access token URL")
@click.option("--jwks-url", required=True, help="Public keyset URL")
@click.option("--deployment", "deployments", multiple=True, help="Deployment id; may be given several times")
@click.option("--academy", default="Academy", show_default=True, help="Name of the academy that it belongs to")
@click.option("--name", default="", help="How the platform is called here; its host by default")
@click.option("--product", default="", help="moodle, canvas, ...; learned at the first launch otherwise")
@click.option("--audience", default=None, help="Audience for access tokens, where it is not the token URL")
@click.option("--accept-new-deployments", is_flag=True, help="Let deployments in that are not named here")
def platform_add(
    issuer: str,
    client_id: str,
    auth_url: str,
    token_url: str,
    jwks_url: str,
    deployments: tuple[str, ...],
    academy: str,
    name: str,
    product: str,
    audience: str | None,
    accept_new_deployments: bool,
) -> None:
    """Connect a platform, or bring one up to date; nothing is asked of it yet."""
    from lti_app.store.registrations import BadPlatform, add_platform

    with _opened() as (settings, database):
        _refuse_plain_http(settings, (issuer, auth_url, token_url, jwks_url))
        try:
            with database.writing() as session:
                add_platform(
                    session,
                    academy_name=academy,
                    name=name,
                    issuer=issuer,
                    client_id=client_id,
                    auth_login_url=auth_url,
                    auth_token_url=token_url,
                    jwks_url=jwks_url,
                    deployment_ids=deployments,
                    auth_audience=audience,
                    product=product.lower(),
                    accepts_new_deployments=accept_new_deployments,
                    now=datetime.now(UTC),
                )
        except BadPlatform as e:
            raise click.ClickException("\n".join(e.faults)) from e
        click.echo(f"Connected {issuer}. In the platform, enter:")
        for label, path in (("Login URL", "login"), ("Redirect URL", "launch"), ("Keyset URL", "jwks")):
            click.echo(f"  {label + ':':14}{settings.public_url}/lti/{path}")


def _refuse_plain_http(settings: Settings, addresses: tuple[str, ...]) -> None:
    if not settings.allow_private_addresses and any(not one.startswith("https://") for one in addresses):
        raise click.ClickException("all addresses must be https (or set REGISTA_ALLOW_PRIVATE_ADDRESSES=yes)")


@platform.command("list")
def platform_list() -> None:
    """Show every platform with its deployments."""
    from lti_app.store.registrations import list_platforms

    with _opened() as (_settings, database), database.reading() as session:
        found = list_platforms(session)
        if not found:
            click.echo("No platform yet. Begin with: regista invite, or regista platform add --help")
        for row in found:
            click.echo(
                f"{row.name} ({row.product or 'product not known yet'}), academy {row.academy.name}: {row.status}"
            )
            click.echo(f"  issuer {row.issuer}  client id {row.client_id}  from {row.origin}")
            for deployment in row.deployments:
                click.echo(f"  deployment {deployment.id_on_platform}: {deployment.status}")


@platform.command("allow")
@click.option("--issuer", required=True)
@click.option("--client-id", required=True)
@click.option("--deployment", required=True, help="Deployment id, as in `regista platform list`")
def platform_allow(issuer: str, client_id: str, deployment: str) -> None:
    """Say yes to an installation of the tool that waits, or to one that will come."""
    from lti_app.store.registrations import BadPlatform, allow_deployment, find_registration

    with _opened() as (_settings, database), database.writing() as session:
        row = find_registration(session, issuer, client_id)
        if row is None:
            raise click.ClickException("there is no such platform; see: regista platform list")
        try:
            may = allow_deployment(session, row, deployment, datetime.now(UTC))
        except BadPlatform as e:
            raise click.ClickException(str(e)) from e
        if not may:
            raise click.ClickException(
                f"deployment {deployment} was kept out on the page Installation; let it in there"
            )
        click.echo(f"Deployment {deployment} may come in.")


@platform.command("remove")
@click.option("--issuer", required=True)
@click.option("--client-id", required=True)
@click.confirmation_option(prompt="This also removes every course and everything written through it. Go on?")
def platform_remove(issuer: str, client_id: str) -> None:
    """Remove a platform with all its courses and people."""
    from lti_app.store.registrations import remove_platform

    with _opened() as (_settings, database):
        with database.writing() as session:
            gone = remove_platform(session, issuer, client_id)
        if not gone:
            raise click.ClickException("there is no such platform; see: regista platform list")
        click.echo("Removed.")


@main.group()
def keys() -> None:
    """Look after our own signing keys."""


@keys.command("rotate")
@click.option("--overlap-hours", default=24, show_default=True, type=click.IntRange(0, 720))
def keys_rotate(overlap_hours: int) -> None:
    """Make a new signing key: published now, signing after the overlap, so that no platform misses it."""
    from lti_app.store.keys import make_key, rotate_keys

    with _opened() as (settings, database):
        key, now = make_key(), datetime.now(UTC)
        with database.writing() as session:
            signs = rotate_keys(session, key, settings.secret_key, now, overlap=timedelta(hours=overlap_hours))
        click.echo(f"Key {key.kid} is published and signs from {signs:%Y-%m-%d %H:%M} UTC.")


@main.command()
@click.option("--academy", default="Academy", show_default=True, help="Name of the academy that may connect a platform")
def invite(academy: str) -> None:
    """Print an address that connects one platform: paste it there within a week (LTI Dynamic Registration)."""
    from lti_app.invitations import invitation_address

    with _opened() as (settings, _database):
        click.echo(invitation_address(academy, settings))
