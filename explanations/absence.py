"""Absences: an awaited event that is overdue, and when it should have come."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from explanations.evidence import ATTRIBUTES_KIND
from explanations.scorer import EVERY_SEGMENT, ScorerFacts
from features.catalogue import Awaited, Catalogue
from features.event import Event
from features.known import ROW, field_column, is_selected
from features.selector import Selector

AWAITED_SOURCE = "frein"
_SEGMENT = "segment"


@dataclass(frozen=True, slots=True)
class Absence:
    """Since when an event is awaited, and the event as it should have come."""

    since: datetime
    event: Event


def absences(
    known: pl.DataFrame, moments: pl.DataFrame, catalogue: Catalogue, facts: ScorerFacts
) -> dict[tuple[int, str], Absence]:
    """The overdue events, by row and idea.

    An event is overdue when none came since its anchor (the last event `after`,
    or the lead's first event) and the segment's usual delay has gone by.
    """
    awaited = {name: i.awaited for name, i in catalogue.ideas.items() if i.awaited}
    if not awaited:
        return {}
    columns = [column for item in awaited.items() for column in _times(*item)]
    seen = known.group_by(ROW).agg(_segment(catalogue), *columns)
    return {
        (row[ROW], idea): absence
        for row in seen.iter_rows(named=True)
        for idea, one in awaited.items()
        if (absence := _absence(row, idea, one, moments.row(row[ROW]), facts))
    }


def anchor_selector(awaited: Awaited) -> Selector:
    """The events that start the wait: `after`, or any."""
    return Selector(kind=(awaited.after,) if awaited.after else ())


def _times(idea: str, awaited: Awaited) -> Iterator[pl.Expr]:
    start = pl.col("occurred_at").filter(is_selected(anchor_selector(awaited)))
    yield (start.max() if awaited.after else start.min()).alias(f"{idea}.since")
    instead = pl.col("kind").is_in(awaited.unless)
    came = pl.col("occurred_at").filter(is_selected(awaited.selector) | instead)
    yield came.max().alias(f"{idea}.came")


def _segment(catalogue: Catalogue) -> pl.Expr:
    if catalogue.segment is None:
        return pl.lit(EVERY_SEGMENT).first().alias(_SEGMENT)
    set_now = pl.col("kind") == ATTRIBUTES_KIND
    value = pl.col(field_column(catalogue.segment)).filter(set_now)
    return value.drop_nulls().last().alias(_SEGMENT)


def _absence(
    row: dict[str, object],
    idea: str,
    awaited: Awaited,
    moment: tuple[str, datetime],
    facts: ScorerFacts,
) -> Absence | None:
    since, came = row[f"{idea}.since"], row[f"{idea}.came"]
    delays = facts.usual_delay_hours.get(idea, {})
    hours = delays.get(str(row[_SEGMENT]), delays.get(EVERY_SEGMENT))
    if hours is None or not isinstance(since, datetime):
        return None
    if isinstance(came, datetime) and came >= since:
        return None
    lead_id, now = moment
    due = since + timedelta(hours=hours)
    return (
        Absence(since, _as_event(idea, awaited, lead_id, due)) if due <= now else None
    )


def _as_event(idea: str, awaited: Awaited, lead_id: str, due: datetime) -> Event:
    return Event(
        event_id=f"awaited-{idea}",
        source=AWAITED_SOURCE,
        lead_id=lead_id,
        kind=awaited.kind,
        occurred_at=due,
        received_at=due,
        actor=awaited.actor,
        data={**awaited.where, **awaited.data},
    )
