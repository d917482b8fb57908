"""Alembic's environment: it runs on the connection that `lti_app.migrations.upgrade` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from lti_app.models import Base


def run() -> None:
    """Run the migrations in one transaction, one process at a time."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            # Held to the end of the transaction, so that a fleet may start all at once.
            connection.execute(text("SELECT pg_advisory_xact_lock(7267150)"))
        context.run_migrations()
    connection.commit()


run()
