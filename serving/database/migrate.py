"""Migrations: a database is brought to the tables that this version knows."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, delete, update
from sqlalchemy.orm import Session

from governance.policy.configuration import renamings, thresholds_of
from governance.policy.pipeline import Pipeline
from serving.database.engine import Lock, Store, hold
from serving.database.tables import LeadRow, ProposalRow, StageRow, ThresholdRow
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
        migrate(session.connection(), to)


def migrate(connection: Connection, to: str = "head") -> None:
    """Apply revisions in the transaction of a connection; raises as `upgrade` does."""
    current = MigrationContext.configure(connection).get_current_revision()
    newest, *older = _revisions()
    if current == newest:
        return
    if current is not None and current not in older:
        raise StoreRevisionError(current, _OLDER if current < _OLDEST else _NEWER)
    command.upgrade(_config(connection=connection), to)


@cache
def _revisions() -> list[str]:
    """From the newest to the oldest: to read them takes longer than to open a store."""
    scripts = ScriptDirectory.from_config(_config())
    return [script.revision for script in scripts.walk_revisions()]


def _config(**attributes: Connection) -> Config:
    config = Config(attributes=attributes)
    config.set_main_option("script_location", str(_FOLDER))  # where env.py is
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(_FOLDER / "migrations"))
    return config


def install_pipeline(session: Session, pipeline: Pipeline) -> None:
    """Write the pipeline's stages and its thresholds; a stage that left the file stays
    as it was, and one that was renamed takes what refers to it along."""
    hold(session, Lock.START)
    for position, stage in enumerate(pipeline.stage):
        session.merge(
            StageRow(
                name=stage.name,
                position=position,
                reserved=stage.reserved,
                closes=stage.closes,
                role=stage.role,
                renamed_to=None,
            )
        )
    session.flush()
    for old, new in renamings(pipeline).items():
        _rename(session, old, new)
    thresholds = thresholds_of(pipeline)
    for name, value in thresholds.items():
        session.merge(ThresholdRow(name=name, value=value))
    dropped = ThresholdRow.name.not_in(thresholds)
    session.execute(delete(ThresholdRow).where(dropped))


def _rename(session: Session, old: str, new: str) -> None:
    """Bring what stands at a stage to its new name. Decisions keep the old one, whose
    row says the new one."""
    is_old = (StageRow.name == old) | (StageRow.renamed_to == old)
    is_news = is_old & StageRow.renamed_to.is_distinct_from(new)
    session.execute(update(StageRow).where(is_news).values(renamed_to=new))
    columns = (
        LeadRow.stage,
        LeadRow.signed_stage,
        LeadRow.vouched_stage,
        LeadRow.observed_stage,
        ProposalRow.from_stage,
        ProposalRow.to_stage,
    )
    for column in columns:
        moved = update(column.class_).where(column == old).values({column: new})
        session.execute(moved)
