"""The one door: what moved meanwhile is seen, and everything starts again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from features.event import Actor
from serving.database.engine import Store
from serving.events.ingestion import ingest
from serving.formats.cloud_event import as_event, read_event
from serving.repositories.scores import latest_score
from serving.runtime.lead_locks import LeadLocks
from serving.runtime.service import Service
from serving.transaction.plan import Plan, Seen, Wish
from serving.transaction.unit_of_work import TRIES_OUTSIDE_THE_LOCK, record
from tests.serving.builders import NOW, make_event, url_of
from tests.serving.fakes import score_of


@pytest.fixture
def elsewhere(service: Service) -> Iterator[Service]:
    """Another process on the same database, as far as locks go."""
    store = Store(url_of(service.store))
    yield replace(service, store=store, lead_locks=LeadLocks())
    store.close()


def take(service: Service, name: str) -> None:
    cloud = read_event(make_event(id=name))
    ingest(service, [as_event(cloud, received_at=NOW, actor=Actor.LEAD)], NOW)


@pytest.mark.parametrize(
    "n_moves",
    [
        pytest.param(0, id="nothing-moved"),
        pytest.param(1, id="moved-once"),
        pytest.param(TRIES_OUTSIDE_THE_LOCK, id="moved-each-time"),
    ],
)
def test_a_lead_that_moved_is_scored_again(
    service: Service, elsewhere: Service, n_moves: int
) -> None:
    take(service, "first")
    planned = 0

    def plan(_: Seen) -> Plan:
        nonlocal planned
        planned += 1
        if planned <= n_moves:
            take(elsewhere, f"meanwhile-{planned}")
        return Plan(rescored=frozenset({"L-1"}))

    recorded = record(service, Wish(lead_ids=frozenset({"L-1"}), plan=plan), NOW)

    assert planned == n_moves + 1
    assert recorded.scores["L-1"].score == score_of(1 + n_moves)


def test_two_processes_lose_nothing(service: Service, elsewhere: Service) -> None:
    def post(index: int) -> None:
        take(service if index % 2 else elsewhere, str(index))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(post, range(100)))

    wish = Wish(lead_ids=frozenset({"L-1"}), plan=lambda seen: Plan())
    lead = record(service, wish, NOW).seen.leads["L-1"]
    assert lead.version == 100
    with service.store.reading() as session:
        latest = latest_score(session, lead.id)
    assert latest is not None
    assert latest["score"] == score_of(100)
