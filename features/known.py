"""What was known of each lead at each moment: the log seen from a moment."""

import orjson
import polars as pl

from features.catalogue import Catalogue
from features.event import TIME
from features.log import once_each
from features.selector import ANY_VALUE, KIND_FIELD, Selector

MOMENT_SCHEMA = pl.Schema({"lead_id": pl.String(), "moment": TIME})
ROW = "row"  # the position of a moment in the frame of moments

_PLAIN = r'(?:"(?:[^"\\]|\\.)*"|[^"\[\]{},\s]+)'  # a text or a number in a JSON list
_LIST_WITH = rf"^\[\s*(?:{_PLAIN}\s*,\s*)*(?:%s)(?:\s*,\s*{_PLAIN})*\s*\]$"


def known_events(
    events: pl.DataFrame, moments: pl.DataFrame, catalogue: Catalogue
) -> pl.DataFrame:
    """Pair every moment with the events that had occurred and were received by then.

    Events of a kind that the catalogue doesn't know are left out: no signal reads
    them, not even one that names no kind.

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
        .join(_of_known_kind(once_each(events, "lead_id"), catalogue), on="lead_id")
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
            age_days=divided(
                (pl.col("moment") - pl.col("occurred_at")).dt.total_microseconds(),
                86_400e6,
            ),
            **{
                field_column(field): pl.col("data").str.json_path_match(f"$.{field}")
                for field in catalogue.fields
                if field != KIND_FIELD
            },
        )
    )


def _of_known_kind(events: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    return events.filter(pl.col("kind").is_in(catalogue.known_kinds))


def divided(column: pl.Expr, by: float) -> pl.Expr:
    """The column divided by a number, to the same bit wherever a row stands.

    Polars divides some rows by a scalar and multiplies the others by its
    reciprocal, as their place in the frame has it (seen with 2.x): a lead would get
    another last bit alone than among others, and miss the edge of a window.
    """
    return column / (0 * column + by)


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
    conditions = [column.is_in([_as_text(value) for value in wanted])]
    if numbers := [float(value) for value in wanted if _is_number(value)]:
        conditions.append(as_number(column).is_in(numbers))
    written = "|".join(
        pl.escape_regex(orjson.dumps(value).decode()) for value in wanted
    )
    a_list = pl.when(column.str.starts_with("[")).then(column)
    conditions.append(a_list.str.contains(_LIST_WITH % written))
    return pl.any_horizontal(conditions).fill_null(value=False)


def as_number(column: pl.Expr) -> pl.Expr:
    """Float64, finite: null where the text is no number ("nan" and "inf" are none)."""
    number = column.cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)


def _as_text(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_number(value: str | int | float | bool) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
