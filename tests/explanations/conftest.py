"""What takes seconds to make is made once: a demo log and a model of few trees."""

import polars as pl
import pytest

from explanations.artifact import load_scorer
from explanations.explain import Explainer
from explanations.score import ModelId
from explanations.scorer import Scorer
from explanations.telling import ExplainedRows, explain_rows
from explanations.wording import read_wording
from features.log import Log, read_log
from tests.explanations.models import (
    demo_log_folder,
    demo_scorer,
    sampled_moments,
    small_scorer,
)


@pytest.fixture(scope="session")
def demo_log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    return read_log(demo_log_folder(tmp_path_factory))


@pytest.fixture(scope="session")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    """Trained on the demo log with the shipped catalogue."""
    return load_scorer(*demo_scorer(tmp_path_factory))


@pytest.fixture(scope="session")
def explainer(scorer: Scorer) -> Explainer:
    model = ModelId(name="essai", version="1", sha256="0" * 64)
    return Explainer(scorer=scorer, wording=read_wording(scorer.catalogue), model=model)


@pytest.fixture(scope="session")
def demo_moments(demo_log: Log) -> pl.DataFrame:
    """One moment of each of 300 leads, early and late in their lives."""
    return sampled_moments(demo_log, leads=300)


@pytest.fixture(scope="session")
def told(demo_log: Log, demo_moments: pl.DataFrame, scorer: Scorer) -> ExplainedRows:
    return explain_rows(demo_log.events, demo_moments, scorer)


@pytest.fixture(scope="session")
def small() -> Scorer:
    """Five signals, one of them a category; a few trees on made-up rows."""
    return small_scorer()
