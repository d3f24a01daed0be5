from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient


def post(
    client: TestClient, event_id: str, kind: str, at: datetime, **data: Any
) -> None:
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": "crm",
        "type": kind,
        "time": at.isoformat(),
        "subject": "L-1",
        "actor": "lead",
        "data": data,
    }
    answer = client.post("/v1/events", json=event)
    assert answer.json()["accepted"] == 1, answer.text


def test_each_score_after_the_first_says_why_it_changed(client: TestClient) -> None:
    now = datetime.now(UTC)
    post(client, "1", "page_viewed", now - timedelta(hours=2), page="produit")
    post(client, "2", "page_viewed", now - timedelta(hours=1), page="tarifs")
    last, first = client.get("/v1/leads/L-1/scores").json()["scores"]
    change = last["change"]
    assert first["change"] is None
    assert change["before"] == first["score"]
    assert change["after"] == pytest.approx(last["score"], abs=1e-6)
    parts = change["time"] + change["events"] + change["model"]
    assert change["before"] + parts == pytest.approx(change["after"], abs=1e-6)
    assert change["events"] > 1
    assert change["text"].startswith("Score passé de ")
