"""Bringing a database to the shape that this version knows."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from serving.database import Lock, Store, hold

REVISIONS = Path(__file__).with_name("migrations")


def upgrade(store: Store, revision: str = "head") -> None:
    """Apply the revisions up to `revision`, all or none."""
    with store.writing() as session:
        hold(session, Lock.START)  # two services may start at once
        command.upgrade(_config(session.connection()), revision)


def downgrade(store: Store, revision: str) -> None:
    """Take the revisions back down to `revision`, all or none."""
    with store.writing() as session:
        hold(session, Lock.START)  # two services may start at once
        command.downgrade(_config(session.connection()), revision)


def _config(connection: object) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(REVISIONS))
    return config
