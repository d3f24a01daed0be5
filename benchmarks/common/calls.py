"""Calls of a service: the key they need, and the time that each takes."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from typing import Generic, TypeVar
from uuid import uuid4

import httpx2
import numpy as np
import orjson

from features.event import Actor
from serving.auth.api_keys import NewApiKey, replace_key
from serving.database.engine import Store
from serving.demo.client import running_service
from serving.repositories.api_keys import Scope

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
    call: Callable[[bytes], Answer],
    bodies: Iterable[bytes],
    calls: int,
    warm_up: int = WARM_UP,
) -> Timed[Answer]:
    """The calls, one after another, each with the next body; the first don't count."""
    several = cycle(bodies)
    for body in islice(several, warm_up):
        call(body)
    answers, milliseconds = [], []
    for body in islice(several, calls):
        started = time.perf_counter()
        answers.append(call(body))
        milliseconds.append(1e3 * (time.perf_counter() - started))
    return Timed(answers, milliseconds)


@contextmanager
def posting(path: str, token: str) -> Iterator[Callable[[bytes], httpx2.Response]]:
    """A call of the service, run in a process of its own, with a kept connection."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with (
        running_service() as address,
        httpx2.Client(
            base_url=address, headers=headers, timeout=SECONDS_TO_ANSWER
        ) as client,
    ):
        yield lambda body: client.post(path, content=body).raise_for_status()


def new_key(store: Store, source: str, scope: Scope, most: Actor = Actor.LEAD) -> str:
    """The token of a key that may do one thing, for a lead, or at most for `most`."""
    wish = NewApiKey(
        name="benchmark",
        source=source,
        max_actor=most,
        default_actor=Actor.LEAD,
        scopes=frozenset({scope}),
        expires_at=None,
    )
    return replace_key(store, wish, datetime.now(UTC))


def event_now(lead_id: str, source: str, kind: str, data: dict[str, str]) -> bytes:
    """A new CloudEvent about a lead, as `POST /v1/events` takes it."""
    event = {
        "specversion": "1.0",
        "id": uuid4().hex,
        "source": source,
        "type": kind,
        "time": datetime.now(UTC).isoformat(),
        "subject": lead_id,
        "data": data,
    }
    return orjson.dumps(event)
