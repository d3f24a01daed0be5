"""Who objects to being profiled isn't; and nothing is noted without a consent."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from governance.people.roles import Role
from serving.app.application import create_app
from serving.app.scheduler import tick
from serving.audit.reconciliation import reconcile
from serving.auth.dependencies import COOKIE
from serving.auth.sessions import begin_session
from serving.events.export_log import stored_log
from serving.privacy.export import export_of
from serving.repositories.api_keys import USUAL_SCOPES, Scope
from serving.runtime.service import Service
from tests.serving.builders import NOW, make_event, make_key, make_person, send

Headers = dict[str, str]


@pytest.fixture
def person(service: Service) -> Headers:
    return make_person(service)[1]


@pytest.fixture
def objecting(client: TestClient, headers: Headers, person: Headers) -> TestClient:
    """A client of a service on which L-1 was scored, then objected."""
    send(client, headers, make_event(), make_event(id="o", subject="L-2"))
    answer = client.post("/v1/leads/L-1/objection", headers=person)
    assert answer.status_code == 201, answer.text
    return client


def test_there_is_no_score_any_more(
    objecting: TestClient, headers: Headers, service: Service
) -> None:
    lead = objecting.get("/v1/leads/L-1", headers=headers).json()
    assert (lead["score"], lead["priority"]) == (None, None)
    assert lead["objected_at"] is not None
    asked = objecting.post("/v1/leads/L-1/score", headers=headers)
    assert (asked.status_code, asked.json()["code"]) == (409, "objected")
    sent = {"leads": [{"lead_id": "L-1", "events": []}]}
    asked = objecting.post("/v1/scores", json=sent, headers=headers)
    assert (asked.status_code, asked.json()["code"]) == (409, "objected")
    listed = objecting.get("/v1/leads", headers=headers).json()["leads"]
    assert [(one["lead_id"], one["score"] is None) for one in listed] == [
        ("L-2", False),
        ("L-1", True),
    ]


def test_what_comes_in_is_kept_and_sets_nothing_off(
    objecting: TestClient, headers: Headers, service: Service
) -> None:
    def entries() -> int:
        with service.store.reading() as session:
            counted = "SELECT count(*) FROM audit WHERE subject_kind <> 'service'"
            return session.scalar(text(counted)) or 0

    before = entries()
    sent = send(objecting, headers, make_event(id="more", type="email_replied"))
    assert sent["accepted"] == 1
    tick(service, NOW + timedelta(days=2))
    with service.store.reading() as session:
        scores = session.scalar(
            text(
                "SELECT count(*) FROM score JOIN lead ON lead.id = score.lead_id"
                " WHERE external_id = 'L-1'"
            )
        )
    assert scores == 1
    assert entries() == before


def test_training_is_without_it(objecting: TestClient, service: Service) -> None:
    log = stored_log(service.store, service.pipeline, NOW)
    assert log is not None
    assert set(log.events["lead_id"]) == {"L-2"}


def test_the_objection_can_be_taken_back(
    objecting: TestClient, headers: Headers, person: Headers, service: Service
) -> None:
    service.clock.advance(timedelta(minutes=5))  # type: ignore[attr-defined]  # a SetClock
    assert objecting.delete("/v1/leads/L-1/objection", headers=person).is_success
    lead = objecting.get("/v1/leads/L-1", headers=headers).json()
    assert lead["objected_at"] is None
    assert lead["score"] is not None
    with service.store.reading() as session:
        actions = session.scalars(text("SELECT action FROM audit ORDER BY seq")).all()
    assert [a for a in actions if a.startswith("profiling")] == [
        "profiling_objected",
        "profiling_accepted",
    ]


def test_another_system_may_tell_it(
    client: TestClient, headers: Headers, service: Service
) -> None:
    send(client, headers, make_event())
    send(client, headers, make_event(id="x", type="profiling_objected", data={}))
    lead = client.get("/v1/leads/L-1", headers=headers).json()
    assert lead["score"] is None


def test_a_page_of_the_crm_may_note_it(client: TestClient, service: Service) -> None:
    """By a key whose scope is `privacy`; the audit says which."""
    key, officer = make_key(service, in_audit=True, scopes=frozenset({Scope.PRIVACY}))
    _, crm = make_key(service, in_audit=True, scopes=USUAL_SCOPES)
    send(client, crm, make_event())
    refused = client.post("/v1/leads/L-1/objection", headers=crm).json()
    assert refused["code"] == "scope_missing"
    assert "privacy" in refused["detail"]
    for call, status, is_scored in (
        (client.post, 201, False),
        (client.delete, 200, True),
    ):
        service.clock.advance(timedelta(minutes=5))  # type: ignore[attr-defined]  # a SetClock
        assert call("/v1/leads/L-1/objection", headers=officer).status_code == status
        lead = client.get("/v1/leads/L-1", headers=crm).json()
        assert (lead["score"] is not None) is is_scored
    with service.store.reading() as session:
        told = session.scalars(
            text(
                "SELECT name FROM audit JOIN principal"
                " ON replace(CAST(principal.id AS text), '-', '')"
                " = replace(who_id, '-', '') WHERE action LIKE 'profiling_%'"
            )
        )
        assert set(told) == {key.id}
    assert reconcile(service.store).differences == []


def test_the_console_tells_it(
    objecting: TestClient, service: Service, person: Headers
) -> None:
    awa, _ = make_person(service, Role.ADMIN, name="Léa Roc", login="lea")
    begun = begin_session(service.store, awa, service.clock())
    cookie = {"Cookie": f"{COOKIE}={begun.cookie}"}
    page = objecting.get("/console/opportunites/L-1", headers=cookie).text
    assert "s’est opposée au profilage" in page
    assert "Pas encore de score" not in page.partition("<h2")[2]
    inbox = objecting.get("/console/", headers=cookie).text
    assert "opposition au profilage" in inbox


@pytest.mark.parametrize("role", [Role.ANALYST])
def test_who_reads_does_not_object_for_somebody(
    client: TestClient, headers: Headers, service: Service, role: Role
) -> None:
    send(client, headers, make_event())
    _, reader = make_person(service, role)
    assert client.post("/v1/leads/L-1/objection", headers=reader).status_code == 403


# --- Consent ----------------------------------------------------------------------


def opened(n: int, hours: float) -> dict[str, object]:
    at = NOW - timedelta(hours=hours)
    return make_event(id=f"open-{n}", type="email_opened", time=at.isoformat(), data={})


def said(kind: str, hours: float) -> dict[str, object]:
    at = NOW - timedelta(hours=hours)
    about = {"source": "formulaire d’inscription"}
    return make_event(id=f"{kind}-{hours}", type=kind, time=at.isoformat(), data=about)


def test_an_open_without_consent_is_refused(
    client: TestClient, headers: Headers
) -> None:
    sent = send(client, headers, make_event(), opened(1, 1))
    assert sent["accepted"] == 1
    assert [(r["index"], r["code"]) for r in sent["rejected"]] == [
        (1, "consent_missing")
    ]
    alone = client.post("/v1/events", json=opened(2, 1), headers=headers)
    assert (alone.status_code, alone.json()["code"]) == (403, "consent_missing")


def test_a_consent_holds_from_when_it_was_given_until_it_ends(
    client: TestClient, headers: Headers
) -> None:
    sent = send(
        client,
        headers,
        said("tracking_consented", 10),
        opened(1, 11),
        opened(2, 9),
        said("tracking_refused", 5),
        opened(3, 4),
        opened(4, 6),
    )
    assert [r["index"] for r in sent["rejected"]] == [1, 4]
    later = send(client, headers, opened(5, 1), said("tracking_consented", 2))
    assert later["rejected"] == []


def test_each_consent_and_each_refusal_stands_on_its_own(
    client: TestClient, service: Service
) -> None:
    """Told in any order, over several calls."""
    _, headers = make_key(service, in_audit=True)
    send(client, headers, said("tracking_refused", 4), said("tracking_consented", 6))
    send(client, headers, said("tracking_refused", 8), said("tracking_consented", 10))
    hours = (11, 9, 7, 5, 3)
    sent = send(client, headers, *(opened(n, at) for n, at in enumerate(hours)))
    assert [hours[r["index"]] for r in sent["rejected"]] == [11, 7, 3]
    held = export_of(service, "L-1", NOW).rows["event"]
    facts = {
        row["event_id"]: (row["source"], row["data"].get("source")) for row in held
    }
    assert facts["tracking_refused-8"] == ("crm", "formulaire d’inscription")
    assert len(facts) == 6
    assert reconcile(service.store).differences == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"data": {}}, "data.source"),
        ({"data": {"source": " "}}, "data.source"),
        ({"data": {"source": 3}}, "data.source"),
        ({"time": None}, "time"),
    ],
    ids=["no source", "blank", "no text", "no date"],
)
def test_a_consent_without_source_or_date_is_refused(
    client: TestClient, headers: Headers, changed: dict[str, object], field: str
) -> None:
    consent = said("tracking_consented", 2) | changed
    sent = send(client, headers, consent, opened(1, 1))
    assert [(r["index"], r["code"]) for r in sent["rejected"]] == [
        (0, "event_malformed"),
        (1, "consent_missing"),
    ]
    assert f"« {field} »" in sent["rejected"][0]["detail"].replace("\u00a0", " ")
    alone = client.post("/v1/events", json=consent, headers=headers)
    assert (alone.status_code, alone.json()["field"]) == (422, field)


def test_the_kinds_that_need_a_consent_are_a_setting(
    service: Service, headers: Headers
) -> None:
    settings = service.settings.model_copy(update={"consent_kinds": frozenset()})
    with TestClient(create_app(replace(service, settings=settings))) as client:
        assert send(client, headers, opened(1, 1))["rejected"] == []
