"""The filter beside the demo log is right, and better than a straight line."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from data.demo.record import IDEAS
from data.generate import LOG_DAYS, generate
from features.arrays import FloatArray
from features.log import read_log

LEADS = 3000
Table = FloatArray


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("truth") / "log"
    generate(folder, leads=LEADS, seed=11)
    return folder


@pytest.fixture(scope="module")
def truth(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "truth.parquet")


@pytest.fixture(scope="module")
def complete(truth: pl.DataFrame) -> pl.DataFrame:
    """The moments whose horizon is complete."""
    return truth.drop_nulls("won_within_horizon")


def test_every_open_week_has_a_row(truth: pl.DataFrame) -> None:
    assert truth.columns == [
        "lead_id",
        "moment",
        "p_win",
        "won_within_horizon",
        *(f"share_{idea.value}" for idea in IDEAS),
    ]
    assert truth["p_win"].is_between(0, 1, closed="none").all()
    gap = truth.select(pl.col("moment").diff().over("lead_id")).to_series().drop_nulls()
    assert set(gap.dt.total_days()) == {7}
    assert truth.drop("won_within_horizon").null_count().sum_horizontal().item() == 0


def test_only_a_horizon_past_the_end_is_unknown(truth: pl.DataFrame) -> None:
    known = truth.with_columns(
        pl.col("won_within_horizon").is_not_null().alias("known")
    )
    latest = known.filter("known")["moment"].max()
    earliest = known.filter(~pl.col("known"))["moment"].min()
    assert latest is not None
    assert earliest is not None
    assert latest < earliest  # type: ignore[operator]  # polars types any scalar


def test_labels_agree_with_the_log(folder: Path, complete: pl.DataFrame) -> None:
    won = read_log(folder).events.filter(pl.col("kind") == "won")
    dated = complete.join(
        won.select("lead_id", "occurred_at"), on="lead_id", how="left"
    )
    within = (pl.col("occurred_at") - pl.col("moment")) < pl.duration(days=60)
    expected = dated.select(within.fill_null(value=False)).to_series()
    assert (expected == dated["won_within_horizon"]).all()
    assert (dated["occurred_at"].drop_nulls() > dated["moment"].min()).all()


def test_the_filter_ranks_well_but_not_perfectly(complete: pl.DataFrame) -> None:
    auc = roc_auc_score(complete["won_within_horizon"], complete["p_win"])
    assert 0.75 <= auc <= 0.88


def test_the_filter_is_calibrated(complete: pl.DataFrame) -> None:
    """By fifths of the probability, within four standard errors by lead."""
    fifth = (pl.col("p_win").rank() / pl.len() * 5).ceil()
    by_fifth = complete.group_by(fifth.alias("fifth")).agg(
        pl.col("p_win").mean(),
        pl.col("won_within_horizon").mean().alias("won"),
        pl.col("lead_id").n_unique().alias("leads"),
    )
    p, won = by_fifth["p_win"].to_numpy(), by_fifth["won"].to_numpy()
    error = np.sqrt(p * (1 - p) / by_fifth["leads"].to_numpy())
    assert (np.abs(won - p) < 4 * error).all()


def test_a_straight_line_does_worse(folder: Path, complete: pl.DataFrame) -> None:
    signals = simple_signals(read_log(folder).events, complete)
    won = complete["won_within_horizon"].to_numpy()
    lead = complete["lead_id"].to_numpy()
    early = lead < np.unique(lead)[int(0.6 * complete["lead_id"].n_unique())]
    line = make_pipeline(StandardScaler(), LogisticRegression(C=0.02, max_iter=2000))
    line.fit(signals[early], won[early])
    straight = roc_auc_score(won[~early], line.predict_proba(signals[~early])[:, 1])
    filtered = roc_auc_score(won[~early], complete["p_win"].to_numpy()[~early])
    assert straight > 0.65  # there is much to learn
    assert straight < filtered - 0.02


@pytest.mark.parametrize(
    ("kind", "text", "idea", "sign"),
    [
        ("page_viewed", "tarifs", "interet_tarifs", 1),
        ("email_replied", "relance", "reponses", 1),
        ("meeting_held", "", "rendez_vous", 1),
        ("document_downloaded", "", "documents", 1),
        ("call_received", "", "appels", 1),
        ("note_added", '"tone":2', "ressenti_terrain", 1),
        ("note_added", '"tone":-2', "ressenti_terrain", -1),
        ("note_added", "budget", "objections", -1),
        ("unsubscribed", "", "desabonnement", -1),
        ("page_viewed", "recrutement", "recrutement", -1),
        ("form_submitted", "demo", "demandes", 1),
        ("stage_changed", '"to":"proposition"', "etape", 1),
    ],
)
def test_a_recent_event_moves_its_own_driver(
    folder: Path, truth: pl.DataFrame, kind: str, text: str, idea: str, sign: int
) -> None:
    events = read_log(folder).events.filter(
        (pl.col("kind") == kind) & pl.col("data").str.contains(text, literal=True)
    )
    recent = (
        truth.join(events, on="lead_id")
        .filter(pl.col("received_at") <= pl.col("moment"))
        .filter(pl.col("moment") - pl.col("occurred_at") < pl.duration(days=7))
    )
    assert sign * recent.select(pl.col(f"share_{idea}").mean()).item() > 0.15


def test_what_a_channel_does_not_bring_is_a_clue_of_its_own(
    folder: Path, truth: pl.DataFrame
) -> None:
    events = read_log(folder).events
    for idea, kind in (("rendez_vous", "meeting_held"), ("appels", "call_received")):
        known = events.filter(pl.col("kind") == kind)["lead_id"]
        others = truth.filter(~pl.col("lead_id").is_in(known.implode()))
        assert others.select(pl.col(f"share_{idea}").mean()).item() < -0.05
    met = events.filter(pl.col("kind") == "meeting_held")["lead_id"]
    others = truth.filter(~pl.col("lead_id").is_in(met.implode()))
    after = pl.col("share_retour_apres_rendez_vous").abs().max()
    assert others.select(after).item() < 1e-9  # no meeting to come back after


def test_fast_replies_weigh_more_than_slow_ones(
    folder: Path, complete: pl.DataFrame
) -> None:
    share = complete["share_delai_reponse"]
    assert share.max() > 0.3  # type: ignore[operator]  # polars types any scalar
    assert share.min() < -0.3  # type: ignore[operator]  # the same


def test_the_log_lasts_eighteen_months(truth: pl.DataFrame) -> None:
    span = truth["moment"].max() - truth["moment"].min()  # type: ignore[operator]
    assert LOG_DAYS - 30 < span.days <= LOG_DAYS  # type: ignore[union-attr]


def simple_signals(events: pl.DataFrame, moments: pl.DataFrame) -> Table:
    """Counts over 14 and 90 days and days since the last, by kind; (rows, signals)."""
    page = pl.when(pl.col("data").str.contains("tarifs")).then(pl.lit("_tarifs"))
    events = events.with_columns(pl.col("kind") + page.otherwise(pl.lit("")))
    age = (pl.col("moment") - pl.col("occurred_at")).dt.total_hours() / 24
    seen = (
        moments.select("lead_id", "moment")
        .join(events, on="lead_id")
        .filter(pl.col("received_at") <= pl.col("moment"))
        .with_columns(age.alias("age"))
    )
    kinds = sorted(set(seen["kind"]))
    of = {kind: pl.col("age").filter(pl.col("kind") == kind) for kind in kinds}
    counts = [
        (of[kind] <= days).sum().alias(f"{kind}_{days}")
        for kind in kinds
        for days in (14, 90)
    ]
    since = [of[kind].min().fill_null(200).log1p().alias(f"{kind}_s") for kind in kinds]
    tone = pl.col("data").str.extract(r'"tone":(-?\d)').cast(pl.Float64).mean()
    source = pl.col("data").str.extract(r'"lead_source":"(\w+)"').drop_nulls().first()
    rows = seen.group_by("lead_id", "moment").agg(
        *counts,
        *since,
        tone.fill_null(0).alias("tone"),
        source.alias("lead_source"),
        pl.col("age").max().alias("since_entry"),
    )
    joined = moments.select("lead_id", "moment").join(
        rows, on=["lead_id", "moment"], how="left", maintain_order="left"
    )
    signals = joined.drop("lead_id", "moment").to_dummies("lead_source")
    return signals.fill_null(0).to_numpy().astype(np.float64)
