"""The practice LMS alone, to look at it: ``python -m lti_app.sandbox --port 8900 --tool http://127.0.0.1:8901``."""

from __future__ import annotations

from pathlib import Path

import click
from werkzeug.serving import run_simple

from lti_app.clock import Clock
from lti_app.sandbox import Tool, create_practice_lms


@click.command()
@click.option("--port", default=8900, show_default=True, help="Port on localhost.")
@click.option("--tool", default="http://127.0.0.1:8901", show_default=True, help="Address of the tool.")
@click.option("--data", default="var/practice", show_default=True, help="Where the practice LMS keeps its file.")
def main(port: int, tool: str, data: str) -> None:
    """Serve the practice LMS until Ctrl-C."""
    known = Tool(f"{tool}/lti/login", f"{tool}/lti/launch", f"{tool}/lti/jwks", tool)
    made = create_practice_lms(
        data_dir=Path(data).resolve(), public_url=f"http://localhost:{port}", clock=Clock(), tool=known
    )
    click.echo(f"Open {made.issuer}  (client id {made.client_id}, web-service token {made.ws_token})")
    run_simple("localhost", port, made.app, threaded=True)


if __name__ == "__main__":
    main()
