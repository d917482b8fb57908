"""Workers in processes of their own, killed at any moment: each delivers what is due, once."""

from __future__ import annotations

import sys

from lti_app import create_app
from lti_app.config import Settings
from lti_app.jobs.deliver import deliver_due
from tests.nursery import bear


def main(database_url: str, secret_key: str, data_dir: str) -> None:
    """Let workers be born that deliver."""
    app = create_app(
        Settings(
            database_url, "sqlite:///:memory:", "http://127.0.0.1:8000", secret_key, data_dir=data_dir,
            allow_private_addresses=True,
        )
    )  # fmt: skip

    def work() -> None:
        with app.app_context():
            deliver_due(app.extensions["regista"])

    bear(work)


if __name__ == "__main__":
    main(*sys.argv[1:])
