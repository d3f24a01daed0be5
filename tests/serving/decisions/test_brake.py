"""The brake: no key makes a reserved move, and each lock holds alone."""

from itertools import combinations
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from features.event import Actor
from governance.people.roles import Role
from governance.policy.pipeline import read_pipeline
from serving.auth.accounts import close_account
from serving.database.engine import SQLITE, Store
from serving.repositories.api_keys import Scope
from serving.repositories.proposals import all_proposals
from serving.runtime.service import Service
from tests.serving.builders import NOW, make_event, make_key, make_person, send, write
from tests.serving.fakes import score_of
from tests.serving.reserved import LOST

PIPELINE = read_pipeline()
RESERVED = [stage.name for stage in PIPELINE.stage if stage.reserved]
FREE = [stage.name for stage in PIPELINE.stage if PIPELINE.is_free(stage.name)]
_SENDING = (Scope.EVENTS, Scope.MOVES, Scope.STAGES, Scope.VOUCH, Scope.BACKFILL)
SCOPE_SETS = [
    frozenset(some)
    for n in range(len(_SENDING) + 1)
    for some in combinations(_SENDING, n)
]


def ask(client: TestClient, headers: dict[str, str], to: str, **more: Any) -> Any:
    return client.post(
        "/v1/leads/L-1/stage-moves", json={"to": to} | more, headers=headers
    )


@pytest.fixture
def known(client: TestClient, headers: dict[str, str]) -> TestClient:
    """A client of a service that knows the lead L-1."""
    send(client, headers, make_event())
    return client


@pytest.mark.parametrize("to", RESERVED)
def test_no_key_makes_a_reserved_move(
    known: TestClient, service: Service, to: str
) -> None:
    for scopes in SCOPE_SETS:
        for actor in Actor:
            _, headers = make_key(service, scopes=scopes, max_actor=actor)
            answer = ask(known, headers, to)
            may_ask = Scope.MOVES in scopes
            expected = (
                (409, "reserved_for_people") if may_ask else (403, "scope_missing")
            )
            assert (answer.status_code, answer.json()["code"]) == expected
    assert decisions(service) == []
    assert stage(service) == "nouveau"


@pytest.mark.parametrize("to", RESERVED)
def test_a_refusal_leaves_one_proposal_and_one_task(
    known: TestClient, headers: dict[str, str], service: Service, to: str
) -> None:
    first = ask(known, headers, to, reason="Le client est prêt").json()
    second = ask(known, headers, to).json()

    assert first["proposal_id"] == second["proposal_id"]
    assert first["task_id"] == second["task_id"]
    assert "réservé aux personnes" in first["detail"]
    lead = known.get("/v1/leads/L-1", headers=headers).json()
    assert [one["id"] for one in lead["proposals"]] == [first["proposal_id"]]
    assert lead["score"]["proposals"] == [first["proposal_id"]]
    (task,) = known.get("/v1/tasks", headers=headers).json()["tasks"]
    assert task["id"] == first["task_id"]
    assert task["owner"] == "Direction commerciale"
    assert (task["expected"], task["due_on"]) == ("arbitrage", "2026-11-26")


@pytest.mark.parametrize("to", [name for name in FREE if name != "nouveau"])
def test_a_free_move_is_made_recorded_and_scored(
    known: TestClient, headers: dict[str, str], service: Service, to: str
) -> None:
    answer = ask(known, headers, to)

    assert answer.status_code == 200
    assert (answer.json()["from_stage"], answer.json()["to_stage"]) == ("nouveau", to)
    assert stage(service) == to
    (decision,) = decisions(service)
    assert (decision["to_stage"], decision["signer_kind"]) == (to, "integration")
    lead = known.get("/v1/leads/L-1", headers=headers).json()
    assert lead["score"]["score"] == score_of(2)
    with service.store.reading() as session:
        kept = session.execute(
            text("SELECT kind, actor FROM event WHERE source = 'frein'")
        ).all()
    assert [tuple(row) for row in kept] == [("stage_changed", "automation")]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param({"to": "ailleurs"}, 422, "stage_unknown", id="unknown"),
        pytest.param({"to": "nouveau"}, 409, "stage_already_held", id="same"),
        pytest.param({}, 422, "request_invalid", id="no-stage"),
        pytest.param(
            {"to": "perdu", "actor": "person"}, 422, "request_invalid", id="forged"
        ),
        pytest.param(
            {"to": "x", "reason": "y" * 1001}, 422, "request_invalid", id="long"
        ),
        pytest.param(
            {"to": "perdu", "reason": "a\0b"}, 422, "request_invalid", id="nul"
        ),
    ],
)
def test_a_move_that_cannot_be_asked(
    known: TestClient,
    headers: dict[str, str],
    body: dict[str, str],
    status: int,
    code: str,
) -> None:
    answer = known.post("/v1/leads/L-1/stage-moves", json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_unknown_lead_is_a_404(client: TestClient, headers: dict[str, str]) -> None:
    assert ask(client, headers, "perdu").json()["code"] == "lead_unknown"


@pytest.mark.parametrize("action", ["confirm", "dismiss"])
def test_no_key_decides_a_proposal(
    known: TestClient, service: Service, headers: dict[str, str], action: str
) -> None:
    proposal_id = ask(known, headers, "perdu").json()["proposal_id"]
    _, all_scopes = make_key(service, scopes=frozenset(Scope))

    answer = known.post(f"/v1/proposals/{proposal_id}/{action}", headers=all_scopes)

    assert (answer.status_code, answer.json()["code"]) == (403, "person_required")
    with service.store.reading() as session:
        assert [one.status for one in all_proposals(session)] == ["open"]


@pytest.mark.parametrize(
    ("decided", "asked", "clause"),
    [
        (None, "gagne", "P-12"),
        ("contacte", "qualifie", "P-14"),
        ("contacte", "nouveau", "P-14"),
        ("negociation_finale", "nouveau", "P-14"),
        ("negociation_finale", "gagne", "P-12"),
        ("gagne", "contacte", "P-13"),
        ("perdu", "contacte", "P-11"),
    ],
)
def test_no_key_wins_a_lead_or_changes_what_a_person_decided(
    known: TestClient,
    headers: dict[str, str],
    service: Service,
    decided: str | None,
    asked: str,
    clause: str,
) -> None:
    if decided is not None:
        path, why = "/v1/leads/L-1/stage-moves", {"to": decided, **LOST}
        awa = make_person(service)[1]
        assert known.post(path, json=why, headers=awa).is_success
    answer = ask(known, headers, asked)
    assert (answer.status_code, answer.json()["code"]) == (409, "reserved_for_people")
    assert stage(service) == (decided or "nouveau")
    with service.store.reading() as session:
        (proposal,) = all_proposals(session)
    assert (proposal.to_stage, proposal.clause) == (asked, clause)


def test_a_key_goes_on_from_where_a_key_came(
    known: TestClient, headers: dict[str, str]
) -> None:
    for to in ("contacte", "qualifie", "contacte"):
        assert ask(known, headers, to).status_code == 200


class TestLock3ByDirectSql:
    @pytest.mark.parametrize("to", RESERVED)
    @pytest.mark.parametrize("reserved", [False, True, None])
    @pytest.mark.parametrize("kind", ["integration", "automation", "", "robot"])
    @pytest.mark.parametrize("replacing", [False, True])
    def test_an_unsigned_reserved_decision_is_refused(
        self,
        known: TestClient,
        service: Service,
        to: str,
        reserved: bool | None,
        kind: str,
        replacing: bool,
    ) -> None:
        with pytest.raises(IntegrityError):
            write_decision(service, to, reserved, kind, replacing=replacing)
        assert decisions(service) == []

    @pytest.mark.parametrize("signer", ["", "  "])
    def test_a_person_without_a_name_signs_nothing(
        self, known: TestClient, service: Service, signer: str
    ) -> None:
        with pytest.raises(IntegrityError):
            write_decision(service, "perdu", True, "person", signer=signer)

    @pytest.mark.parametrize("who", ["unknown", "disabled", "analyst"])
    def test_who_has_no_account_that_decides_signs_nothing(
        self, known: TestClient, service: Service, who: str
    ) -> None:
        if who != "unknown":
            role = Role.ANALYST if who == "analyst" else Role.SALES
            person, _ = make_person(service, role)
        if who == "disabled":
            close_account(service.store, person.login, NOW)
        with pytest.raises(IntegrityError, match="signer_decides_nothing"):
            write_decision(service, "contacte", False, "person")

    def test_a_person_signs(self, known: TestClient, service: Service) -> None:
        make_person(service)
        write_decision(service, "perdu", True, "person")
        assert len(decisions(service)) == 1

    def test_a_stage_outside_the_pipeline_is_refused(
        self, known: TestClient, service: Service
    ) -> None:
        with pytest.raises(IntegrityError):
            write_decision(service, "ailleurs", False, "integration")

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE decision SET to_stage = 'perdu', reserved = false",
            "DELETE FROM decision",
        ],
    )
    def test_a_decision_never_changes(
        self, known: TestClient, service: Service, statement: str
    ) -> None:
        write_decision(service, "contacte", False, "integration")
        with (
            pytest.raises(IntegrityError, match="append_only"),
            service.store.writing() as session,
        ):
            session.execute(text(statement))

    def test_truncating_decisions_is_refused(self, postgres_store: Store) -> None:
        with pytest.raises(IntegrityError, match="append_only"):
            write(postgres_store, "TRUNCATE decision CASCADE")

    def test_a_temporary_stage_does_not_stand_before_ours(
        self, postgres_store: Store
    ) -> None:
        shadow = (
            "CREATE TEMP TABLE stage ON COMMIT DROP AS"
            " SELECT name, position, false AS reserved, closes FROM stage"
        )
        lead = uuid4()
        add_lead = (
            "INSERT INTO lead (id, external_id, version, stage, created_at)"
            f" VALUES ('{lead}', 'L-1', 1, 'nouveau', now())"
        )
        decide = (
            "INSERT INTO decision (id, lead_id, from_stage, to_stage, reserved, clause,"
            f" signer_kind, signer, decided_at) VALUES ('{lead}', '{lead}', 'nouveau',"
            " 'perdu', false, 'P-01', 'integration', 'ab12cd34', now())"
        )
        with pytest.raises(IntegrityError, match="reserved_for_people"):
            write(postgres_store, add_lead, shadow, decide)

    def test_replacing_a_decision_is_refused(
        self, known: TestClient, service: Service
    ) -> None:
        same = uuid4().hex
        write_decision(service, "contacte", False, "integration", id=same)
        with pytest.raises(IntegrityError, match="append_only"):
            write_decision(
                service, "qualifie", False, "integration", id=same, replacing=True
            )

    @pytest.mark.parametrize(
        ("origin", "to"),
        [
            ("nouveau", "gagne"),
            ("negociation_finale", "nouveau"),
            ("gagne", "contacte"),
            ("perdu", "contacte"),
            ("contacte", "qualifie"),
        ],
    )
    def test_a_machine_undoes_nothing(
        self, known: TestClient, service: Service, tamper: Any, origin: str, to: str
    ) -> None:
        make_person(service)
        write_decision(service, "contacte", False, "person")
        tamper(f"UPDATE lead SET stage = '{origin}'")  # where the next one begins
        with pytest.raises(IntegrityError, match="reserved_for_people"):
            write_decision(service, to, False, "integration", origin=origin)

    @pytest.mark.parametrize("percent", [-50.0, 0.0, 100.5])
    def test_a_concession_is_a_share_of_the_price(
        self, known: TestClient, service: Service, percent: float
    ) -> None:
        is_reserved = "true" if percent > 10 else "false"
        grant = (
            "INSERT INTO concession (id, lead_id, percent, reserved, clause,"
            f" signer_kind, signer, decided_at) SELECT id, id, {percent},"
            f" {is_reserved}, 'P-01', 'person', 'Awa Diallo', created_at FROM lead"
        )
        make_person(service)
        with pytest.raises(IntegrityError, match="concession_is_no_share"):
            write(service.store, grant)


def write_decision(
    service: Service,
    to: str,
    reserved: bool | None,
    kind: str,
    *,
    replacing: bool = False,
    **more: str,
) -> None:
    """Write a decision by SQL alone; `signer`, `origin` and `id` may be given."""
    insert = (
        "INTO decision (id, lead_id, from_stage, to_stage, reserved, clause,"
        " signer_kind, signer, decided_at) SELECT CAST(:id AS {uuid}), id, :origin,"
        " :to, :reserved, 'P-01', :kind, :signer, '2026-11-24 09:00:00' FROM lead"
    )
    if service.store.engine.dialect.name == SQLITE:
        verb = "INSERT OR REPLACE" if replacing else "INSERT"
        statement = f"{verb} {insert.format(uuid='text')}"
    else:
        instead = " ON CONFLICT (id) DO UPDATE SET to_stage = EXCLUDED.to_stage"
        statement = f"INSERT {insert.format(uuid='uuid')}{instead if replacing else ''}"
    given = {
        "id": more.get("id", uuid4().hex),
        "origin": more.get("origin", "nouveau"),
        "to": to,
        "reserved": reserved,
        "kind": kind,
        "signer": more.get("signer", "Awa Diallo"),
    }
    with service.store.writing() as session:
        session.execute(text(statement), given)


def decisions(service: Service) -> list[Any]:
    with service.store.reading() as session:
        return list(session.execute(text("SELECT * FROM decision")).mappings())


def stage(service: Service) -> str:
    with service.store.reading() as session:
        return str(session.scalar(text("SELECT stage FROM lead")))
