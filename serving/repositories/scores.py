"""Reading and writing openings of reasons. The only module that knows their table."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

import orjson
from pydantic import JsonValue
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from explanations.score import Score
from serving.database.tables import OpeningRow, ScoreRow, table_of
from serving.formats.score_json import score_json


def add_opening(session: Session, week: date, idea: str) -> None:
    """A reason was opened in the week that begins on this Monday: nothing else is
    kept, not who opened it, nor of which lead, nor when."""
    session.execute(insert(OpeningRow).values(week=week, idea=idea))


def openings_since(session: Session, week: date) -> dict[tuple[date, str], int]:
    """How many openings by week and idea, from a week on."""
    rows = session.execute(
        select(OpeningRow.week, OpeningRow.idea, func.count())
        .where(OpeningRow.week >= week)
        .group_by(OpeningRow.week, OpeningRow.idea)
    )
    return {(monday, idea): count for monday, idea, count in rows}


def add_score(session: Session, lead_uuid: UUID, score: Score, now: datetime) -> None:
    session.execute(
        insert(table_of(ScoreRow)),
        {
            "lead_id": lead_uuid,
            "moment": score.moment,
            "score": score.score,
            "priority": score.priority.value,
            "model_version": score.model.version,
            "model_sha256": score.model.sha256,
            "written_at": now,
            "body": orjson.dumps(score_json(score)).decode(),
        },
    )


def score_history(
    session: Session, lead_uuid: UUID, *, limit: int
) -> list[dict[str, JsonValue]]:
    """The scores of a lead as they were served, the latest first; not those whose body
    was let go."""
    bodies = session.scalars(
        select(ScoreRow.body)
        .where(ScoreRow.lead_id == lead_uuid, ScoreRow.body != "")
        .order_by(ScoreRow.id.desc())
        .limit(limit)
    )
    return [orjson.loads(body) for body in bodies]


def latest_score(session: Session, lead_uuid: UUID) -> dict[str, JsonValue] | None:
    """The latest score of a lead as it was served, or None if it has none."""
    return next(iter(score_history(session, lead_uuid, limit=1)), None)


def scores_at(
    session: Session, lead_uuids: Iterable[UUID], at: datetime
) -> dict[UUID, float]:
    """What some leads scored, as was last written by an instant."""
    latest = (
        select(func.max(ScoreRow.id))
        .where(ScoreRow.lead_id.in_(list(lead_uuids)), ScoreRow.written_at <= at)
        .group_by(ScoreRow.lead_id)
    )
    rows = session.execute(
        select(ScoreRow.lead_id, ScoreRow.score).where(ScoreRow.id.in_(latest))
    )
    return {row.lead_id: row.score for row in rows}


def last_scores(
    session: Session, lead_uuids: Iterable[UUID]
) -> dict[UUID, tuple[float, str]]:
    """The last score of each of some leads, and its body, which says it as well."""
    latest = (
        select(func.max(ScoreRow.id))
        .where(ScoreRow.lead_id.in_(list(lead_uuids)))
        .group_by(ScoreRow.lead_id)
    )
    rows = session.execute(
        select(ScoreRow.lead_id, ScoreRow.score, ScoreRow.body).where(
            ScoreRow.id.in_(latest)
        )
    )
    return {lead_uuid: (score, body) for lead_uuid, score, body in rows}


def latest_scores(
    session: Session, lead_uuids: Iterable[UUID]
) -> dict[UUID, dict[str, JsonValue]]:
    """The latest score of each of some leads, as it was served."""
    latest = (
        select(func.max(ScoreRow.id))
        .where(ScoreRow.lead_id.in_(list(lead_uuids)))
        .group_by(ScoreRow.lead_id)
    )
    rows = session.execute(
        select(ScoreRow.lead_id, ScoreRow.body).where(ScoreRow.id.in_(latest))
    )
    return {lead_uuid: orjson.loads(body) for lead_uuid, body in rows}
