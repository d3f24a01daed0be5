"""POST /v1/events: what is taken, and each way of being refused."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from features.event import Actor
from serving.repositories.api_keys import USUAL_SCOPES, Scope
from serving.runtime.service import Service
from tests.serving.builders import (
    BATCH,
    CRM_SCOPES,
    NOW,
    ONE,
    make_event,
    make_key,
    send,
)
from tests.serving.fakes import score_of

JSON = "application/json"


def post(
    client: TestClient, headers: dict[str, str], content: Any, media_type: str = ONE
) -> Any:
    raw = content if isinstance(content, (bytes, str)) else json.dumps(content)
    return client.post(
        "/v1/events", content=raw, headers=headers | {"Content-Type": media_type}
    )


@pytest.mark.parametrize("media_type", [ONE, JSON, f"{ONE}; charset=utf-8"])
def test_one_event_is_taken(
    client: TestClient, headers: dict[str, str], media_type: str
) -> None:
    answer = post(client, headers, make_event(), media_type)

    assert answer.status_code == 200
    assert answer.json() == {"accepted": 1, "duplicates": 0, "rejected": []}


def test_the_same_event_twice_counts_once(
    client: TestClient, headers: dict[str, str]
) -> None:
    assert send(client, headers, make_event(), make_event())["accepted"] == 1
    again = post(client, headers, make_event()).json()

    assert again == {"accepted": 0, "duplicates": 1, "rejected": []}
    lead = client.get("/v1/leads/L-1", headers=headers).json()
    assert lead["score"]["score"] == score_of(1)


OTHERS = [
    pytest.param({"subject": "L-2"}, id="another-lead"),
    pytest.param({"type": "email_opened"}, id="another-kind"),
    pytest.param({"data": {"page": "produit"}}, id="other-data"),
    pytest.param({"time": "2026-11-24T07:00:00Z"}, id="another-time"),
    pytest.param({"actor": "automation"}, id="another-actor"),
]


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("in_one_batch", [True, False])
def test_an_id_of_another_event_is_refused(
    client: TestClient,
    headers: dict[str, str],
    other: dict[str, Any],
    in_one_batch: bool,
) -> None:
    first, second = make_event(id="x"), make_event(id="x", **other)
    if in_one_batch:
        taken = send(client, headers, first, second, make_event(id="y"))
        assert (taken["accepted"], taken["duplicates"]) == (2, 0)
        place = 1
    else:
        send(client, headers, first)
        taken = send(client, headers, make_event(id="y"), first, second)
        assert (taken["accepted"], taken["duplicates"]) == (1, 1)
        place = 2
    (rejected,) = taken["rejected"]
    assert (rejected["index"], rejected["code"]) == (place, "id_reused")
    alone = post(client, headers, second)
    assert (alone.status_code, alone.json()["code"]) == (409, "id_reused")
    assert client.get("/v1/leads/L-2", headers=headers).status_code == 404


def test_the_same_event_at_another_hour_and_with_other_digits_is_the_same(
    client: TestClient, headers: dict[str, str]
) -> None:
    at = {"time": "2026-11-24T08:00:00Z", "data": {"amount": 12}}
    again = {"time": "2026-11-24T09:00:00.000+01:00", "data": {"amount": 12.0}}
    send(client, headers, make_event(**at))
    taken = send(client, headers, make_event(**again))
    assert taken == {"accepted": 0, "duplicates": 1, "rejected": []}


@pytest.mark.parametrize("kind", ["stage_changed", "won", "lost"])
def test_what_moves_a_stage_needs_a_scope_of_its_own(
    client: TestClient, service: Service, kind: str
) -> None:
    _, headers = make_key(service, scopes=USUAL_SCOPES)
    told = make_event(type=kind, data={"to": "qualifie"})
    taken = send(client, headers, make_event(id="a"), told)
    assert (taken["accepted"], taken["duplicates"]) == (1, 0)
    (rejected,) = taken["rejected"]
    assert (rejected["index"], rejected["code"]) == (1, "scope_missing")
    assert "stages" in rejected["detail"]
    alone = post(client, headers, told)
    assert (alone.status_code, alone.json()["code"]) == (403, "scope_missing")
    lead = client.get("/v1/leads/L-1", headers=headers).json()
    assert lead["stage"] == "nouveau"


def test_unknown_extensions_and_kinds_of_the_model_are_stored(
    client: TestClient, headers: dict[str, str]
) -> None:
    odd = make_event(
        type="loan_asked", traceparent="00-ab", datacontenttype="text/json"
    )
    assert send(client, headers, odd)["accepted"] == 1


def test_a_kind_that_nothing_reads_is_refused_with_those_like_it(
    client: TestClient, headers: dict[str, str], service: Service
) -> None:
    told = make_event(type="opportunity_lost")
    (rejected,) = send(client, headers, told)["rejected"]
    assert rejected["code"] == "kind_unknown"
    assert "« opportunity_lost »" in rejected["detail"].replace("\xa0", " ")
    assert "les plus proches : lost," in rejected["detail"].replace("\xa0", " ")
    alone = post(client, headers, told)
    assert (alone.status_code, alone.json()["code"]) == (422, "kind_unknown")
    assert alone.json()["field"] == "type"

    service.models._explainer = None  # whose kinds nobody knows then
    assert send(client, headers, told)["accepted"] == 1


@pytest.mark.parametrize(
    "owner", [5, True, ["Awa"], {"name": "Awa"}, "x" * 201, "A\u200bwa"]
)
def test_an_owner_that_is_no_name_is_refused(
    client: TestClient, headers: dict[str, str], owner: Any
) -> None:
    send(client, headers, make_event(type="attributes_set", data={"owner": "Awa"}))
    told = make_event(id="2", type="attributes_set", data={"owner": owner})
    (rejected,) = send(client, headers, told)["rejected"]
    assert rejected["code"] == "event_malformed"
    assert "data.owner" in rejected["detail"]
    assert "null" in rejected["detail"]
    assert client.get("/v1/leads/L-1", headers=headers).json()["owner"] == "Awa"


FIRST_WRONG: list[tuple[str, dict[str, Any], str, int]] = [
    ("no-id", {"id": None}, "event_malformed", 422),
    ("empty-id", {"id": ""}, "event_malformed", 422),
    ("long-id", {"id": "x" * 201}, "event_malformed", 422),
    ("nul-in-id", {"id": "a\0b"}, "event_malformed", 422),
    ("no-time", {"time": None}, "event_malformed", 422),
    ("no-subject", {"subject": None}, "event_malformed", 422),
    ("number-as-subject", {"subject": 42}, "event_malformed", 422),
    ("unseen-in-subject", {"subject": "L\u200b1"}, "lead_id_malformed", 422),
    ("dots-as-subject", {"subject": ".."}, "lead_id_malformed", 422),
    ("spec-version", {"specversion": "0.3"}, "event_malformed", 422),
    ("not-a-time", {"time": "hier"}, "event_malformed", 422),
    ("number-as-time", {"time": 1764000000}, "event_malformed", 422),
    ("no-such-day", {"time": "2026-02-30T10:00:00Z"}, "event_malformed", 422),
    ("year-one", {"time": "0001-01-01T00:00:00+10:00"}, "event_malformed", 422),
    ("far-future", {"time": "9999-12-31T23:59:59-10:00"}, "event_malformed", 422),
    ("data-is-text", {"data": "x"}, "event_malformed", 422),
    ("binary-data", {"data_base64": "AA=="}, "event_malformed", 422),
    ("nul-in-data", {"data": {"a": ["b\0"]}}, "event_malformed", 422),
    ("nul-in-a-key", {"data": {"a\0": 1}}, "event_malformed", 422),
    ("unknown-actor", {"actor": "robot"}, "event_malformed", 422),
    ("kind-capital", {"type": "PageViewed"}, "kind_malformed", 422),
    ("kind-dot", {"type": "page.viewed"}, "kind_malformed", 422),
    ("kind-newline", {"type": "page\n"}, "kind_malformed", 422),
    ("kind-number", {"type": 5}, "kind_malformed", 422),
    ("naive-time", {"time": "2026-11-24T08:00:00"}, "time_naive", 422),
    ("other-source", {"source": "site"}, "source_not_yours", 403),
    ("our-source", {"source": "frein"}, "source_not_yours", 403),
    ("override", {"type": "priority_contested"}, "kind_reserved", 403),
    (
        "receivedat-without-scope",
        {"receivedat": "2026-11-24T08:00:00Z"},
        "scope_missing",
        403,
    ),
]


def deep(levels: int) -> dict[str, Any]:
    return {"a": deep(levels - 1)} if levels else {}


@pytest.mark.parametrize(
    ("wrong", "code", "status"),
    [pytest.param(*case[1:], id=case[0]) for case in FIRST_WRONG]
    + [pytest.param({"data": deep(17)}, "event_malformed", 422, id="too-deep")],
)
class TestABadEvent:
    def test_alone_is_a_problem(
        self,
        client: TestClient,
        headers: dict[str, str],
        wrong: dict[str, Any],
        code: str,
        status: int,
    ) -> None:
        answer = post(client, headers, make_event(**wrong))

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"

    def test_in_a_batch_does_not_sink_the_others(
        self,
        client: TestClient,
        headers: dict[str, str],
        wrong: dict[str, Any],
        code: str,
        status: int,
    ) -> None:
        taken = send(
            client, headers, make_event(id="a"), make_event(**wrong), make_event(id="b")
        )

        assert taken["accepted"] == 2
        (rejected,) = taken["rejected"]
        assert (rejected["index"], rejected["code"]) == (1, code)
        assert status in {403, 422}


@pytest.mark.parametrize(
    ("ahead", "status"),
    [
        pytest.param(timedelta(minutes=5), 200, id="at-the-limit"),
        pytest.param(timedelta(minutes=5, seconds=1), 422, id="just-past"),
    ],
)
def test_a_time_may_be_five_minutes_ahead(
    client: TestClient, headers: dict[str, str], ahead: timedelta, status: int
) -> None:
    answer = post(client, headers, make_event(time=(NOW + ahead).isoformat()))

    assert answer.status_code == status
    if status == 422:
        assert answer.json()["code"] == "time_in_future"
    else:
        lead = client.get("/v1/leads/L-1", headers=headers).json()
        assert lead["score"]["score"] == score_of(1)  # it counts at once


@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        pytest.param("{", ONE, 400, "json_malformed", id="cut"),
        pytest.param("", ONE, 400, "json_malformed", id="empty"),
        pytest.param(b"\xff\xfe", ONE, 400, "json_malformed", id="not-utf8"),
        pytest.param('{"a": NaN}', ONE, 400, "json_malformed", id="nan"),
        pytest.param('{"a": 1e999}', ONE, 400, "json_malformed", id="infinite"),
        pytest.param('{"a": "\\ud800"}', ONE, 400, "json_malformed", id="surrogate"),
        pytest.param("[" * 2000, ONE, 400, "json_malformed", id="bottomless"),
        pytest.param("3", ONE, 422, "event_malformed", id="a-number"),
        pytest.param("[]", ONE, 422, "event_malformed", id="a-list-of-none"),
        pytest.param("{}", BATCH, 422, "request_invalid", id="no-list"),
        pytest.param(
            json.dumps([1] * 101), BATCH, 422, "request_invalid", id="too-many"
        ),
        pytest.param("{}", "text/plain", 415, "media_type_unsupported", id="text"),
        pytest.param("{}", "", 415, "media_type_unsupported", id="no-type"),
        pytest.param(b" " * (2**20 + 1), ONE, 413, "body_too_large", id="too-large"),
    ],
)
def test_a_body_that_cannot_be_taken(
    client: TestClient,
    headers: dict[str, str],
    content: str,
    media_type: str,
    status: int,
    code: str,
) -> None:
    answer = post(client, headers, content, media_type)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_body_is_measured_while_it_streams(
    client: TestClient, headers: dict[str, str]
) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(64):
            sent += 1
            yield b" " * 2**16

    answer = client.post(
        "/v1/events", content=endless(), headers=headers | {"Content-Type": ONE}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_a_body_at_the_limit_is_read(
    client: TestClient, headers: dict[str, str]
) -> None:
    event = json.dumps(make_event()).encode()
    answer = post(client, headers, event + b" " * (2**20 - len(event)))
    assert answer.status_code == 200


def test_numbers_too_large_for_an_integer_are_kept_as_floats(
    client: TestClient, headers: dict[str, str]
) -> None:
    event = json.dumps(make_event(data={"amount": 10**30}))
    assert post(client, headers, event).status_code == 200


def test_an_empty_batch_is_nothing(client: TestClient, headers: dict[str, str]) -> None:
    assert send(client, headers) == {"accepted": 0, "duplicates": 0, "rejected": []}


def test_a_key_asserts_an_actor_up_to_its_own(
    client: TestClient, service: Service
) -> None:
    _, headers = make_key(service, max_actor=Actor.AUTOMATION)

    taken = send(
        client,
        headers,
        make_event(id="1", actor="lead"),
        make_event(id="2", actor="automation"),
        make_event(id="3", actor="person"),
    )
    assert taken["accepted"] == 2
    assert [one["code"] for one in taken["rejected"]] == ["actor_not_yours"]


def test_a_backfill_says_when_an_event_was_received(
    client: TestClient, service: Service
) -> None:
    _, headers = make_key(service, scopes=CRM_SCOPES | {Scope.BACKFILL})
    late = (NOW + timedelta(minutes=6)).isoformat()

    taken = send(
        client,
        headers,
        make_event(id="1", receivedat="2026-11-01T08:00:00Z"),
        make_event(id="2", receivedat=late),
    )
    assert taken["accepted"] == 1
    assert [one["code"] for one in taken["rejected"]] == ["time_in_future"]


def test_without_a_model_events_are_stored_and_not_scored(
    client: TestClient, headers: dict[str, str], service: Service
) -> None:
    loaded = service.models.current()
    service.models._explainer = None
    assert send(client, headers, make_event())["accepted"] == 1
    assert client.get("/v1/leads/L-1", headers=headers).json()["score"] is None
    refused = client.post("/v1/leads/L-1/score", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (503, "model_unavailable")

    service.models.replace(loaded)
    scored = client.post("/v1/leads/L-1/score", headers=headers).json()
    assert scored["score"] == score_of(1)
