"""Lock 3 on leads, configuration, dates, limits and statements: SQL as our own user."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from governance.people.roles import Role
from governance.policy.pipeline import Pipeline, read_pipeline
from serving.app.configuration import install_configuration
from serving.database.engine import SQLITE
from serving.decisions.concession import ConcessionRequest, concede, limit_of
from serving.errors import AboveLimitError
from serving.repositories.leads import find_lead
from serving.runtime.service import Service
from tests.serving.builders import NOW, make_event, make_person, send, write
from tests.serving.reserved import Headers, concession, object_to_the_price


@pytest.fixture
def crm(client: TestClient, headers: Headers) -> TestClient:
    """L-1 is there, at the first stage, with a priority."""
    send(client, headers, make_event())
    return client


def install_limits(service: Service, **more: Any) -> None:
    fields = read_pipeline().model_dump() | {"concession_amount": {"commercial": 1000}}
    pipeline = Pipeline.model_validate(fields | more)
    install_configuration(service.store, service.settings, pipeline, NOW)


def refused(service: Service, statement: str, code: str) -> None:
    with pytest.raises(IntegrityError, match=code):
        write(service.store, statement)


def stage_of(service: Service) -> str:
    with service.store.reading() as session:
        lead = find_lead(session, "L-1")
    assert lead is not None
    return lead.stage


def event(kind: str, data: str = "{}", **columns: str) -> str:
    """SQL that puts an event of L-1 into the log."""
    given = {
        "lead_id": "(SELECT id FROM lead)",
        "event_id": "'forged'",
        "source": "'crm'",
        "kind": f"'{kind}'",
        "occurred_at": "(SELECT created_at FROM lead)",
        "received_at": "(SELECT created_at FROM lead)",
        "actor": "'person'",
        "data": f"'{data}'",
    } | columns
    return (
        f"INSERT INTO event ({', '.join(given)}) VALUES ({', '.join(given.values())})"
    )


class TestAStage:
    @pytest.mark.parametrize("to", ["perdu", "negociation_finale", "gagne", "contacte"])
    def test_changes_only_if_an_event_tells_it(
        self, crm: TestClient, service: Service, to: str
    ) -> None:
        refused(service, f"UPDATE lead SET stage = '{to}'", "reserved_for_people")
        assert stage_of(service) == "nouveau"

    def test_of_an_older_event_is_no_news(
        self, crm: TestClient, service: Service, headers: Headers
    ) -> None:
        for minute, to in enumerate(["qualifie", "contacte"]):
            at = NOW - timedelta(minutes=30 - minute)
            moved = {"type": "stage_changed", "data": {"to": to}}
            send(crm, headers, make_event(id=to, time=at.isoformat(), **moved))
        refused(service, "UPDATE lead SET stage = 'qualifie'", "reserved_for_people")

    def test_of_our_own_event_needs_its_decision(
        self, crm: TestClient, service: Service
    ) -> None:
        told = event("stage_changed", '{"to": "perdu"}', source="'frein'")
        refused(service, told, "reserved_for_people")

    @pytest.mark.parametrize("stage", ["perdu", "negociation_finale", "gagne"])
    def test_no_lead_begins_at_an_end(self, service: Service, stage: str) -> None:
        given = "(id, external_id, version, stage, created_at)"
        row = f"('{'0' * 32}', 'L-9', 1, '{stage}', '2026-11-24 09:00:00')"
        statement = f"INSERT INTO lead {given} VALUES {row}"
        refused(service, statement, "reserved_for_people")

    def test_that_comes_with_a_new_lead_is_taken(
        self, client: TestClient, service: Service, headers: Headers
    ) -> None:
        send(client, headers, make_event(type="lost", data={}))
        assert stage_of(service) == "perdu"


class TestAPriority:
    def test_changes_only_if_it_was_decided(
        self, crm: TestClient, service: Service
    ) -> None:
        statement = "UPDATE lead SET priority = 'elevee'"
        refused(service, statement, "reserved_for_people")

    def test_does_not_go_back_to_one_that_was_decided_before(
        self, crm: TestClient, service: Service
    ) -> None:
        _, awa = make_person(service)
        for priority in ("elevee", "basse"):
            sent = {"priority": priority, "reason": "Accord verbal"}
            path = "/v1/leads/L-1/requalifications"
            assert crm.post(path, json=sent, headers=awa).is_success
        statement = "UPDATE lead SET priority = 'elevee'"
        refused(service, statement, "reserved_for_people")

    def test_is_not_taken_away(self, crm: TestClient, service: Service) -> None:
        refused(service, "UPDATE lead SET priority = NULL", "reserved_for_people")


@pytest.mark.parametrize("blank", [" L-1", "L-1 ", "\tL-1", "L-1\u00a0", ""])
def test_an_id_has_no_blanks_around(
    crm: TestClient, service: Service, blank: str
) -> None:
    statement = f"UPDATE lead SET external_id = '{blank}'"
    refused(service, statement, "lead_id_has_blanks")


def test_an_event_of_a_lead_with_blanks_is_that_leads(
    crm: TestClient, service: Service, headers: Headers
) -> None:
    send(crm, headers, make_event(id="2", subject=" L-1 "))
    with service.store.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM lead")) == 1


class TestConfiguration:
    @pytest.fixture(autouse=True)
    def started(self, service: Service) -> None:
        install_configuration(
            service.store, service.settings, service.pipeline, service.clock()
        )

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE stage SET reserved = false WHERE name = 'perdu'",
            "UPDATE stage SET closes = false WHERE name = 'perdu'",
            "UPDATE stage SET role = 'won' WHERE name = 'perdu'",
            "UPDATE stage SET position = 9 WHERE name = 'nouveau'",
            "UPDATE stage SET renamed_to = 'perdu' WHERE name = 'nouveau'",
            "INSERT INTO stage (name, position, reserved, closes)"
            " VALUES ('classe', 9, false, false)",
            "UPDATE threshold SET value = 100 WHERE name = 'concession_above_percent'",
            "UPDATE threshold SET value = 100 WHERE name LIKE '%_commercial'",
            "DELETE FROM threshold WHERE name LIKE '%_commercial'",
            "INSERT INTO threshold VALUES ('concession_percent_admin', 100)",
        ],
    )
    def test_changes_only_as_the_audit_says(
        self, service: Service, statement: str
    ) -> None:
        refused(service, statement, "configuration_is_not_audited")

    def test_that_is_in_force_is_written_again(self, service: Service) -> None:
        write(service.store, "UPDATE stage SET reserved = reserved")
        write(service.store, "UPDATE threshold SET value = value")


class TestADecision:
    @pytest.mark.parametrize("at", ["'infinity'", "'2026-11-01 09:00:00'"])
    def test_is_not_of_before_the_lead(
        self, crm: TestClient, service: Service, at: str
    ) -> None:
        make_person(service)
        granted = concession(5, reserved="false").insert("person")
        granted = granted.replace("(SELECT created_at FROM lead)", at)
        refused(service, granted, "decided_at_is_wrong")

    def test_above_the_limit_of_a_role_is_refused(
        self, crm: TestClient, service: Service
    ) -> None:
        make_person(service, Role.SALES)
        write(service.store, concession(6, reserved="false").insert("person"))
        more = concession(4.5, reserved="false").insert("person")
        refused(service, more, "reserved_for_people")
        write(service.store, concession(4, reserved="false").insert("person"))


def set_attributes(client: TestClient, headers: Headers, id: str, **data: Any) -> None:
    send(client, headers, make_event(id=id, type="attributes_set", data=data))


class TestAConcession:
    """Limits in euros: of the lead's amount, as it was last set."""

    @pytest.fixture(autouse=True)
    def limits(self, service: Service) -> None:
        """A salesperson concedes 1,000 € at most, of `amount` or another attribute."""
        install_limits(service)

    @pytest.mark.parametrize(
        ("amount", "within", "above"),
        [
            (20_000, 5, 0.1),
            (20_000.5, 4.999, 0.01),
            (100_000, 1, 0.01),
        ],
    )
    def test_above_a_limit_in_euros_is_refused(
        self,
        crm: TestClient,
        service: Service,
        headers: Headers,
        amount: float,
        within: float,
        above: float,
    ) -> None:
        make_person(service, Role.SALES)
        set_attributes(crm, headers, "amount", amount=amount)
        set_attributes(crm, headers, "sector", sector="chimie")
        granted = concession(within, reserved="false").insert("person")
        write(service.store, granted)
        more = concession(above, reserved="false").insert("person")
        refused(service, more, "reserved_for_people")

    @pytest.mark.parametrize("amount", [None, 0, -5, True, "20000", 5_000])
    def test_without_an_amount_the_percentage_alone_counts(
        self, crm: TestClient, service: Service, headers: Headers, amount: Any
    ) -> None:
        make_person(service, Role.SALES)
        set_attributes(crm, headers, "amount", amount=amount)
        write(service.store, concession(10, reserved="false").insert("person"))
        more = concession(0.1, reserved="false").insert("person")
        refused(service, more, "reserved_for_people")

    @pytest.mark.parametrize("later", [None, 0, "20000", 5_000])
    def test_another_amount_gives_nobody_room(
        self, crm: TestClient, service: Service, headers: Headers, later: Any
    ) -> None:
        awa, _ = make_person(service, Role.SALES)
        for n, amount in enumerate((5_000, 100_000, later)):
            set_attributes(crm, headers, f"amount {n}", amount=amount)
        more = concession(1.1, reserved="false").insert("person")
        refused(service, more, "reserved_for_people")
        limits = service.pipeline.model_copy(
            update={"concession_amount": {Role.SALES: 1000.0}}
        )
        with service.store.reading() as session:
            lead = find_lead(session, "L-1")
            assert lead is not None
            assert limit_of(session, limits, awa.principal, lead.id) == 1
        write(service.store, concession(1, reserved="false").insert("person"))

    def test_a_role_without_one_is_not_limited(
        self, crm: TestClient, service: Service, headers: Headers
    ) -> None:
        make_person(service, Role.MANAGER)
        set_attributes(crm, headers, "amount", amount=1_000_000)
        write(service.store, concession(9, reserved="false").insert("person"))

    def test_the_amount_is_of_the_attribute_that_the_pipeline_names(
        self, crm: TestClient, service: Service, headers: Headers
    ) -> None:
        install_limits(service, amount_attribute="budget")
        make_person(service, Role.SALES)
        set_attributes(crm, headers, "both", amount=1_000, budget=100_000)
        more = concession(1.1, reserved="false").insert("person")
        refused(service, more, "reserved_for_people")
        write(service.store, concession(1, reserved="false").insert("person"))

    def test_what_the_policy_lets_through_becomes_a_proposal(
        self, crm: TestClient, service: Service, headers: Headers
    ) -> None:
        awa, _ = make_person(service, Role.SALES)
        set_attributes(crm, headers, "amount", amount=100_000)
        asked = ConcessionRequest(
            lead_id="L-1", percent=2, reason="Premier contrat", by=awa.principal
        )
        with pytest.raises(AboveLimitError) as caught:  # its pipeline has no limit
            concede(service, asked, NOW)
        assert caught.value.proposal_id is not None


class TestAStatement:
    @pytest.mark.parametrize(
        "kind", ["priority_confirmed", "status_adjusted", "automation_resumed"]
    )
    def test_of_nobody_is_no_event(
        self, crm: TestClient, service: Service, headers: Headers, kind: str
    ) -> None:
        object_to_the_price(crm, headers)
        forged = event(kind, source="'frein'", event_id=f"'{'0' * 36}'")
        refused(service, forged, "reserved_for_people")

    def test_is_signed_by_somebody_we_know(
        self, crm: TestClient, service: Service
    ) -> None:
        forged = (
            "INSERT INTO statement SELECT id, id, 'priority_confirmed', 'Nobody',"
            " created_at FROM lead"
        )
        refused(service, forged, "signer_decides_nothing")

    def test_never_changes(self, crm: TestClient, service: Service) -> None:
        _, awa = make_person(service)
        note = {"text": "Rappeler lundi"}
        assert crm.post("/v1/leads/L-1/notes", json=note, headers=awa).is_success
        for statement in ("UPDATE statement SET kind = 'x'", "DELETE FROM statement"):
            refused(service, statement, "decision_append_only")
        if service.store.engine.dialect.name == SQLITE:
            again = "INSERT OR REPLACE INTO statement SELECT * FROM statement"
            refused(service, again, "decision_append_only")


def test_a_pipeline_that_is_read_says_its_roles(service: Service) -> None:
    with service.store.reading() as session:
        rows = session.execute(text("SELECT name, role FROM stage"))
        assert {row.name: row.role for row in rows} == {
            stage.name: stage.role for stage in read_pipeline().stage
        }
