"""A reason that is required needs a word that somebody can read, at every door."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from features.errors import FreinError
from serving.audit.trace import StatedReason
from serving.decisions.break_glass import break_glass
from serving.decisions.proposals import confirm, dismiss
from serving.repositories.proposals import all_proposals
from serving.runtime.service import Service
from tests.serving.builders import AWA, NOW, make_event, make_person, send
from tests.serving.reserved import Headers

BLANK = " \u200b\u2060\ufeff\u00ad… "
CALLS: dict[str, dict[str, Any]] = {
    "stage-moves": {"to": "perdu", "lost_reason": "prix", "reason": BLANK},
    "concessions": {"percent": 3, "reason": BLANK},
    "requalifications": {"priority": "basse", "reason": BLANK},
    "overrides": {"kind": "priority_confirmed", "reason": "autre", "text": BLANK},
    "suspensions": {"reason": "autre", "text": BLANK},
    "notes": {"text": BLANK},
}


def test_words_that_nobody_sees_are_none(
    client: TestClient, service: Service, headers: Headers
) -> None:
    awa, person = make_person(service)
    send(client, headers, make_event())
    for call, sent in CALLS.items():
        path = f"/v1/leads/L-1/{call}"
        answer = client.post(path, json=sent, headers=person)
        assert answer.status_code == 422, (call, answer.text)
    lost = {"to": "perdu"}
    client.post("/v1/leads/L-1/stage-moves", json=lost, headers=headers)
    with service.store.reading() as session:
        (waiting,) = all_proposals(session)
    path = f"/v1/proposals/{waiting.id}/dismiss"
    answer = client.post(path, json={"reason": BLANK}, headers=person)
    assert answer.status_code == 422, answer.text
    with pytest.raises(FreinError):  # as the command line does
        dismiss(service, waiting.id, AWA, BLANK, NOW)
    with pytest.raises(FreinError):
        confirm(service, waiting.id, AWA, StatedReason("prix", BLANK), NOW)
    with pytest.raises(FreinError):
        break_glass(service, awa, waiting.id, BLANK, NOW)
