"""A writing call that carries an Idempotency-Key is made once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from governance.people.roles import Role
from serving.app.scheduler import CALLS_KEPT
from serving.database.engine import Store
from serving.database.idempotency_keys import Call, begin, forget_calls
from serving.repositories.api_keys import revoke_key
from serving.repositories.events import stored_events
from serving.repositories.leads import find_lead
from serving.repositories.proposals import all_proposals
from serving.runtime.service import Service
from tests.serving.builders import NOW, make_event, make_key, make_person, send

MOVE = "/v1/leads/L-1/stage-moves"
NOTES = "/v1/leads/L-1/notes"
KEY = "Idempotency-Key"


@pytest.fixture
def known(client: TestClient, headers: dict[str, str]) -> TestClient:
    send(client, headers, make_event())
    return client


def test_the_same_call_gets_the_first_answer_again(
    known: TestClient, headers: dict[str, str], service: Service
) -> None:
    once = headers | {KEY: "a"}
    first = known.post(MOVE, json={"to": "contacte"}, headers=once)
    again = known.post(MOVE, json={"to": "contacte"}, headers=once)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"

    other = known.post(MOVE, json={"to": "qualifie"}, headers=once)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    _, another = make_key(service, name="autre")
    theirs = known.post(MOVE, json={"to": "qualifie"}, headers=once | another)
    assert theirs.status_code == 200  # a key is its caller's own


def test_a_problem_is_an_answer_too(
    known: TestClient, headers: dict[str, str], service: Service
) -> None:
    once = headers | {KEY: "a"}
    answers = [known.post(MOVE, json={"to": "perdu"}, headers=once) for _ in "12"]
    assert [one.status_code for one in answers] == [409, 409]
    assert answers[1].headers["content-type"] == "application/problem+json"
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize(
    ("sent", "media_type", "status"),
    [
        pytest.param('{"to": "contacte"}', "text/plain", 415, id="another-type"),
        pytest.param('{"to": ', "application/json", 400, id="no-json"),
        pytest.param('{"towards": "x"}', "application/json", 422, id="a-wrong-field"),
    ],
)
def test_what_could_not_be_read_may_be_put_right(
    known: TestClient, headers: dict[str, str], sent: str, media_type: str, status: int
) -> None:
    once = headers | {KEY: "a"}
    typed = once | {"Content-Type": media_type}
    assert known.post(MOVE, content=sent, headers=typed).status_code == status
    assert known.post(MOVE, json={"to": "contacte"}, headers=once).status_code == 200


def test_who_may_no_longer_call_gets_no_answer(
    known: TestClient, service: Service
) -> None:
    key, headers = make_key(service, name="autre")
    once = headers | {KEY: "a"}
    known.post(MOVE, json={"to": "contacte"}, headers=once)
    with service.store.writing() as session:
        revoke_key(session, key.id, NOW)
    assert known.post(MOVE, json={"to": "contacte"}, headers=once).status_code == 401


def test_calls_at_once_are_made_once(
    known: TestClient, headers: dict[str, str], service: Service
) -> None:
    once = headers | {KEY: "a"}

    def ask(_: int) -> int:
        return known.post(MOVE, json={"to": "perdu"}, headers=once).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(8))) == {409}
    with service.store.reading() as session:
        assert len(all_proposals(session)) == 1


def test_a_call_that_was_cut_off_may_be_made_again(store: Store) -> None:
    call = Call(caller="key 1", key="a", fingerprint="f")
    for after, found in ((0, "new"), (59, "under_way"), (60, "new")):
        with store.writing() as session:
            assert begin(session, call, NOW + timedelta(seconds=after)) == found


def test_a_note_sent_again_after_its_call_is_forgotten_is_still_one(
    known: TestClient, service: Service
) -> None:
    once = make_person(service, Role.ADMIN)[1] | {KEY: "a"}
    first = known.post(NOTES, json={"tone": -1, "text": "Trop cher."}, headers=once)
    with service.store.writing() as session:
        forget_calls(session, NOW + CALLS_KEPT)
    again = known.post(NOTES, json={"text": "Trop cher.", "tone": -1}, headers=once)
    assert "Idempotency-Replayed" not in again.headers
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert stored_notes(service) == 1

    for other in (
        {"json": {"text": "Autre chose."}, "headers": once},
        {"json": {"text": "Trop cher.", "tone": -1}, "headers": once | {KEY: "b"}},
    ):
        with service.store.writing() as session:
            forget_calls(session, NOW + CALLS_KEPT)
        assert known.post(NOTES, **other).status_code == 201
    assert stored_notes(service) == 3


def stored_notes(service: Service) -> int:
    with service.store.reading() as session:
        lead = find_lead(session, "L-1")
        assert lead is not None
        events = stored_events(session, [lead.id])
    return sum(one.kind == "note_added" for one in events)


@pytest.mark.parametrize("key", ["", "a" * 201])
def test_a_key_is_a_short_text(
    known: TestClient, headers: dict[str, str], key: str
) -> None:
    answer = known.post(MOVE, json={"to": "perdu"}, headers=headers | {KEY: key})
    assert answer.status_code == 422
