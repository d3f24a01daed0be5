"""Alembic's entry: runs the revisions on the connection that `migrate.py` gives."""

from alembic import context

from serving.database.tables import Base


def run() -> None:
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=Base.metadata,
    )
    with context.begin_transaction():
        context.run_migrations()


if __name__ == "env_py":  # Alembic loads this file by that name; importing does nothing
    run()
