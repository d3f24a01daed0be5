"""The order of a lead's events that share a time, made explicit."""

import polars as pl


def space_ties(events: pl.DataFrame, ranking: tuple[str, ...]) -> pl.DataFrame:
    """Each lead's events at times of their own, and in a stable order.

    Events of a lead that share a time are put 1 µs apart: the kinds of `ranking`
    first, in its order, then the others, then by line. What follows within those
    microseconds moves on with them. `received_at` moves by as much.
    """
    places = {kind: place for place, kind in enumerate(ranking)}
    ordered = events.sort(
        "lead_id",
        "occurred_at",
        pl.col("kind").replace_strict(
            places, default=len(places), return_dtype=pl.Int64
        ),
        "line",
        maintain_order=True,
    )
    place = pl.int_range(pl.len()).over("lead_id")
    written = pl.col("occurred_at").dt.epoch("us")
    spaced = (written - place).cum_max().over("lead_id") + place
    shift = pl.duration(microseconds=spaced - written)
    moved = ordered.with_columns(
        pl.col("occurred_at") + shift,
        pl.col("received_at") + shift,
        moved=spaced > written,
    )
    return moved.sort("occurred_at", "lead_id")
