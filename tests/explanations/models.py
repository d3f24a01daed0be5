"""Models for tests: one of the demo log, and one small enough to enumerate."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from data.generate import generate
from explanations.artifact import save_scorer
from explanations.scorer import Scorer, ScorerFacts
from features.arrays import BoolArray, FloatArray
from features.catalogue import Catalogue, parse_catalogue, read_catalogue
from features.log import Log, read_log
from features.timelines import MOMENT_SCHEMA
from tests.made_once import made_once
from training.dataset.moments import weekly_plan
from training.fitting.fit import FitSettings, fit
from training.fitting.train import TrainSettings, train

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
DEMO_CATALOGUE = Path("features/catalogue.toml")
ONE_THREAD = {"num_threads": 1}

SMALL_CATALOGUE = """
name = "petit"

[[idea]]
name = "visites"
expected = "appel"

[[signal]]
name = "visits"
idea = "visites"
count = { kind = "page_viewed" }
direction = "increasing"

[[signal]]
name = "days_since_visit"
idea = "visites"
days_since_last = { kind = "page_viewed" }

[[idea]]
name = "reponses"
expected = "appel"

[[signal]]
name = "replies"
idea = "reponses"
count = { kind = "email_replied" }

[[idea]]
name = "profil"
expected = "qualification"
nature = "fit"

[[signal]]
name = "sector"
idea = "profil"
last = { kind = "attributes_set", field = "sector", type = "category" }

[[signal]]
name = "headcount"
idea = "profil"
last = { kind = "attributes_set", field = "headcount" }
"""


def make_facts(**overrides: object) -> ScorerFacts:
    defaults: dict[str, object] = {
        "horizon_days": 60.0,
        "slope": 1.0,
        "intercept": 0.0,
        "codes": {},
        "grade_cuts": (40.0, 20.0, 10.0),
        "priority_cuts": (30.0, 10.0),
        "usual_delay_hours": {},
        "typical_from": -99.0,
        "score_range": (0.0, 100.0),
    }
    return ScorerFacts(**defaults | overrides)  # type: ignore[arg-type]  # a builder's overrides


def demo_log_folder(factory: pytest.TempPathFactory) -> Path:
    """A demo log of 1,200 leads."""

    def make(folder: Path) -> None:
        generate(folder / "log", leads=1_200, seed=3, with_truth=False)

    return made_once(factory, "demo-log", make) / "log"


def demo_scorer(factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A scorer of the demo log as saved, and its digest."""
    log = demo_log_folder(factory)

    def make(folder: Path) -> None:
        digest = save_scorer(folder, _trained_on(read_log(log)))
        (folder / "digest").write_text(digest, encoding="ascii")

    folder = made_once(factory, "demo-scorer", make)
    return folder, (folder / "digest").read_text(encoding="ascii")


def _trained_on(log: Log) -> Scorer:
    """As `frein train` does it, with fewer trees and one thread."""
    settings = TrainSettings(
        plan=weekly_plan(days=119, key_kinds=("email_replied", "meeting_held")),
        horizon_days=60.0,
        fit=FitSettings(
            n_trees=30, learning_rate=0.1, n_blocks=3, params=dict(ONE_THREAD)
        ),
        seed=7,
    )
    catalogue = read_catalogue(DEMO_CATALOGUE)
    return train(log, catalogue, settings, phase=lambda _: None).scorer


def small_scorer() -> Scorer:
    catalogue = parse_catalogue(SMALL_CATALOGUE)
    signals, won = small_signals(400, seed=5, catalogue=catalogue)
    moments = signals.select("lead_id", "moment", first_at=pl.col("moment"))
    settings = FitSettings(
        n_trees=6,
        num_leaves=8,
        max_depth=4,
        learning_rate=0.3,
        min_data_in_leaf=10,
        feature_fraction=1.0,
        min_leads_of_label=5,
        n_blocks=2,
        params={**ONE_THREAD, "min_data_per_group": 5, "cat_smooth": 1.0},
    )
    fitted = fit(
        signals,
        moments.with_columns(won=pl.Series(won), weight=1.0),
        catalogue,
        settings,
        seed=1,
    )
    return Scorer(
        fitted.booster,
        catalogue,
        make_facts(codes=fitted.codes, slope=fitted.slope, intercept=fitted.intercept),
    )


def small_signals(
    rows: int, *, seed: int, catalogue: Catalogue
) -> tuple[pl.DataFrame, BoolArray]:
    """Made-up signals with holes, and outcomes that they explain in part."""
    rng = np.random.default_rng(seed)
    visits = rng.poisson(2, rows).astype(float)
    age = np.where(visits > 0, rng.uniform(0, 30, rows), np.nan)
    replies = rng.poisson(0.7, rows).astype(float)
    sectors = np.array(["btp", "sante", "logiciel", "rare"])
    sector = sectors[rng.choice(4, rows, p=[0.4, 0.3, 0.29, 0.01])]
    headcount = np.where(rng.random(rows) < 0.25, np.nan, rng.lognormal(4, 1, rows))
    log_odds = 0.5 * visits - 0.05 * np.nan_to_num(age) + replies - 2.2
    log_odds += np.where(sector == "sante", 1.0, -0.3) * (1 + (visits > 2))
    won = rng.random(rows) < 1 / (1 + np.exp(-log_odds))
    unknown = rng.random(rows) < 0.15
    told = [None if u else str(s) for u, s in zip(unknown, sector, strict=True)]
    columns: list[Sequence[object] | FloatArray]
    columns = [visits, age, replies, told, headcount]
    signals = pl.DataFrame(
        {
            "lead_id": [f"L-{i}" for i in range(rows)],
            "moment": [BEGIN + timedelta(hours=i) for i in range(rows)],
            **{
                name: pl.Series(values)
                for name, values in zip(catalogue.names, columns, strict=True)
            },
        },
        schema_overrides=dict(MOMENT_SCHEMA),
    )
    return signals, won


def sampled_moments(log: Log, *, leads: int) -> pl.DataFrame:
    """A moment of every so many leads, at 10 % to 90 % of its own events."""
    shares = [0.1, 0.3, 0.5, 0.7, 0.9]
    lives = (
        log.events.filter(~pl.col("kind").is_in(["won", "lost"]))
        .sort("received_at")
        .group_by("lead_id", maintain_order=True)
        .agg("received_at")
        .sort("lead_id")
        .gather_every(max(1, log.events["lead_id"].n_unique() // leads))
        .head(leads)
    )
    pairs = [
        (lead_id, times[int(len(times) * shares[i % len(shares)])])
        for i, (lead_id, times) in enumerate(lives.iter_rows())
    ]
    return pl.DataFrame(pairs, schema=MOMENT_SCHEMA, orient="row")
