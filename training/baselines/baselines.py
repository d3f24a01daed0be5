"""Baselines: what a user would have without Frein, on the same leads and moments.

Each learns from a `Lesson` and scores `scored`, what `featurise` returns for the
lesson's catalogue, (n_moments, 2 + n_signals): probabilities, (n_moments,) float64.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import lightgbm as lgb
import numpy as np
import polars as pl
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from explanations.scorer import probability
from features.arrays import FloatArray
from features.catalogue import Catalogue
from features.encoding import encode
from features.errors import CatalogueError
from features.log import AnyLog
from training.baselines.odoo import odoo_probabilities
from training.baselines.points_score import Rule, points, rules_of
from training.dataset.encoding import LearntEncoding, learn_encoding
from training.dataset.moments import lead_lives
from training.dataset.signals import signals_of
from training.fitting.calibration import fit_affine

N_BANDS = 10  # of a number, as an Odoo user would cut it into ranges
MOST_MOMENTS = 200_000  # learnt from: more changes a baseline little, and takes long
MIN_LEADS_OF_LABEL = 20  # of the logistic regression, as FitSettings has it
HUNDRED = 100.0  # points; keeps the calibration's slope near 1
_FLAT = 1e-6  # a slope that keeps the order and says next to nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What a baseline may learn from: labelled moments and their signals, row for row.

    `known_at`: outcomes received later are unknown.
    """

    log: AnyLog
    catalogue: Catalogue
    moments: pl.DataFrame
    signals: pl.DataFrame
    known_at: datetime

    def of_fewer_leads(self, *, most: int = MOST_MOMENTS, seed: int = 0) -> "Lesson":
        """Of as many leads, drawn at random, as have about `most` moments."""
        if self.moments.height <= most:
            return self
        leads = self.moments["lead_id"].unique(maintain_order=True)
        share = most / self.moments.height
        rows = self.moments["lead_id"].is_in(
            leads.sample(fraction=share, seed=seed).implode()
        )
        return replace(
            self, moments=self.moments.filter(rows), signals=self.signals.filter(rows)
        )

    def encoding(self, *, min_leads: int) -> LearntEncoding:
        """How its signals become numbers, and these; rarer labels share a code."""
        return learn_encoding(
            self.signals, self.moments, self.catalogue, min_leads=min_leads
        )


def baselines(lesson: Lesson, scored: pl.DataFrame) -> dict[str, FloatArray]:
    """What each baseline says of some moments, (n_moments,) each, by its name.

    Those that don't apply are left out: a catalogue without stages has no Odoo
    baseline, one without rules and without directions no points.
    """
    said, fewer = {}, lesson.of_fewer_leads()
    signals = lesson.catalogue.signals
    if any(signal.last is not None and signal.last.order for signal in signals):
        said["odoo"] = odoo_baseline(lesson, scored)
    if rules := rules_of(lesson.catalogue):
        said["points"] = points_baseline(fewer, scored, rules)
    said["logistic"] = logistic_baseline(fewer, scored)
    said["lightgbm_31"] = lightgbm_31(fewer, scored)
    return said


def odoo_baseline(lesson: Lesson, scored: pl.DataFrame) -> FloatArray:
    """What Odoo's predictive lead scoring says of some moments, (n_moments,).

    It reads the stage and the lead's attributes, numbers in bands of equal mass, and
    learns from the leads whose outcome was known, each with its values just before that
    outcome. Raises CatalogueError if no category of the catalogue has an `order`, as a
    stage does.
    """
    log, catalogue = lesson.log, lesson.catalogue
    stage_field, stages = stage_of(catalogue)
    ended = lead_lives(log, known_at=lesson.known_at).drop_nulls("ended_at")
    just_before = pl.col("ended_at") - timedelta(microseconds=1)
    closed = ended.select("lead_id", "won", moment=just_before)
    values = signals_of(log, closed, catalogue)
    attributes = [signal for signal in catalogue.signals if signal.is_attribute]
    categories = [signal.name for signal in attributes if signal.is_category]
    numbers = [s.name for s in attributes if not (s.is_category or s.is_text)]
    bands = [_band(name, values[name]) for name in numbers]
    return odoo_probabilities(
        values.with_columns(bands),
        closed["won"].to_numpy(),
        scored.with_columns(bands),
        stage_field=stage_field,
        stages=stages,
        fields=[*categories, *numbers],
    )


def stage_of(catalogue: Catalogue) -> tuple[str, tuple[str, ...]]:
    """The catalogue's stage: its first ordered category, and the order."""
    for signal in catalogue.signals:
        if signal.last is not None and signal.last.order:
            return signal.name, signal.last.order
    raise CatalogueError(
        f"catalogue {catalogue.name!r}: Odoo's algorithm needs a stage, "
        "and no category has an `order`"
    )


def points_baseline(
    lesson: Lesson, scored: pl.DataFrame, rules: tuple[Rule, ...]
) -> FloatArray:
    """Probabilities in the order of the points, as likely as such points were: (n,).

    Such tools give no probability, so log loss would have nothing to read: slope and
    intercept are Platt's, on the training moments. The order is left as it is, even
    where the points rank those backwards.
    """
    won = lesson.moments["won"].to_numpy()
    learnt, scored_points = (
        points(frame, rules) / HUNDRED for frame in (lesson.signals, scored)
    )
    try:
        slope, intercept = fit_affine(learnt, won)
    except ValueError:
        rate = won.mean()
        slope, intercept = _FLAT, float(np.log(rate / (1 - rate)))
    return probability(slope * scored_points + intercept)


def logistic_baseline(lesson: Lesson, scored: pl.DataFrame) -> FloatArray:
    """Logistic regression on the same signals, as a data scientist begins; (n,).

    Medians and missing indicators, standard scores, one column a label.
    """
    learnt = lesson.encoding(min_leads=MIN_LEADS_OF_LABEL)
    model = _pipeline(lesson.catalogue)
    model.fit(
        learnt.matrix,
        lesson.moments["won"].to_numpy(),
        logisticregression__sample_weight=lesson.moments["weight"].to_numpy(),
    )
    matrix = encode(scored, lesson.catalogue, learnt.codes)
    answer: FloatArray = model.predict_proba(matrix)[:, 1]
    return answer


def _pipeline(catalogue: Catalogue) -> Pipeline:
    categories = [catalogue.names.index(name) for name in catalogue.categories]
    numbers = [i for i in range(len(catalogue.names)) if i not in categories]
    known = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
    )
    columns = make_column_transformer(
        (known, numbers), (OneHotEncoder(handle_unknown="ignore"), categories)
    )
    return make_pipeline(columns, LogisticRegression(max_iter=1_000))


def lightgbm_31(lesson: Lesson, scored: pl.DataFrame) -> FloatArray:
    """LightGBM as it comes: 31 leaves, 100 trees, no weights, no calibration.

    Probabilities, (n_moments,).
    """
    catalogue, learnt = lesson.catalogue, lesson.encoding(min_leads=1)
    dataset = lgb.Dataset(
        learnt.matrix,
        lesson.moments["won"].to_numpy().astype(np.float64),
        feature_name=list(catalogue.names),
        categorical_feature=list(catalogue.categories),
    )
    params = {"objective": "binary", "deterministic": True, "force_row_wise": True}
    booster = lgb.train({**params, "verbosity": -1}, dataset, 100)
    return np.asarray(booster.predict(encode(scored, catalogue, learnt.codes)))


def _band(name: str, learnt_from: pl.Series) -> pl.Expr:
    """A number as the text of its band; null where unknown."""
    known = learnt_from.drop_nans().drop_nulls().to_numpy()
    if not len(known):
        return pl.lit(None, dtype=pl.String).alias(name)
    cuts = np.unique(np.quantile(known, np.arange(1, N_BANDS) / N_BANDS)).tolist()
    column = pl.col(name)
    band = pl.sum_horizontal([column > cut for cut in cuts]).cast(pl.String)
    return pl.when(column.is_not_nan()).then(band).alias(name)
