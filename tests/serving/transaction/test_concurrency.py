"""Many at once: nothing is lost, and the last score is that of the whole history."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text
from starlette.testclient import TestClient

from serving.runtime.service import Service
from tests.budgets import examples
from tests.serving.builders import make_event, send
from tests.serving.fakes import score_of


def test_concurrent_events_end_with_the_score_of_all(
    client: TestClient, headers: dict[str, str], service: Service
) -> None:
    def post(index: int) -> int:
        return int(send(client, headers, make_event(id=str(index)))["accepted"])

    n = examples(400)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(post, range(n))) == n

    lead = client.get("/v1/leads/L-1", headers=headers).json()
    assert lead["score"]["score"] == score_of(n)
    with service.store.reading() as session:
        stored = session.execute(
            text("SELECT (SELECT count(*) FROM event), version FROM lead")
        ).one()
    assert tuple(stored) == (n, n)


def test_batches_that_share_leads_lose_nothing(
    client: TestClient, headers: dict[str, str]
) -> None:
    def post(batch: int) -> int:
        events = [
            make_event(id=f"{batch}-{i}", subject=f"L-{(batch + i) % 7}")
            for i in range(50)
        ]
        return int(send(client, headers, *events)["accepted"])

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(post, range(20))) == 1000

    leads = client.get("/v1/leads", headers=headers).json()["leads"]
    expected = {f"L-{n}": 0 for n in range(7)}
    for batch in range(20):
        for i in range(50):
            expected[f"L-{(batch + i) % 7}"] += 1
    assert {lead["lead_id"]: lead["score"] for lead in leads} == {
        name: score_of(n) for name, n in expected.items()
    }


def test_the_same_events_from_everywhere_count_once(
    client: TestClient, headers: dict[str, str]
) -> None:
    events = [make_event(id=str(i), subject=f"L-{i % 3}") for i in range(30)]

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: send(client, headers, *events), range(16)))

    assert sum(one["accepted"] for one in taken) == 30
    assert sum(one["duplicates"] for one in taken) == 15 * 30


def test_moves_asked_at_once_leave_one_proposal(
    client: TestClient, headers: dict[str, str]
) -> None:
    send(client, headers, make_event())

    def ask(_: int) -> str:
        answer = client.post(
            "/v1/leads/L-1/stage-moves", json={"to": "perdu"}, headers=headers
        )
        assert answer.status_code == 409
        return str(answer.json()["proposal_id"])

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(16)))) == 1
