"""A reply to the follow-up after five hours and a new visit of the page of prices:
priority `elevee`, in the reference form, with those three reasons; and not without."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from features.event import Event
from serving.formats.cloud_event import as_cloud
from tests.hot_lead import (
    REASONS,
    VARIANTS,
    hot_lead,
    lead_id_of,
    lukewarm_twin,
    moment_of,
)


def test_at_least_18_of_20_variants_are_told_as_they_should(client: TestClient) -> None:
    told = [_is_told(_score(client, v, hot_lead(v))) for v in VARIANTS]
    assert sum(told) >= 18


def test_none_of_their_twins_is(client: TestClient) -> None:
    scores = [_score(client, v, lukewarm_twin(v)) for v in VARIANTS]
    assert not [score["priority"] for score in scores if score["priority"] == "elevee"]


def test_the_three_reasons_pass_a_check_made_with_two_calls(client: TestClient) -> None:
    score = _score(client, 0, hot_lead(0))
    checked = set()
    for reason in score["reasons"]:
        if reason["check"] == "deletion" and "field" not in reason["evidence"][0]:
            gone = {one["event_id"] for one in reason["evidence"]}
            rest = [event for event in hot_lead(0) if event.event_id not in gone]
            without = _score(client, 0, rest)["score"]
            assert without == pytest.approx(reason["score_without"], abs=1e-9)
            checked.add(reason["text"])
    assert checked >= set(REASONS)


def _is_told(score: dict[str, Any]) -> bool:
    form = "Opportunité passée en priorité élevée car\u00a0:\n"
    up = {reason["text"] for reason in score["reasons"] if reason["direction"] == "up"}
    return (
        score["priority"] == "elevee"
        and score["narrative"]["text"].startswith(form)
        and up >= set(REASONS)
    )


def _score(client: TestClient, variant: int, events: list[Event]) -> dict[str, Any]:
    lead = {"lead_id": lead_id_of(variant), "events": [*map(as_cloud, events)]}
    body = {"moment": moment_of(variant).isoformat(), "leads": [lead]}
    answer = client.post("/v1/scores", json=body)
    assert answer.status_code == 200, answer.text
    score: dict[str, Any] = answer.json()["scores"][0]
    return score
