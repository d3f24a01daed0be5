"""The other routes: scores, leads, operations, and what no route answers."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from serving.app.access_log import JsonFormatter
from serving.app.application import create_app
from serving.runtime.service import Service
from tests.serving.builders import NOW, make_event, send
from tests.serving.fakes import MODEL, SetClock, score_of


def ask(client: TestClient, headers: dict[str, str], body: Any) -> Any:
    return client.post("/v1/scores", json=body, headers=headers)


def lead_sent(name: str = "L-1", n_events: int = 1, **event: Any) -> dict[str, Any]:
    events = [make_event(id=str(i), subject=name, **event) for i in range(n_events)]
    return {"lead_id": name, "events": events}


class TestStatelessScores:
    def test_score_leads_in_order_and_write_nothing(
        self, client: TestClient, headers: dict[str, str]
    ) -> None:
        leads = [lead_sent("B", 3), lead_sent("A", 0), lead_sent("C", 1, source="x")]
        answer = ask(client, headers, {"leads": leads})

        assert answer.status_code == 200
        scores = answer.json()["scores"]
        assert [s["lead_id"] for s in scores] == ["B", "A", "C"]
        assert [s["score"] for s in scores] == [score_of(3), score_of(0), score_of(1)]
        assert client.get("/v1/leads", headers=headers).json()["total"] == 0

    def test_the_moment_decides_what_is_known(
        self, client: TestClient, headers: dict[str, str]
    ) -> None:
        before = (NOW - timedelta(hours=2)).isoformat()
        (score,) = ask(
            client, headers, {"moment": before, "leads": [lead_sent()]}
        ).json()["scores"]
        assert score["score"] == score_of(0)

    def test_receivedat_is_the_time_unless_given(
        self, client: TestClient, headers: dict[str, str]
    ) -> None:
        later = (NOW + timedelta(hours=1)).isoformat()
        leads = [lead_sent("A"), lead_sent("B", receivedat=later)]
        scores = ask(client, headers, {"leads": leads}).json()["scores"]
        assert [s["score"] for s in scores] == [score_of(1), score_of(0)]

    def test_a_score_has_the_shape_of_the_interface(
        self, client: TestClient, headers: dict[str, str]
    ) -> None:
        (score,) = ask(client, headers, {"leads": [lead_sent()]}).json()["scores"]
        assert set(score) == {
            *("lead_id", "moment", "score", "base", "grade", "priority", "reasons"),
            *(
                "other_points",
                "narrative",
                "next_steps",
                "exceptions",
                "proposals",
                "change",
                "model",
            ),
        }
        points = sum(reason["points"] for reason in score["reasons"])
        assert score["base"] + points + score["other_points"] == pytest.approx(
            score["score"]
        )
        assert score["reasons"][0]["evidence"] == [{"source": "crm", "event_id": "0"}]
        assert score["model"]["sha256"] == MODEL.sha256

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            pytest.param({}, 422, "request_invalid", id="no-leads"),
            pytest.param({"leads": []}, 422, "request_invalid", id="none"),
            pytest.param(
                {"leads": [lead_sent(), lead_sent()]},
                422,
                "request_invalid",
                id="twice",
            ),
            pytest.param(
                {"leads": [lead_sent()], "dry": 1}, 422, "request_invalid", id="unknown"
            ),
            pytest.param(
                {"leads": [lead_sent() | {"lead_id": "M"}]},
                *(422, "request_invalid"),
                id="other-subject",
            ),
            pytest.param(
                {"leads": [lead_sent(time="2026-11-24T08:00:00")]},
                *(422, "time_naive"),
                id="naive",
            ),
            pytest.param(
                {"leads": [lead_sent()], "moment": "2026-11-24"},
                *(422, "request_invalid"),
                id="moment",
            ),
            pytest.param(
                {"leads": [{"lead_id": str(i)} for i in range(1001)]},
                *(422, "request_invalid"),
                id="too-many",
            ),
            pytest.param([], 422, "request_invalid", id="a-list"),
        ],
    )
    def test_refuse_what_does_not_fit(
        self,
        client: TestClient,
        headers: dict[str, str],
        body: Any,
        status: int,
        code: str,
    ) -> None:
        answer = ask(client, headers, body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    def test_need_a_model(
        self, client: TestClient, headers: dict[str, str], service: Service
    ) -> None:
        service.models._explainer = None
        answer = ask(client, headers, {"leads": [lead_sent()]})
        assert (answer.status_code, answer.json()["code"]) == (503, "model_unavailable")
        assert answer.headers["retry-after"] == "5"


class TestLeads:
    def test_are_listed_by_priority_then_score(
        self, client: TestClient, headers: dict[str, str]
    ) -> None:
        for name, n_events in (("low", 1), ("high", 150), ("middle", 30)):
            events = lead_sent(name, n_events)["events"]
            for start in range(0, n_events, 100):
                batch = events[start : start + 100]
                send(client, headers, *(e | {"id": name + e["id"]} for e in batch))

        answer = client.get("/v1/leads", headers=headers).json()
        assert answer["total"] == 3
        assert [x["lead_id"] for x in answer["leads"]] == ["high", "middle", "low"]
        page = {"limit": 1, "offset": 1}
        second = client.get("/v1/leads", params=page, headers=headers).json()
        assert [x["lead_id"] for x in second["leads"]] == ["middle"]
        wanted = {"priority": "elevee"}
        high = client.get("/v1/leads", params=wanted, headers=headers).json()
        assert [x["lead_id"] for x in high["leads"]] == ["high"]

    @pytest.mark.parametrize(
        "query", ["limit=0", "limit=501", "limit=x", "offset=-1", "priority=x", "odd=1"]
    )
    def test_refuse_an_odd_query(
        self, client: TestClient, headers: dict[str, str], query: str
    ) -> None:
        answer = client.get(f"/v1/leads?{query}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")

    @pytest.mark.parametrize("path", ["", "/scores"])
    def test_an_unknown_lead_is_a_404_in_french(
        self, client: TestClient, headers: dict[str, str], path: str
    ) -> None:
        answer = client.get(f"/v1/leads/nobody{path}", headers=headers)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json() == {
            "type": "urn:frein:problem:lead_unknown",
            "title": "Not Found",
            "status": 404,
            "code": "lead_unknown",
            "detail": "Cette opportunité est inconnue.",
        }

    def test_a_new_score_is_recorded(
        self, client: TestClient, headers: dict[str, str], service: Service
    ) -> None:
        send(client, headers, make_event())
        assert isinstance(service.clock, SetClock)
        service.clock.advance(timedelta(days=1))
        scored = client.post("/v1/leads/L-1/score", headers=headers).json()

        history = client.get("/v1/leads/L-1/scores", headers=headers).json()["scores"]
        assert len(history) == 2
        assert history[0] == scored
        assert scored["moment"] == "2026-11-25T09:00:00+00:00"


class TestOperations:
    def test_live_and_ready(self, client: TestClient) -> None:
        assert client.get("/health/live").json()["status"] == "live"
        ready = client.get("/health/ready").json()
        assert (ready["status"], ready["model"]["version"]) == ("ready", "1")

    def test_the_documentation_needs_no_network(
        self, client: TestClient, headers: dict[str, str]
    ) -> None:
        page = client.get("/docs", headers=headers).text
        assert "http://" not in page
        assert "https://" not in page

    def test_every_reference_of_the_document_resolves(
        self, client: TestClient, headers: dict[str, str]
    ) -> None:
        document = client.get("/openapi.json", headers=headers).json()
        names = set(document["components"]["schemas"])
        assert references(document) <= names
        assert {"CloudEvent", "ScoresAsked", "MoveSent", "ScoreShown"} <= names

    @pytest.mark.parametrize(
        ("method", "path", "status", "code"),
        [
            ("GET", "/nowhere", 404, "route_unknown"),
            ("GET", "/v1/leads/a/b/c", 404, "route_unknown"),
            ("PUT", "/v1/leads", 405, "method_not_allowed"),
            ("GET", "/v1/events", 405, "method_not_allowed"),
            ("GET", "/v1/leads/a%00b", 422, "request_invalid"),
            ("GET", "/v1/leads?owner=a%00b", 422, "request_invalid"),
        ],
    )
    def test_what_no_route_answers(
        self, client: TestClient, method: str, path: str, status: int, code: str
    ) -> None:
        answer = client.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert ("allow" in answer.headers) == (status == 405)

    def test_a_bug_is_a_problem_too(
        self, headers: dict[str, str], service: Service
    ) -> None:
        def broken() -> datetime:
            raise RuntimeError("a bug")

        app = create_app(replace(service, clock=broken))
        answer = TestClient(app, raise_server_exceptions=False).get(
            "/v1/leads", headers=headers
        )
        assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")

    def test_logs_hold_neither_secrets_nor_leads(
        self,
        client: TestClient,
        headers: dict[str, str],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        with caplog.at_level(logging.INFO):
            send(client, headers, make_event(subject="Jeanne-Martin"))
            client.get("/v1/leads/Jeanne-Martin", headers=headers)
        text = "\n".join(
            JsonFormatter().format(record)
            for record in caplog.records
            if not record.name.startswith("httpx2")  # the tests' own client
        )
        assert '"route":"/v1/leads/{lead_id}"' in text
        assert "Jeanne" not in text
        assert headers["Authorization"].split("_", 2)[-1] not in text


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"].rpartition("/")[2]} if "$ref" in value else set()
        return own.union(*map(references, value.values()))
    if isinstance(value, list):
        return set().union(*map(references, value))
    return set()
