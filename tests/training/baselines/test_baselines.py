import numpy as np
import polars as pl
import pytest

from features.errors import CatalogueError
from features.featurise import featurise
from features.log import Log
from tests.factories import make_catalogue
from tests.training.builders import (
    HORIZON_DAYS,
    day,
    make_moments,
    make_visit_catalogue,
    make_visit_log,
)
from training.baselines.baselines import Lesson, lightgbm_31, odoo_baseline, stage_of
from training.dataset.split import before_and_after
from training.metrics.metrics import Ranking

CATALOGUE = make_visit_catalogue()
LOG = make_visit_log()
MOMENTS, _ = make_moments(LOG, CATALOGUE)
CUT = day(100)
TRAINING, TEST = before_and_after(
    MOMENTS, train_before=CUT, test_from=CUT, horizon_days=HORIZON_DAYS
)


def signals_of(moments: pl.DataFrame) -> pl.DataFrame:
    return featurise(LOG.events, moments.select("lead_id", "moment"), CATALOGUE)


def lesson_of(log: Log) -> Lesson:
    return Lesson(
        log=log,
        catalogue=CATALOGUE,
        moments=TRAINING,
        signals=signals_of(TRAINING),
        known_at=CUT,
    )


def ranked(said: np.ndarray) -> float:
    return Ranking.of(TEST["won"].to_numpy(), said).auc().item()


def test_the_stage_is_the_first_ordered_category() -> None:
    assert stage_of(CATALOGUE) == ("stage", ("nouveau", "qualifie"))


def test_a_catalogue_without_stages_has_no_odoo_baseline() -> None:
    with pytest.raises(CatalogueError, match="needs a stage"):
        stage_of(make_catalogue())


def test_odoo_learns_from_the_stage() -> None:
    said = odoo_baseline(lesson_of(LOG), signals_of(TEST))
    assert said.shape == (TEST.height,)
    assert ((said > 0) & (said < 1)).all()
    assert ranked(said) > 0.55


def test_odoo_uses_no_outcome_received_later() -> None:
    later = LOG.events.filter(pl.col("received_at") <= CUT)
    cut_log = type(LOG)(LOG.about, later)
    scored = signals_of(TEST)
    assert np.array_equal(
        odoo_baseline(lesson_of(LOG), scored),
        odoo_baseline(lesson_of(cut_log), scored),
    )


def test_odoo_skips_an_unknown_number() -> None:
    scored = signals_of(TEST)
    unknown = scored.with_columns(headcount=pl.lit(float("nan")))
    said = odoo_baseline(lesson_of(LOG), unknown)
    assert np.isfinite(said).all()


def test_lightgbm_as_it_comes_ranks_later_leads() -> None:
    said = lightgbm_31(lesson_of(LOG), signals_of(TEST))
    assert ranked(said) > 0.6
