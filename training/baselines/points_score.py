"""A points score: rules with weights, as marketing automation tools have it."""

import tomllib
from pathlib import Path

import polars as pl
from pydantic import TypeAdapter, model_validator

from features.arrays import FloatArray
from features.catalogue import Catalogue, MonotoneConstraint
from features.selector import Strict

RULES_FILE = Path(__file__).parent / "points_score.toml"
DERIVED_POINTS = 10.0


class Rule(Strict):
    """Points where a signal reaches a bound, or is one of some labels."""

    signal: str
    points: float
    at_least: float | None = None
    at_most: float | None = None
    any_of: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _says_when(self) -> "Rule":
        tests = [self.at_least is not None, self.at_most is not None, self.any_of != ()]
        if sum(tests) != 1:
            raise ValueError(f"{self.signal}: give one of at_least, at_most, any_of")
        return self

    @property
    def applies(self) -> pl.Expr:
        """Where it does; never where the signal is unknown."""
        column = pl.col(self.signal)
        if self.any_of:
            return column.is_in(self.any_of).fill_null(value=False)
        if self.at_least is not None:
            return (column >= self.at_least) & column.is_not_nan()
        return (column <= self.at_most) & column.is_not_nan()


_RULES = TypeAdapter(dict[str, tuple[Rule, ...]])


def rules_of(catalogue: Catalogue) -> tuple[Rule, ...]:
    """The rules written for the catalogue; else one for each declared direction."""
    written = _RULES.validate_python(
        tomllib.loads(RULES_FILE.read_text(encoding="utf-8"))
    )
    known = set(catalogue.names)
    rules = tuple(r for r in written.get(catalogue.name, ()) if r.signal in known)
    return rules or tuple(
        Rule(signal=s.name, at_least=1, points=s.direction * DERIVED_POINTS)
        for s in catalogue.signals
        if s.direction is not MonotoneConstraint.FREE
    )


def points(signals: pl.DataFrame, rules: tuple[Rule, ...]) -> FloatArray:
    """The points of each row, (n_rows,) float64; `signals` as `featurise` returns it.

    Examples
    --------
    >>> rule = Rule(signal="replies", at_least=1, points=15)
    >>> points(pl.DataFrame({"replies": [0.0, 2.0]}), (rule,))
    array([ 0., 15.])
    """
    each = [rule.applies.cast(pl.Float64) * rule.points for rule in rules]
    return signals.select(pl.sum_horizontal(each)).to_series().to_numpy()
