"""Reading and writing openings of reasons. The only module that knows their table."""

from datetime import date

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from serving.tables import OpeningRow


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
