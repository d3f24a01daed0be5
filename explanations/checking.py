"""Check by deletion or insertion: would the score move as the reason claims?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from explanations.candidate import Candidate
from explanations.evidence import EVENT_KEY
from explanations.reason import Evidence
from explanations.scorer import Scorer
from features.catalogue import Catalogue
from features.event import Event, events_frame
from features.featurise import signals_of
from features.known import ROW, field_column, known_events

MUST_MOVE = 0.1  # calibrated log-odds (design §6: a bar in points silences rare wins)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A row as it would be without this evidence, or with this event."""

    row: int
    evidence: tuple[Evidence, ...] = ()
    inserted: Event | None = None


def log_odds_of(
    variants: Sequence[Candidate | Variant],
    known: pl.DataFrame,
    moments: pl.DataFrame,
    scorer: Scorer,
) -> NDArray[np.float64]:
    """Score each variant's row again, without its evidence or with its event.

    What was known is changed, and the signals computed anew: the same as sending
    the changed events, at a fraction of the cost.

    Parameters
    ----------
    variants : sequence of n_variants Candidate or Variant
    known : DataFrame
        As `features.known.known_events` returns it, for `moments`.
    moments : DataFrame of shape (n_rows, 2), MOMENT_SCHEMA
    scorer : Scorer

    Returns
    -------
    ndarray of shape (n_variants,), float64, calibrated log-odds
    """
    if not variants:
        return np.empty(0)
    changed = _taken_out(variants, known)
    put_in = _put_in(variants, moments, scorer.catalogue)
    if not put_in.is_empty():
        both = pl.concat([changed, put_in])
        changed = both.sort(ROW, "occurred_at", *EVENT_KEY)
    rows = moments[[variant.row for variant in variants]]
    return scorer.log_odds(signals_of(changed, rows, scorer.catalogue))


def holds(candidate: Candidate, log_odds: float, log_odds_without: float) -> bool:
    """Does the score move the way the candidate claims, and by enough?"""
    moved = log_odds - log_odds_without
    return (moved if candidate.log_odds > 0 else -moved) >= MUST_MOVE


def _taken_out(
    variants: Sequence[Candidate | Variant], known: pl.DataFrame
) -> pl.DataFrame:
    """What is still known of each variant's row; its position is the new `row`."""
    place = {key: i for i, key in enumerate(known.select(ROW, *EVENT_KEY).iter_rows())}
    rows = np.array([variant.row for variant in variants])
    starts = np.searchsorted(known[ROW].to_numpy(), rows)
    sizes = np.searchsorted(known[ROW].to_numpy(), rows, side="right") - starts
    shifts = np.cumsum(sizes) - sizes - starts  # from a place in `known` to one in all
    every = np.arange(sizes.sum()) - np.repeat(shifts, sizes)
    stays = np.ones(len(every), dtype=bool)
    blank: dict[str, NDArray[np.bool_]] = {}
    for variant, shift in zip(variants, shifts, strict=True):
        for piece in variant.evidence:
            at = place[variant.row, piece.source, piece.event_id] + shift
            if piece.field is None:
                stays[at] = False
            else:
                blank.setdefault(piece.field, np.zeros(len(every), bool))[at] = True
    new_row = np.repeat(np.arange(len(rows)), sizes).astype(known[ROW].to_numpy().dtype)
    left: pl.DataFrame = known[every[stays]]
    return left.with_columns(
        pl.Series(ROW, new_row[stays]),
        *(_blanked(field, gone[stays]) for field, gone in blank.items()),
    )


def _blanked(field: str, gone: NDArray[np.bool_]) -> pl.Expr:
    """The field's column, unknown where it is gone."""
    name = field_column(field)
    return pl.when(pl.lit(pl.Series(~gone))).then(pl.col(name)).alias(name)


def _put_in(
    variants: Sequence[Candidate | Variant], moments: pl.DataFrame, catalogue: Catalogue
) -> pl.DataFrame:
    """The events put in, as they would be known at the rows' moments."""
    names = [str(i) for i in range(len(variants))]
    awaited = [
        replace(variant.inserted, lead_id=name)
        for name, variant in zip(names, variants, strict=True)
        if variant.inserted is not None
    ]
    if not awaited:
        return pl.DataFrame()
    rows = moments[[variant.row for variant in variants]]
    named = rows.with_columns(lead_id=pl.Series(names, dtype=pl.String()))
    return known_events(events_frame(awaited), named, catalogue)
