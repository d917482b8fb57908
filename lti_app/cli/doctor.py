"""`regista doctor`: try each step for a platform and say plainly what works, what does not, and who can mend it."""

from __future__ import annotations

import click

from lti_app.cli import main
from lti_app.cli.work import opened

SIGNS = {"good": ("ok  ", "green"), "fault": ("FAIL", "red"), "note": ("note", "yellow")}


@main.command()
@click.option("--platform", "wanted", default=None, help="Issuer, or a part of the name; every platform by default.")
def doctor(wanted: str | None) -> None:
    """Try every step for each platform: addresses, keys, clocks, tokens, names and roles, grades, web services.

    Nothing is changed anywhere. Ends with 1 where something does not work.
    """
    from flask_babel import force_locale

    from lti_app.doctor import examine
    from lti_app.store.registrations import list_platforms

    faults = 0
    with opened() as (_, house, _settings), force_locale("en"):
        with house.db.reading() as session:
            found = [(row.id, row.name, row.issuer, row.client_id) for row in list_platforms(session)]
        chosen = [row for row in found if wanted is None or wanted == row[2] or wanted.lower() in row[1].lower()]
        if not chosen:
            raise click.ClickException(
                f"No platform {wanted!r}; see `regista platform list`." if wanted else "No platform yet: regista invite"
            )
        for registration_id, name, issuer, client_id in chosen:
            click.secho(f"{name} ({issuer}, client id {client_id})", bold=True)
            for one in examine(house, registration_id):
                sign, colour = SIGNS[one.state]
                click.echo(f"  {click.style(sign, fg=colour)}  {one.name}: {one.words}")
                if one.state == "fault":
                    faults += 1
                    click.echo(f"        {one.who_words}")
    if faults:
        raise SystemExit(1)
