"""The pipeline's copy in the database, which the third lock reads."""

from sqlalchemy.orm import Session

from governance.pipeline import Pipeline
from serving.database import Lock, hold
from serving.tables import StageRow, ThresholdRow


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
