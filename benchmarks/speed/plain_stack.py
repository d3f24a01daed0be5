"""The plain stack: signals in pandas, `mlflow.pyfunc` and `shap`; no check, no text.

Signals are computed as a user without Frein would write them: by Boolean masks, and by
`groupby` where there are many leads. For plain content only: fields hold texts, numbers
or lists of texts, and none is a number written as a text.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, reduce
from operator import and_
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd

from explanations.scorer import Scorer
from features.arrays import FloatArray
from features.catalogue import Catalogue, Latency, Signal
from features.encoding import Codes
from features.selector import ANY_VALUE, FieldSelector, Selector
from features.text import TextModel

_COLUMNS = {
    "id": "event_id",
    "type": "kind",
    "subject": "lead_id",
    "time": "occurred_at",
    "receivedat": "received_at",
}
DAY, HOUR = 86_400.0, 3_600.0  # seconds

Figure = Any  # a number, or one a lead: a Series with the leads as its index
Statistic = Callable[[pd.Series], Figure]


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
    explainer: Any  # shap.TreeExplainer
    scorer: Scorer

    def of_call(self, body: bytes) -> Explained:
        """One lead, from the JSON that `POST /v1/scores` takes."""
        call = orjson.loads(body)
        events = pd.DataFrame(call["leads"][0]["events"]).rename(columns=_COLUMNS)
        for name in ("occurred_at", "received_at"):
            events[name] = pd.to_datetime(events[name])
        moment = datetime.fromisoformat(call["moment"])
        catalogue, codes = self.scorer.catalogue, self.scorer.facts.codes
        return self._explained(signals_of_lead(events, moment, catalogue, codes))

    def of_log(self, folder: Path, moment: datetime) -> Explained:
        """Every lead of a log, in one go."""
        events = pd.read_parquet(folder / "events")
        catalogue, codes = self.scorer.catalogue, self.scorer.facts.codes
        return self._explained(signals_of_leads(events, moment, catalogue, codes))

    def _explained(self, signals: pd.DataFrame) -> Explained:
        scores = 100 * np.asarray(self.model.predict(signals))
        with warnings.catch_warnings():  # shap's, of what changed in 2019
            warnings.simplefilter("ignore", UserWarning)
            values = self.explainer.shap_values(signals)
        return Explained(signals.index, scores, values)


def plain_stack(scorer: Scorer) -> PlainStack:
    """The champion, loaded by `mlflow.pyfunc`; `scorer` is what Frein made of it."""
    import mlflow  # here, since both take seconds, and shap warns as it loads
    import shap

    from training.registry.registry import CHAMPION, MODEL_NAME, connect

    connect()
    return PlainStack(
        model=mlflow.pyfunc.load_model(f"models:/{MODEL_NAME}@{CHAMPION}"),
        explainer=shap.TreeExplainer(scorer.booster),
        scorer=scorer,
    )


def signals_of_lead(
    events: pd.DataFrame, moment: datetime, catalogue: Catalogue, codes: Codes
) -> pd.DataFrame:
    """The signals of the one lead whose events these are, as the booster reads them.

    `events` have the columns of EVENT_SCHEMA, `data` as dictionaries; the signals are
    (1, n_signals) float64, in the catalogue's order.
    """
    plain = _Plain(_known(events, moment, catalogue), moment, _ALONE)
    row = {signal.name: plain.signal(signal) for signal in catalogue.signals}
    for name, learnt in codes.items():
        if isinstance(learnt, TextModel):
            row[name] = learnt.log_odds(row[name])
        elif row[name] is not None:
            row[name] = learnt.index(row[name]) if row[name] in learnt else 0
    return pd.DataFrame([row], dtype="float64")


def signals_of_leads(
    events: pd.DataFrame, moment: datetime, catalogue: Catalogue, codes: Codes
) -> pd.DataFrame:
    """The same of every lead, by `groupby`; `data` as JSON texts, as a log has them.

    The signals are (n_leads, n_signals) float64; the leads, in order, their index.
    """
    read = events.assign(data=[orjson.loads(text) for text in events["data"]])
    plain = _Plain(_known(read, moment, catalogue), moment, _BY_LEAD)
    columns = {signal.name: plain.signal(signal) for signal in catalogue.signals}
    table = pd.DataFrame(columns, index=pd.Index(sorted(set(events["lead_id"]))))
    zero = [signal.name for signal in catalogue.signals if signal.aggregate in _ZERO]
    table[zero] = table[zero].fillna(0.0)
    for name, learnt in codes.items():
        if isinstance(learnt, TextModel):
            table[name] = table[name].map(learnt.log_odds, na_action="ignore")
            continue
        known = table[name].notna()
        code_of = {label: code for code, label in enumerate(learnt)}
        table[name] = table[name].map(code_of).fillna(0).where(known)
    return table.astype("float64")


_ZERO = {"count", "distinct", "sum", "trend"}  # without an event


def _known(
    events: pd.DataFrame, moment: datetime, catalogue: Catalogue
) -> pd.DataFrame:
    """What was known at the moment, in order, with its age and a column a field."""
    known = (
        (events["occurred_at"] <= moment)
        & (events["received_at"] <= moment)
        & events["kind"].isin(catalogue.known_kinds)
    )
    by_time = ["lead_id", "occurred_at", "source", "event_id"]
    kept = events[known].sort_values(by_time, ignore_index=True)
    fields = {
        name: [data.get(name) for data in kept["data"]] for name in catalogue.fields
    }
    age = (moment - kept["occurred_at"]).dt.total_seconds() / DAY
    return pd.concat([kept, pd.DataFrame(fields)], axis=1).assign(age=age)


# --- One lead, or each of many ----------------------------------------------


@dataclass(frozen=True, slots=True)
class _Grouping:
    """Statistics of one lead, or of each: pandas names most of them alike."""

    of: Callable[[pd.Series, pd.Series], Any]  # values and leads: to take one of
    last: Statistic
    spread: Callable[[Figure, pd.Series], Figure]  # a lead's figure to its events


_ALONE = _Grouping(
    of=lambda values, _: values,
    last=lambda values: values.iloc[-1] if len(values) else None,
    spread=lambda figure, _: figure,
)
_BY_LEAD = _Grouping(
    of=lambda values, leads: values.groupby(leads.loc[values.index]),
    last=lambda grouped: grouped.last(),
    spread=lambda figures, leads: leads.map(figures),
)


class _Plain:
    """Known events, of one lead or of many, and what each signal makes of them."""

    def __init__(
        self, events: pd.DataFrame, moment: datetime, grouping: _Grouping
    ) -> None:
        self.events = events
        self.moment = moment
        self.grouping = grouping
        self.mask = cache(self._mask)  # signals share selections

    def signal(self, signal: Signal) -> Figure:
        if signal.latency is not None:
            return self._latency(signal.latency)
        selector, *of = signal.selectors
        meant = self.mask(selector)
        age = self.events["age"][meant]
        window = signal.window_days
        if signal.trend is not None:
            assert window is not None
            age = age[age < 2 * window]
            return self._of((age < window) * 2.0 - 1.0).sum()
        if window is not None:
            age = age[age < window]
        if of:
            return self._of(self.mask(of[0])[age.index]).mean()
        if isinstance(selector, FieldSelector):
            return self._field(signal, self.events[selector.field][age.index])
        statistic = {"count": "count", "days_since_last": "min"}
        return getattr(self._of(age), statistic.get(signal.aggregate, "max"))()

    def _field(self, signal: Signal, values: pd.Series) -> Figure:
        if signal.distinct is not None:
            return self._of(values).nunique()
        if not (signal.is_category or signal.is_text):
            values = pd.to_numeric(values)
        if signal.last is not None:
            return self.grouping.last(self._of(values.dropna()))
        return getattr(self._of(values), signal.aggregate)()

    def _latency(self, latency: Latency) -> Figure:
        """Hours from each question to the answer that comes next."""
        asks, answers = self.mask(latency.from_), self.mask(latency.to)
        rows = self.events.loc[asks | answers, ["lead_id", "occurred_at"]]
        asks, answers = asks[rows.index], answers[rows.index]
        if latency.statistic == "pending":
            last = ~rows["lead_id"].duplicated(keep="last") & asks
            since = (self.moment - rows["occurred_at"][last]).dt.total_seconds() / HOUR
            return self.grouping.last(self._of(since))
        before = rows.shift()
        answered = answers & asks.shift(fill_value=False)
        answered &= rows["lead_id"] == before["lead_id"]
        waited = (rows["occurred_at"] - before["occurred_at"])[answered]
        hours = waited.dt.total_seconds() / HOUR
        if latency.statistic == "median":
            return self._of(hours).median()
        return self.grouping.last(self._of(hours))

    def _mask(self, selector: Selector) -> pd.Series:
        """Which events the selector means, windows apart."""
        events = self.events
        masks = [_matches(events[name], wanted) for name, wanted in selector.where]
        if selector.kind:
            masks.append(_among(events["kind"], selector.kind))
        if selector.actor:
            masks.append(_among(events["actor"], selector.actor))
        if selector.after is not None:
            marks = events["age"][_among(events["kind"], [selector.after])]
            last = self.grouping.spread(self._of(marks).min(), events["lead_id"])
            masks.append(events["age"] < last)
        return reduce(and_, masks) if masks else events["age"].notna()

    def _of(self, values: pd.Series) -> Any:
        return self.grouping.of(values, self.events["lead_id"])


def _among(values: pd.Series, wanted: Sequence[Any]) -> pd.Series:
    return values == wanted[0] if len(wanted) == 1 else values.isin(wanted)


def _matches(values: pd.Series, wanted: Sequence[Any]) -> pd.Series:
    """Equal to one wanted, or a list that holds one; ANY_VALUE: neither empty."""
    if ANY_VALUE in wanted:
        return values.map(lambda value: value not in (None, "", [])) & values.notna()
    if values.dtype != object:
        return _among(values, wanted)
    several = values.map(lambda value: value if isinstance(value, list) else [value])
    return several.map(lambda items: any(value in items for value in wanted))
