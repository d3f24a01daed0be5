"""Migrations: a database is brought to the tables that this version knows."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.orm import Session

from governance.policy.pipeline import Pipeline
from serving.database.engine import Lock, Store, hold
from serving.database.tables import StageRow, ThresholdRow
from serving.errors import StoreRevisionError

_FOLDER = Path(__file__).parent
_OLDEST = "0011"  # the first revision that this version can bring up to date
_OLDER = "start Frein of commit 9f7781e on it once, then this version"
_NEWER = "start the newer version of Frein that wrote it"


def upgrade(store: Store, to: str = "head") -> None:
    """Apply the revisions that the database lacks, all or none, up to one of them.

    Raises StoreRevisionError if an older version wrote it, or a newer one.
    """
    with store.writing() as session:
        hold(session, Lock.START)  # two services may start at once
        connection = session.connection()
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(_FOLDER))  # where env.py is
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", str(_FOLDER / "migrations"))
        current = MigrationContext.configure(connection).get_current_revision()
        known = {
            script.revision
            for script in ScriptDirectory.from_config(config).walk_revisions()
        }
        if current is not None and current not in known:
            raise StoreRevisionError(current, _OLDER if current < _OLDEST else _NEWER)
        command.upgrade(config, to)


def install_pipeline(session: Session, pipeline: Pipeline) -> None:
    """Write the pipeline's stages and its threshold; a stage that left the file stays
    as it was."""
    hold(session, Lock.START)
    for position, stage in enumerate(pipeline.stage):
        session.merge(
            StageRow(
                name=stage.name,
                position=position,
                reserved=stage.reserved,
                closes=stage.closes,
            )
        )
    above = pipeline.concession_above_percent
    session.merge(ThresholdRow(name="concession_above_percent", value=above))
