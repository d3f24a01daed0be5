"""Bringing a database to the shape that this version knows."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy.orm import Session

from governance.policy.pipeline import Pipeline
from serving.database.engine import Lock, Store, hold
from serving.database.tables import StageRow, ThresholdRow

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
