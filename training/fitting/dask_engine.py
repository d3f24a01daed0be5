"""Training on a Dask cluster: buckets of the log are featurised by its workers, and
boosters grown by `lightgbm.dask`.

The machine that asks cuts the log into buckets of whole leads and sends them; workers
need the same environment, and no disk in common. It keeps of the log what moments and
labels are made of, and gets back one row of signals a moment.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from operator import itemgetter
from typing import Any

import lightgbm as lgb
import numpy as np
import polars as pl
from dask import array, delayed
from distributed import Client, Future
from distributed.client import FutureCancelledError
from distributed.scheduler import KilledWorker

from features.arrays import BoolArray, FloatArray, IntArray
from features.catalogue import Catalogue
from features.featurise import featurise
from features.log import Bucket, Location, Log, open_log
from features.timelines import MOMENT_SCHEMA
from training.errors import TrainingError
from training.fitting.boosting import Boost, Examples

SECONDS_TO_CONNECT = 10
CHUNKS_A_WORKER = 2  # of the rows: memory is taken and freed in halves
_OF_SKLEARN = {  # its estimators have defaults under these names: ours take their place
    "min_data_in_leaf": "min_child_samples",
    "feature_fraction": "colsample_bytree",
    "bagging_fraction": "subsample",
    "bagging_freq": "subsample_freq",
    "lambda_l2": "reg_lambda",
    "seed": "random_state",
}
_Rows = tuple[FloatArray, FloatArray, FloatArray]  # matrix, won as 0 and 1, weight


@contextmanager
def cluster_of(location: Location, address: str) -> Iterator[tuple[Log, "Cluster"]]:
    """A log without what its events say, and the cluster that holds all of it.

    Raises LogError as `read_log` does. Raises TrainingError if the scheduler can't be
    reached or has no worker, or a worker dies.
    """
    log = open_log(location)
    with connected(address) as client:
        each, contents = zip(*map(_read, log.buckets), strict=True)
        homes = [
            events.select(pl.col("lead_id").unique(), bucket=pl.lit(bucket))
            for bucket, events in enumerate(each)
        ]
        buckets = client.scatter(list(contents))
        try:
            yield (
                Log(log.about, pl.concat(each)),
                Cluster(client, buckets, pl.concat(homes)),
            )
        except (FutureCancelledError, KilledWorker) as error:
            raise TrainingError(f"{address}: {error}") from error


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """A client of a scheduler that has workers; raises TrainingError."""
    try:
        client = Client(address, timeout=SECONDS_TO_CONNECT)
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"{address}: no Dask scheduler answers ({error}); start one with "
            "`dask scheduler`, and workers with `dask worker`"
        ) from error
    with client:
        if not client.scheduler_info()["workers"]:
            raise TrainingError(
                f"{address}: the scheduler has no worker; start some with `dask worker`"
            )
        yield client


@dataclass(frozen=True, slots=True)
class Cluster:
    """An engine: `buckets` are Parquet files that workers hold; `homes` tells the
    `bucket` of each `lead_id`."""

    client: Client
    buckets: list[Future]
    homes: pl.DataFrame

    def signals(self, moments: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
        parts = (
            moments.with_row_index("position")
            .join(self.homes, on="lead_id")
            .partition_by("bucket", as_dict=True, include_key=False)
        )
        futures = [
            self.client.submit(_featurised, self.buckets[bucket], part, catalogue)
            for (bucket,), part in parts.items()
        ]
        done: list[pl.DataFrame] = self.client.gather(futures)
        return pl.concat(done).sort("position").drop("position")

    def boosting(self, examples: Examples) -> Boost:
        n_rows = len(examples.won)
        n_chunks = CHUNKS_A_WORKER * len(self.client.scheduler_info()["workers"])
        # Rows by turns: each worker finds bins in its own, which must look alike.
        spans = [slice(first, None, n_chunks) for first in range(n_chunks)]
        chunks = self.client.scatter([_chunk(examples, span) for span in spans])

        def boost(rows: IntArray) -> lgb.Booster:
            """On rows of shape (n_fitted,), by number."""
            wanted = np.zeros(n_rows, bool)
            wanted[rows] = True
            mean = float(examples.weight[rows].mean())
            taken = [
                delayed(_taken)(chunk, wanted[span], mean)
                for chunk, span in zip(chunks, spans, strict=True)
            ]
            counts = [int(wanted[span].sum()) for span in spans]
            categories = _divided(examples, wanted)
            return _boosted(self.client, taken, counts, examples, categories)

        return boost


def _read(bucket: Bucket) -> tuple[pl.DataFrame, bytes]:
    """Events without what they say, and all of it as a Parquet file."""
    events, file = bucket.read(), BytesIO()
    events.write_parquet(file, compression="lz4", statistics=False)
    return events.with_columns(data=pl.lit("{}")), file.getvalue()


def _chunk(examples: Examples, span: slice) -> _Rows:
    won = examples.won[span].astype(np.float64)
    return examples.matrix[span], won, examples.weight[span]


def _divided(examples: Examples, wanted: BoolArray) -> list[str]:
    """The categories with two codes or more: a worker of LightGBM 4.7 dies of one that
    is unknown throughout. Read as numbers the others say as much."""
    columns = {
        name: examples.matrix[wanted, examples.names.index(name)]
        for name in examples.categories
    }
    return [
        name
        for name, codes in columns.items()
        if len(np.unique(codes[~np.isnan(codes)])) > 1
    ]


def _boosted(
    client: Client,
    taken: list[object],
    counts: list[int],
    examples: Examples,
    categories: list[str],
) -> lgb.Booster:
    """One booster of all workers together, as text makes it: it knows no network."""
    n_signals = examples.matrix.shape[1]

    def column(which: int, *width: int) -> array.Array:
        return array.concatenate(
            [
                array.from_delayed(
                    delayed(itemgetter(which))(chunk), (count, *width), np.float64
                )
                for chunk, count in zip(taken, counts, strict=True)
                if count
            ]
        )

    params: dict[str, Any] = {
        _OF_SKLEARN.get(name, name): value for name, value in examples.params.items()
    }
    # A regressor of a binary objective: a classifier would ask each worker for both
    # labels.
    model = lgb.DaskLGBMRegressor(
        client=client, n_estimators=examples.n_trees, tree_learner="data", **params
    )
    with warnings.catch_warnings():
        # The estimator's own default, for which each worker's number of threads stands.
        warnings.filterwarnings("ignore", "Parameter n_jobs will be ignored")
        model.fit(
            column(0, n_signals),
            column(1),
            sample_weight=column(2),
            feature_name=list(examples.names),
            categorical_feature=categories,
        )
    return lgb.Booster(model_str=model.booster_.model_to_string())


# --- On the workers ---------------------------------------------------------


def _featurised(
    bucket: bytes, moments: pl.DataFrame, catalogue: Catalogue
) -> pl.DataFrame:
    events = pl.read_parquet(BytesIO(bucket))
    wanted = moments.select(MOMENT_SCHEMA.names())
    return moments.select("position").hstack(featurise(events, wanted, catalogue))


def _taken(rows: _Rows, wanted: BoolArray, mean_weight: float) -> _Rows:
    matrix, won, weight = rows
    return matrix[wanted], won[wanted], weight[wanted] / mean_weight
