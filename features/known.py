"""What was known of each lead at each moment: the log seen from a moment."""

import polars as pl

from features.catalogue import Catalogue
from features.event import TIME
from features.log import once_each
from features.selector import ANY_VALUE, KIND_FIELD, Selector

MOMENT_SCHEMA = pl.Schema({"lead_id": pl.String(), "moment": TIME})
ROW = "row"  # the position of a moment in the frame of moments


def known_events(
    events: pl.DataFrame, moments: pl.DataFrame, catalogue: Catalogue
) -> pl.DataFrame:
    """Pair every moment with the events that had occurred and were received by then.

    Parameters
    ----------
    events : DataFrame of EVENT_SCHEMA
        Duplicates of a lead's (source, event_id) count once, the first received.
    moments : DataFrame of shape (n_moments, 2), MOMENT_SCHEMA
    catalogue : Catalogue
        Its fields are taken out of `data`, as text, one column `data.<field>` each.

    Returns
    -------
    DataFrame, sorted by row, time, source and event_id
        `row` (uint32), `age_days` (float64, >= 0, days before the moment), `kind`,
        `actor`, `source`, `event_id`, `occurred_at`, and the fields.
    """
    return (
        moments.with_row_index(ROW)
        .join(once_each(events, "lead_id"), on="lead_id")
        .filter(
            (pl.col("occurred_at") <= pl.col("moment"))
            & (pl.col("received_at") <= pl.col("moment"))
        )
        .sort(ROW, "occurred_at", "source", "event_id")
        .select(
            ROW,
            "kind",
            "actor",
            "source",
            "event_id",
            "occurred_at",
            age_days=(pl.col("moment") - pl.col("occurred_at")).dt.total_microseconds()
            / 86_400e6,
            **{
                field_column(field): pl.col("data").str.json_path_match(f"$.{field}")
                for field in catalogue.fields
                if field != KIND_FIELD
            },
        )
    )


def field_column(field: str) -> str:
    """The column of `known_events` that holds a field of `data`, or the kind."""
    return "kind" if field == KIND_FIELD else f"data.{field}"


def is_selected(selector: Selector, window_days: float | None = None) -> pl.Expr:
    """Boolean, never null: is this known event one that the selector means?

    A window of w days holds the events of an age < w.
    """
    conditions = []
    if selector.kind:
        conditions.append(pl.col("kind").is_in(selector.kind))
    if selector.actor:
        conditions.append(pl.col("actor").is_in([a.value for a in selector.actor]))
    for field, wanted in selector.where:
        conditions.append(_holds(pl.col(field_column(field)), wanted))
    if selector.after is not None:
        last = pl.when(pl.col("kind") == selector.after).then(pl.col("age_days")).min()
        conditions.append((pl.col("age_days") < last.over(ROW)).fill_null(value=False))
    if window_days is not None:
        conditions.append(pl.col("age_days") < window_days)
    return pl.all_horizontal(conditions) if conditions else pl.lit(True)


def _holds(column: pl.Expr, wanted: tuple[str | int | float | bool, ...]) -> pl.Expr:
    """Does a field equal one of the values wanted, or is it a list that holds one?"""
    if ANY_VALUE in wanted:
        return (column.is_not_null() & ~column.is_in(["", "[]"])).fill_null(value=False)
    texts = [_as_json_text(value) for value in wanted]
    listed = [column.str.contains(f'"{text}"', literal=True) for text in texts]
    is_list = column.str.starts_with("[")
    return (column.is_in(texts) | (is_list & pl.any_horizontal(listed))).fill_null(
        value=False
    )


def _as_json_text(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
