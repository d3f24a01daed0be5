"""`POST /v1/scores` as anyone may call it: many leads a call, each with its events."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import orjson
import polars as pl
from starlette.testclient import TestClient

from benchmarks.common.calls import new_key
from explanations.artifact import save_scorer
from explanations.explain import Explainer, load_explainer
from explanations.score import ModelId
from explanations.scorer import Scorer
from features.event import Actor
from features.featurise import moments_frame
from serving.app.application import create_app
from serving.app.startup import open_service
from serving.repositories.api_keys import Scope
from serving.runtime.settings import Settings

MOST_LEADS = 1_000  # a call (design §8)
MOST_BYTES = 24 * 2**20  # a call, below the 32 MiB that design §8 allows
JSON = {"Content-Type": "application/json"}
Json = dict[str, Any]  # what the service reads and answers, whatever its shape
Events = tuple[Json, ...]  # CloudEvents of one lead, without `subject`


class Life(NamedTuple):
    """What was known of a lead at a moment; `events` as moved to the call's moment."""

    lead_id: str
    moment: datetime
    events: Events


@dataclass(frozen=True, slots=True)
class PublicScores:
    """The service's answers. One call has one moment, `at`."""

    client: TestClient
    explainer: Explainer  # the one behind the service
    at: datetime

    def of(self, leads: Iterable[Events]) -> Iterator[Json]:
        """A Score for each lead's events, in order, 1,000 leads a call."""
        call: list[bytes] = []
        for name, events in zip(map(str, count()), leads, strict=False):
            lead = _lead(name, events)
            if len(call) == MOST_LEADS or sum(map(len, call)) + len(lead) > MOST_BYTES:
                yield from self._scores(call, self.at)
                call = []
            call.append(lead)
        if call:
            yield from self._scores(call, self.at)

    def alone(self, events: Events, moment: datetime) -> Json:
        """The Score of one lead, at a moment of its own."""
        (score,) = self._scores([_lead("0", events)], moment)
        return score

    def _scores(self, leads: list[bytes], moment: datetime) -> list[Json]:
        answer = self.client.post("/v1/scores", content=_body(leads, moment))
        assert answer.status_code == 200, answer.text
        scores: list[Json] = orjson.loads(answer.content)["scores"]
        return scores


@contextmanager
def public_scores(scorer: Scorer, at: datetime) -> Iterator[PublicScores]:
    """The service on a scorer that was saved and loaded, with a key of its own."""
    with TemporaryDirectory() as folder:
        sha256 = save_scorer(Path(folder), scorer)
        model = ModelId(name="lead-scoring", version="benchmark", sha256=sha256)
        explainer = load_explainer(Path(folder), model)
        settings = Settings(database_url=f"sqlite:///{Path(folder) / 'frein.db'}")
        with open_service(settings, explainer) as service:
            key = new_key(service.store, "benchmark", Scope.SCORES, Actor.PERSON)
            headers = {"Authorization": f"Bearer {key}"} | JSON
            with TestClient(
                create_app(service), "http://127.0.0.1", headers=headers
            ) as client:
                yield PublicScores(client, explainer, at)


def lives(events: pl.DataFrame, moments: pl.DataFrame, at: datetime) -> list[Life]:
    """What was known of each lead, moved in time so that its moment is `at`.

    Signals read ages, so a life scores the same whenever it is lived
    (`benchmarks.reasons` checks it); only the dates in its narrative differ. `events`
    are of EVENT_SCHEMA, `moments` of MOMENT_SCHEMA.
    """
    known = (
        moments.with_row_index("row")
        .join(events, on="lead_id")
        .filter(pl.max_horizontal("occurred_at", "received_at") <= pl.col("moment"))
        .sort("row", "occurred_at", "source", "event_id")
        .select(
            "row",
            specversion=pl.lit("1.0"),
            id="event_id",
            source="source",
            type="kind",
            time=_moved("occurred_at", at),
            receivedat=_moved("received_at", at),
            actor="actor",
            data="data",
        )
    )
    of_row: dict[int, list[Json]] = defaultdict(list)
    for event in known.iter_rows(named=True):
        of_row[event.pop("row")].append(event | {"data": orjson.loads(event["data"])})
    return [
        Life(lead_id, moment, tuple(of_row[row]))
        for row, (lead_id, moment) in enumerate(moments.iter_rows())
    ]


def moved_back(events: Iterable[Json], life: Life, at: datetime) -> Events:
    """Events of a life that was moved to `at`, when they happened."""
    return tuple(
        event
        | {
            name: (datetime.fromisoformat(event[name]) - at + life.moment).isoformat()
            for name in ("time", "receivedat")
        }
        for event in events
    )


def bodies_of(events: pl.DataFrame, at: datetime) -> list[bytes]:
    """A body of `POST /v1/scores` for each lead, at the moment `at`."""
    names = events["lead_id"].unique(maintain_order=True)
    moments = moments_frame((lead_id, at) for lead_id in names)
    return [
        _body([_lead(life.lead_id, life.events)], at)
        for life in lives(events, moments, at)
    ]


def _lead(name: str, events: Events) -> bytes:
    named = [event | {"subject": name} for event in events]
    return orjson.dumps({"lead_id": name, "events": named})


def _body(leads: list[bytes], moment: datetime) -> bytes:
    fragments = [orjson.Fragment(lead) for lead in leads]
    return orjson.dumps({"moment": moment, "leads": fragments})


def _moved(column: str, at: datetime) -> pl.Expr:
    moved = pl.col(column) - pl.col("moment") + pl.lit(at)
    return moved.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
