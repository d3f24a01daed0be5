"""The plain stack: pandas, `mlflow.pyfunc` and `shap`. No check, and no text."""

import warnings
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import orjson
import pandas as pd
import shap

from benchmarks.speed.plain_signals import signals_of_lead, signals_of_leads
from explanations.scorer import Scorer
from features.arrays import FloatArray
from features.log import EVENTS_FILE
from training.registry.registry import CHAMPION, MODEL_NAME, connect

_COLUMNS = {
    "id": "event_id",
    "type": "kind",
    "subject": "lead_id",
    "time": "occurred_at",
    "receivedat": "received_at",
}


@dataclass(frozen=True, slots=True)
class Explained:
    """Scores (n_leads,) in points, and SHAP values (n_leads, n_signals), log-odds."""

    leads: pd.Index
    scores: FloatArray
    values: FloatArray


@dataclass(frozen=True, slots=True)
class PlainStack:
    """The champion as a user loads it; its codes and catalogue are the user's own."""

    model: Any  # mlflow.pyfunc.PyFuncModel
    explainer: shap.TreeExplainer
    scorer: Scorer

    def of_call(self, body: bytes) -> Explained:
        """One lead, from the JSON that `POST /v1/scores` takes."""
        asked = orjson.loads(body)
        events = pd.DataFrame(asked["leads"][0]["events"]).rename(columns=_COLUMNS)
        for name in ("occurred_at", "received_at"):
            events[name] = pd.to_datetime(events[name])
        moment = datetime.fromisoformat(asked["moment"])
        facts = self.scorer.facts
        return self._explained(
            signals_of_lead(events, moment, self.scorer.catalogue, facts.codes)
        )

    def of_log(self, folder: Path, moment: datetime) -> Explained:
        """Every lead of a log, in one go."""
        events = pd.read_parquet(folder / EVENTS_FILE)
        facts = self.scorer.facts
        return self._explained(
            signals_of_leads(events, moment, self.scorer.catalogue, facts.codes)
        )

    def _explained(self, signals: pd.DataFrame) -> Explained:
        scores = 100 * np.asarray(self.model.predict(signals))
        with warnings.catch_warnings():  # shap's, of what changed in 2019
            warnings.simplefilter("ignore", UserWarning)
            values = self.explainer.shap_values(signals)
        return Explained(signals.index, scores, values)


def plain_stack(scorer: Scorer) -> PlainStack:
    """The champion, loaded by `mlflow.pyfunc`; `scorer` is what Frein made of it."""
    connect()
    return PlainStack(
        model=mlflow.pyfunc.load_model(f"models:/{MODEL_NAME}@{CHAMPION}"),
        explainer=shap.TreeExplainer(scorer.booster),
        scorer=scorer,
    )
