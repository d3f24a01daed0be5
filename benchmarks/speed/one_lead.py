"""One lead a call, one client: `POST /v1/scores` on a service in its own process."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Generic, TypeVar

import httpx2
import numpy as np
import orjson
import polars as pl

from benchmarks.common.public_scores import lives
from features.event import Actor
from features.featurise import moments_frame
from serving.app.startup import open_service
from serving.auth.api_keys import NewApiKey, issue_key
from serving.demo.client import running_service
from serving.repositories.api_keys import Scope
from serving.runtime.settings import Settings
from serving.runtime.worker_process import environment_variable

WARM_UP = 50  # calls that don't count
SECONDS_TO_ANSWER = 60
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Timed(Generic[Answer]):
    """Answers, and how long each took, in milliseconds."""

    answers: Sequence[Answer]
    milliseconds: Sequence[float]

    def percentile(self, percent: float) -> float:
        return float(np.percentile(self.milliseconds, percent))


def timed(
    call: Callable[[bytes], Answer], bodies: Sequence[bytes], calls: int
) -> Timed[Answer]:
    """The calls, one after another, each with the next body; the first don't count."""
    several = cycle(bodies)
    for body in islice(several, WARM_UP):
        call(body)
    answers, milliseconds = [], []
    for body in islice(several, calls):
        started = time.perf_counter()
        answers.append(call(body))
        milliseconds.append(1e3 * (time.perf_counter() - started))
    return Timed(answers, milliseconds)


def bodies_of(events: pl.DataFrame, at: datetime) -> list[bytes]:
    """A body of `POST /v1/scores` for each lead, at the moment `at`."""
    names = events["lead_id"].unique(maintain_order=True)
    moments = moments_frame((lead_id, at) for lead_id in names)
    return [_body(life.lead_id, life.events, at) for life in lives(events, moments, at)]


def _body(lead_id: str, events: Sequence[dict[str, object]], at: datetime) -> bytes:
    subject = {"subject": lead_id}
    lead = {"lead_id": lead_id, "events": [event | subject for event in events]}
    return orjson.dumps({"moment": at, "leads": [lead]})


@contextmanager
def asking() -> Iterator[Callable[[bytes], httpx2.Response]]:
    """A call of `POST /v1/scores` on a service of one's own, with a kept connection."""
    with TemporaryDirectory(prefix="frein-speed-") as folder:
        url = f"sqlite:///{Path(folder) / 'frein.db'}"
        headers = {
            "Authorization": f"Bearer {_new_key(url)}",
            "Content-Type": "application/json",
        }
        with (
            environment_variable("FREIN_DATABASE_URL", url),
            running_service() as address,
            httpx2.Client(
                base_url=address, headers=headers, timeout=SECONDS_TO_ANSWER
            ) as client,
        ):
            yield lambda body: client.post("/v1/scores", content=body)


def _new_key(url: str) -> str:
    wish = NewApiKey(
        name="benchmark",
        source="benchmark",
        max_actor=Actor.PERSON,
        default_actor=Actor.LEAD,
        scopes=frozenset({Scope.SCORES}),
        expires_at=None,
    )
    with open_service(Settings(database_url=url)) as service:
        return issue_key(service.store, wish, datetime.now(UTC))
