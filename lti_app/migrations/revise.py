"""Write the next migration from what the models say now: `python -m lti_app.migrations.revise "why"`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config

from lti_app.db import Database
from lti_app.migrations import HERE, upgrade


def main() -> None:
    """Compare a database at head with the models and write the difference."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'head.sqlite3'}")
        upgrade(database)
        config = Config()
        config.set_main_option("script_location", str(HERE))
        number = len(list((HERE / "versions").glob("*.py"))) + 1
        with database.engine.connect() as connection:
            config.attributes["connection"] = connection
            command.revision(config, message=" ".join(sys.argv[1:]), rev_id=f"{number:04d}", autogenerate=True)
        database.close()


if __name__ == "__main__":
    main()
