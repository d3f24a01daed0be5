"""CloudEvents over HTTP: each content mode gives what the others give."""

import base64
import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from governance.errors import EventNamesError
from governance.leads.event_names import EventNames, NamedSource, read_event_names
from serving.app.application import create_app
from serving.database.engine import Store
from serving.runtime.service import Service
from tests.serving.builders import BATCH, ONE, make_event, send

JSON = "application/json"
ABOUT = {"page": "tarifs"}


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """One kind of database is enough: how events come is no affair of its."""
    return sqlite_store


def in_headers(**overrides: Any) -> dict[str, str]:
    """The attributes of an event in binary mode."""
    event = make_event(**overrides)
    return {f"ce-{name}": str(event[name]) for name in event if name != "data"}


def post(
    client: TestClient, headers: dict[str, str], content: Any, media_type: str = JSON
) -> Any:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    typed = {"Content-Type": media_type} if media_type else {}
    return client.post("/v1/events", content=raw, headers=headers | typed)


TYPES = [JSON, "application/vnd.crm+json", f"{JSON}; charset=utf-8", "text/json", ""]


@pytest.mark.parametrize("media_type", TYPES)
def test_binary_mode_is_the_event_that_the_structured_one_is(
    client: TestClient, headers: dict[str, str], media_type: str
) -> None:
    sent = headers | in_headers(actor="person", receivedat=None)
    answer = post(client, sent, ABOUT, media_type)
    assert answer.json() == {"accepted": 1, "duplicates": 0, "rejected": []}

    structured = make_event(actor="person")
    again = post(client, headers, structured, ONE)
    assert again.json() == {"accepted": 0, "duplicates": 1, "rejected": []}


def test_binary_mode_may_have_no_body_and_other_header_values(
    client: TestClient, headers: dict[str, str]
) -> None:
    strange = {"ce-id": '"a \\"b\\""', "ce-subject": "Soci%C3%A9t%C3%A9%201"}
    answer = client.post("/v1/events", headers=headers | in_headers() | strange)
    assert answer.json()["accepted"] == 1
    same = make_event(id='a "b"', subject="Société 1", data=None)
    assert send(client, headers, same)["duplicates"] == 1


NO_EVENT = (422, "event_malformed")
WRONG: list[Any] = [
    pytest.param({"id": None}, ABOUT, NO_EVENT, "id", id="no-id"),
    pytest.param({"specversion": "0.3"}, ABOUT, NO_EVENT, "specversion", id="old"),
    pytest.param({}, [1], NO_EVENT, "data", id="a-list"),
    pytest.param({}, b"{", (400, "json_malformed"), None, id="no-json"),
    pytest.param({"subject": "%ff"}, ABOUT, NO_EVENT, "ce-subject", id="no-utf8"),
    pytest.param(
        {"type": "priority_contested"}, ABOUT, (403, "kind_reserved"), None, id="ours"
    ),
    pytest.param(
        {"source": "site"}, ABOUT, (403, "source_not_yours"), None, id="other-source"
    ),
]


@pytest.mark.parametrize(("wrong", "content", "refusal", "field"), WRONG)
def test_binary_mode_is_refused_for_its_true_cause(
    client: TestClient,
    headers: dict[str, str],
    wrong: dict[str, Any],
    content: Any,
    refusal: tuple[int, str],
    field: str | None,
) -> None:
    answer = post(client, headers | in_headers(**wrong), content)
    assert (answer.status_code, answer.json()["code"]) == refusal
    assert answer.json().get("field") == field


def test_a_header_that_is_there_twice_is_refused(
    client: TestClient, headers: dict[str, str]
) -> None:
    twice = [*(headers | in_headers()).items(), ("ce-id", "2")]
    answer = client.post("/v1/events", headers=twice)
    assert (answer.status_code, answer.json()["field"]) == (422, "ce-id")


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/cloudevents+xml", "application/xml"]
)
def test_other_types_are_told_which_are_read(
    client: TestClient, headers: dict[str, str], media_type: str
) -> None:
    answer = post(client, headers | in_headers(), ABOUT, media_type)
    assert (answer.status_code, answer.json()["code"]) == (
        415,
        "media_type_unsupported",
    )
    assert ONE in answer.json()["detail"]


def test_headers_beside_a_structured_event_say_nothing(
    client: TestClient, headers: dict[str, str]
) -> None:
    answer = post(client, headers | in_headers(id="2"), make_event(id="1"), ONE)
    assert answer.json()["accepted"] == 1
    assert send(client, headers, make_event(id="1"))["duplicates"] == 1


def test_a_list_that_is_only_said_to_be_json_is_a_batch(
    client: TestClient, headers: dict[str, str]
) -> None:
    batch = [make_event(id="1"), make_event(id="2", time=None)]
    taken = post(client, headers, batch, JSON).json()
    assert taken["accepted"] == 1
    assert [rejected["index"] for rejected in taken["rejected"]] == [1]
    assert post(client, headers, batch, BATCH).json() == taken | {
        "accepted": 0,
        "duplicates": 1,
    }


def encoded(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


SAME = [
    pytest.param({"data": json.dumps(ABOUT)}, id="json-text"),
    pytest.param({"data": None, "data_base64": encoded(ABOUT)}, id="base64"),
    pytest.param({"data_base64": None, "actor": None}, id="nothing"),
]


@pytest.mark.parametrize("same", SAME)
def test_data_may_be_written_otherwise(
    client: TestClient, headers: dict[str, str], same: dict[str, Any]
) -> None:
    send(client, headers, make_event())
    assert send(client, headers, make_event(**same))["duplicates"] == 1
    nulls = dict.fromkeys(("data", "actor", "by", "receivedat", "data_base64"))
    assert send(client, headers, make_event(id="2") | nulls)["accepted"] == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"data": "[1]"}, "data"),
        ({"data": '{"a": "\\u0000"}'}, "data"),
        ({"data_base64": "é"}, "data_base64"),
        ({"data_base64": encoded(["a"]), "data": None}, "data_base64"),
        ({"data_base64": encoded({"a": "\0"}), "data": None}, "data_base64"),
        ({"data_base64": encoded(ABOUT)}, "data_base64"),  # and data
    ],
)
def test_data_that_is_no_object_is_refused(
    client: TestClient, headers: dict[str, str], wrong: dict[str, Any], field: str
) -> None:
    answer = post(client, headers, make_event(**wrong), ONE)
    assert (answer.status_code, answer.json()["code"]) == (422, "event_malformed")
    assert answer.json()["field"] == field


def test_a_byte_order_mark_is_read_over(
    client: TestClient, headers: dict[str, str]
) -> None:
    sent = json.dumps(make_event()).encode("utf-8-sig")
    assert post(client, headers, sent, ONE).json()["accepted"] == 1
    scores = json.dumps({"leads": [{"lead_id": "L-1"}]}).encode("utf-8-sig")
    answer = client.post(
        "/v1/scores", content=scores, headers=headers | {"Content-Type": JSON}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/v1/events", "/v1/leads/L-1/stage-moves"])
def test_a_compressed_body_is_refused_for_that(
    client: TestClient, headers: dict[str, str], path: str
) -> None:
    sent = gzip.compress(json.dumps(make_event()).encode())
    typed = {"Content-Type": JSON, "Content-Encoding": "gzip"}
    answer = client.post(path, content=sent, headers=headers | typed)
    assert (answer.status_code, answer.json()["code"]) == (415, "encoding_unsupported")
    assert answer.headers["Accept-Encoding"] == "identity"
    plain = typed | {"Content-Encoding": "identity"}
    event = json.dumps(make_event()).encode()
    taken = client.post("/v1/events", content=event, headers=headers | plain)
    assert taken.status_code == 200


class TestTheHandshake:
    ORIGIN = "eventemitter.example.com"

    @pytest.mark.parametrize(
        ("asked", "allowed"), [(None, "600"), ("120", "120"), ("100000", "600")]
    )
    def test_agrees_with_who_has_a_key_at_its_rate(
        self, service: Service, headers: dict[str, str], asked: str, allowed: str
    ) -> None:
        settings = service.settings.model_copy(update={"key_limit": "10/second"})
        with TestClient(create_app(replace(service, settings=settings))) as client:
            rate = {"WebHook-Request-Rate": asked} if asked else {}
            answer = client.options(
                "/v1/events",
                headers=headers | rate | {"WebHook-Request-Origin": self.ORIGIN},
            )
        assert answer.status_code == 200
        assert answer.headers["WebHook-Allowed-Origin"] == self.ORIGIN
        assert answer.headers["WebHook-Allowed-Rate"] == allowed
        assert "POST" in answer.headers["Allow"]

    def test_agrees_with_nobody_else(
        self, client: TestClient, headers: dict[str, str]
    ) -> None:
        asked = {"WebHook-Request-Origin": self.ORIGIN}
        stranger = client.options("/v1/events", headers=asked)
        assert stranger.status_code == 401
        wrong = asked | {"WebHook-Request-Rate": "0"}
        for sent in (wrong, {"WebHook-Request-Origin": "a b"}):
            answer = client.options("/v1/events", headers=headers | sent)
            assert (answer.status_code, answer.json()["code"]) == (
                422,
                "request_invalid",
            )
        unasked = client.options("/v1/events", headers=headers)
        for other in (stranger, unasked):
            assert "WebHook-Allowed-Origin" not in other.headers


class TestNamesOfSources:
    URI = "https://crm.example.fr/opportunites"
    KIND = "fr.example.crm.page.vue"

    @pytest.fixture
    def client(self, service: Service) -> Any:
        named = NamedSource(
            name="crm", uris=(self.URI,), types={self.KIND: "page_viewed"}
        )
        names = EventNames(kinds=frozenset({"danced"}), source=(named,))
        with TestClient(create_app(replace(service, event_names=names))) as client:
            yield client

    def test_are_those_of_the_key(
        self, client: TestClient, headers: dict[str, str]
    ) -> None:
        called = in_headers(source=self.URI, type=self.KIND)
        assert post(client, headers | called, ABOUT).json()["accepted"] == 1
        assert send(client, headers, make_event())["duplicates"] == 1
        assert send(client, headers, make_event(id="2", type="danced"))["accepted"] == 1

    def test_open_nothing_that_the_key_may_not(
        self, client: TestClient, headers: dict[str, str]
    ) -> None:
        other = make_event(id="2", source="https://site.example.fr")
        unnamed = make_event(id="3", source=self.URI, type="fr.example.crm.autre")
        rejected = send(client, headers, other, unnamed)["rejected"]
        codes = [each["code"] for each in rejected]
        assert codes == ["source_not_yours", "kind_malformed"]
        assert all("FREIN_EVENT_NAMES" in each["detail"] for each in rejected)

    def test_come_from_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "names.toml"
        file.write_text(
            'kinds = ["danced"]\n[[source]]\nname = "crm"\nuris = ["urn:crm"]\n'
            '[source.types]\n"fr.crm.vue" = "page_viewed"\n'
        )
        names = read_event_names(file)
        assert names.declared_kinds == {"danced", "page_viewed"}
        assert names.here({"source": "urn:crm", "type": "fr.crm.vue"}) == {
            "source": "crm",
            "type": "page_viewed",
        }
        file.write_text('[[source]]\nname = "crm"\nuris = ["crm"]\n')
        with pytest.raises(EventNamesError, match="stands twice"):
            read_event_names(file)
        assert read_event_names(None) == EventNames()
