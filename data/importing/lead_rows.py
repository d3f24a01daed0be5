"""Reader of tables whose rows are leads: attributes, and the ending if it has one."""

import polars as pl

from data.importing.block import BETWEEN_CELLS, content_keys
from data.importing.cells import Cells
from data.importing.mapping import Delay, FieldColumn, LeadMapping
from data.importing.rows import actors, as_json, rows_of, together
from features.event import ATTRIBUTES_KIND, TIME
from features.log import UNDATED_KIND

_OPEN = "open"


def lead_rows(cells: Cells, mapping: LeadMapping) -> list[pl.DataFrame]:
    """A block's rows as events, sound or not: their attributes, and their outcomes.

    A row gives an `attributes_set` event, even an empty one, so that the lead is in
    the log; and its outcome, of the kind "open" where there is none yet. The identity
    of each is the content of the cells it is made of: when a later export adds the
    outcome, the attributes keep theirs.
    """
    created = _created(cells, mapping)
    if mapping.columns.outcome is None:
        return [created]
    return [created, _closed(created, cells, mapping, mapping.columns.outcome)]


def events_of_lead_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """The events of all rows of some leads; what was said before counts once."""
    events = rows.filter(pl.col("kind") != _OPEN)
    return together(events.unique("event_id", keep="first", maintain_order=True))


def _created(cells: Cells, mapping: LeadMapping) -> pl.DataFrame:
    """The attributes of each row, when they were known."""
    columns, height = mapping.columns, cells.height
    made_of = [columns.lead_id, columns.time.column]
    cells.require(*made_of)
    occurred_at = cells.times(columns.time, cells[columns.time.column])
    return rows_of(
        cells,
        content=cells.block.keys(),
        event_id=_identities(cells, made_of, mapping.attributes, "attributes"),
        kind=pl.repeat(ATTRIBUTES_KIND, height, eager=True),
        occurred_at=occurred_at,
        received_at=occurred_at,
        data=as_json(cells.fields(mapping.attributes), height),
    )


def _closed(
    created: pl.DataFrame, cells: Cells, mapping: LeadMapping, column: str
) -> pl.DataFrame:
    """The outcome of each row, of the kind "open" where there is none yet."""
    columns = mapping.columns
    outcome = cells[column]
    kinds = cells.meanings(outcome, {**mapping.outcomes}, "outcome")
    kinds = kinds.set(outcome.is_null(), _OPEN)
    occurred_at = _closing_times(kinds, created["occurred_at"], cells, mapping)
    dates = [
        date.column for date in columns.outcome_time if not isinstance(date, Delay)
    ]
    made_of = [columns.lead_id, column, *dates]
    undated = occurred_at.is_null() & (kinds != _OPEN)
    undated = undated.fill_null(value=False)
    fields = [*cells.fields(mapping.data)]
    if undated.any():
        told = kinds.set(~undated, None).alias("outcome")
        fields = [told, *(field for field in fields if field.name != told.name)]
    return created.with_columns(
        _identities(cells, made_of, mapping.data, "outcome").alias("event_id"),
        kinds.set(undated, UNDATED_KIND).alias("kind"),
        occurred_at.fill_null(created["occurred_at"]).alias("occurred_at"),
        occurred_at.fill_null(created["occurred_at"]).alias("received_at"),
        actors(kinds, cells).alias("actor"),
        as_json(pl.DataFrame(fields), cells.height).alias("data"),
    )


def _closing_times(
    kinds: pl.Series, created: pl.Series, cells: Cells, mapping: LeadMapping
) -> pl.Series:
    """When won and lost leads were, by the first date of theirs that can be; of an
    open lead, a date is only expected."""
    closed = pl.repeat(None, cells.height, dtype=TIME, eager=True)
    for date in mapping.columns.outcome_time:
        is_undated = (kinds != _OPEN) & closed.is_null()
        if isinstance(date, Delay):
            times = created.dt.offset_by(f"{date.days * 24}h").set(~is_undated, None)
        else:
            written = cells[date.column].set(~is_undated.fill_null(False), None)
            times = _not_before(created, cells.times(date, written), mapping)
        closed = closed.zip_with(closed.is_not_null(), times)
    return closed


def _not_before(
    created: pl.Series, closed: pl.Series, mapping: LeadMapping
) -> pl.Series:
    """Closing times, at least the creation: a date without an hour means its day. What
    was closed before that day was not closed then: null."""
    first_day, last_day = (
        time.dt.convert_time_zone(mapping.time_zone).dt.date()
        for time in (created, closed)
    )
    early = (closed < created).fill_null(False)
    same_day = early & (first_day == last_day).fill_null(False)
    return closed.zip_with(~same_day, created).set(early & ~same_day, None)


def _identities(
    cells: Cells, columns: list[str], fields: dict[str, FieldColumn], part: str
) -> pl.Series:
    names = dict.fromkeys([*columns, *(field.column for field in fields.values())])
    joined = pl.concat_str(pl.col(*names).fill_null(""), separator=BETWEEN_CELLS)
    return content_keys(cells.frame.select(joined).to_series()) + f"-{part}"
