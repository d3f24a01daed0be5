"""Evidence: what an idea's own signals read, as things that can be taken away."""

from functools import lru_cache

import polars as pl

from features.catalogue import Catalogue, Nature, Signal
from features.known import ROW, field_column, is_selected
from features.selector import FieldSelector, Selector

ATTRIBUTES_KIND = "attributes_set"  # its evidence is one field, not the whole event
EVENT_KEY = ("source", "event_id")


def evidence_frame(known: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """The evidence of every idea that may be told.

    Parameters
    ----------
    known : DataFrame
        As `features.known.known_events` returns it.

    Returns
    -------
    DataFrame
        `row`, `idea`, `source`, `event_id`, `field` (null: the whole event) and
        `occurred_at`; each piece once per idea.
    """
    readers = _readers(catalogue)
    idea_and_field = pl.col("reader").str.split_exact("/", 1)
    return (
        known.select(ROW, *EVENT_KEY, "occurred_at", **readers)
        .unpivot(index=[ROW, *EVENT_KEY, "occurred_at"], variable_name="reader")
        .filter(pl.col("value").cast(pl.Boolean))  # of no type where nobody reads
        .select(
            ROW,
            *EVENT_KEY,
            "occurred_at",
            idea_and_field.struct[0].alias("idea"),
            idea_and_field.struct[1].alias("field"),
        )
    )


@lru_cache(maxsize=32)
def _readers(catalogue: Catalogue) -> dict[str, pl.Expr]:
    """ "idea" or "idea/field" → does one of its signals read this known event?"""
    found: dict[str, list[pl.Expr]] = {}
    for signal in catalogue.signals:
        if catalogue.ideas[signal.idea].nature is not Nature.CONTEXT:
            found.setdefault(_reader(signal), []).append(_reads(signal))
    return {reader: pl.any_horizontal(reads) for reader, reads in found.items()}


def _reader(signal: Signal) -> str:
    (*_, selector) = signal.selectors
    if isinstance(selector, FieldSelector) and selector.kind == (ATTRIBUTES_KIND,):
        return f"{signal.idea}/{selector.field}"
    return signal.idea


def _reads(signal: Signal) -> pl.Expr:
    window = signal.window_days
    if window is not None and signal.trend is not None:
        window *= 2
    selectors = signal.selectors if signal.share is None else (signal.share.among,)
    return pl.any_horizontal([_takes(one, window) for one in selectors])


def _takes(selector: Selector, window_days: float | None) -> pl.Expr:
    selected = is_selected(selector, window_days)
    if not selector.kind:  # it reads that someone acted; the fields speak of others
        selected &= pl.col("kind") != ATTRIBUTES_KIND
    if not isinstance(selector, FieldSelector):
        return selected
    return selected & pl.col(field_column(selector.field)).is_not_null()
