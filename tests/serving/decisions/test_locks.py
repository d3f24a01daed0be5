"""Each of the three locks alone, on everything that is reserved for people."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, event, text
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from explanations.score import Priority
from governance.people.principal import Principal
from governance.policy.locks import Brake
from governance.policy.policy import Clause, Ruling, Verdict
from serving.database.engine import SQLITE, Store
from serving.database.tables import ConcessionRow, DecisionRow, RequalificationRow
from serving.decisions.concession import ConcessionRequest, concede
from serving.decisions.requalification import PriorityRequest, requalify
from serving.decisions.stage_move import MoveRequest, move_stage
from serving.errors import ReservedForPeopleError
from serving.runtime.service import Service
from tests.postgres import Postgres
from tests.serving.builders import NOW, make_event, make_key, send
from tests.serving.reserved import RESERVED, Reserved, concession


def applies_all(*_: object) -> Ruling:
    return Ruling(Verdict.APPLY, Clause.STAGE_FREE)


def admits_all(*_: object) -> None:
    return


HELD = (DecisionRow, ConcessionRow, RequalificationRow)  # by lock 3
CONSTRAINTS = {  # beside the triggers
    "decision": "reserved_for_people",
    "concession": "concession_reserved_for_people",
}
_DEFINITION = (
    "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"
)
_INSERTING = (
    "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    " AND tbl_name IN ('decision', 'concession', 'requalification')"
    " AND sql LIKE '%BEFORE INSERT%'"
)


def _ignore_constraints(dbapi_connection: Any, _: object) -> None:
    dbapi_connection.execute("PRAGMA ignore_check_constraints=ON")


@pytest.fixture
def without_lock_3(store: Store, request: pytest.FixtureRequest) -> Iterator[None]:
    """Switch the database's lock off: no trigger, no constraint."""
    if store.engine.dialect.name == SQLITE:
        with store.engine.begin() as connection:
            for name in connection.scalars(text(_INSERTING)).all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        store.engine.dispose()
        event.listen(store.engine, "connect", _ignore_constraints)
        yield
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    with postgres.superuser(str(store.engine.url.database)) as superuser:

        def alter(table: str, how: str) -> None:
            superuser.execute(text(f"ALTER TABLE {table} {how}"))

        for row in HELD:
            alter(row.__tablename__, "DISABLE TRIGGER USER")
        rules = {}
        for table, constraint in CONSTRAINTS.items():
            named = {"name": constraint}
            rules[table] = superuser.scalar(text(_DEFINITION), named)
            alter(table, f"DROP CONSTRAINT {constraint}")
        yield
        for row in HELD:
            superuser.execute(delete(row))
            alter(row.__tablename__, "ENABLE TRIGGER USER")
        for table, constraint in CONSTRAINTS.items():
            alter(table, f"ADD CONSTRAINT {constraint} {rules[table]}")


@pytest.fixture(params=RESERVED)
def what(
    request: pytest.FixtureRequest, client: TestClient, headers: dict[str, str]
) -> Reserved:
    """What is reserved, of the lead L-1 as it then stands."""
    send(client, headers, make_event())
    wanted = RESERVED[request.param]
    wanted.before(client, headers)
    return wanted


def by_move(service: Service, sent: dict[str, Any], by: Principal) -> None:
    asked = MoveRequest(lead_id="L-1", to=sent["to"], reason=None, by=by)
    move_stage(service, asked, NOW)


def by_concession(service: Service, sent: dict[str, Any], by: Principal) -> None:
    asked = ConcessionRequest(
        lead_id="L-1", percent=sent["percent"], reason=None, by=by
    )
    concede(service, asked, NOW)


def by_priority(service: Service, sent: dict[str, Any], by: Principal) -> None:
    to = Priority(sent["priority"])
    asked = PriorityRequest(lead_id="L-1", priority=to, reason=None, by=by)
    requalify(service, asked, NOW)


ASKED: dict[str, Callable[[Service, dict[str, Any], Principal], None]] = {
    "stage-moves": by_move,
    "concessions": by_concession,
    "requalifications": by_priority,
}


def ask(service: Service, what: Reserved) -> None:
    """As a key does, past the routes."""
    key, _ = make_key(service)
    ASKED[what.call](service, what.sent, key.principal)


POLICY_OFF = Brake(judge=applies_all)
EXECUTOR_OFF = Brake(admit=admits_all)
BOTH_OFF = Brake(judge=applies_all, admit=admits_all)


@pytest.mark.parametrize(
    "brake",
    [
        pytest.param(POLICY_OFF, id="executor-and-database"),
        pytest.param(EXECUTOR_OFF, id="policy-and-database"),
        pytest.param(BOTH_OFF, id="database"),
    ],
)
def test_with_others_off_it_still_becomes_a_proposal(
    service: Service, what: Reserved, brake: Brake
) -> None:
    with pytest.raises(ReservedForPeopleError) as caught:
        ask(replace(service, brake=brake), what)
    assert caught.value.proposal_id is not None
    assert what.made(service) == []


@pytest.mark.parametrize(
    "brake",
    [
        pytest.param(POLICY_OFF, id="executor"),
        pytest.param(EXECUTOR_OFF, id="policy"),
    ],
)
def test_without_the_database_one_lock_holds(
    service: Service, what: Reserved, brake: Brake, without_lock_3: None
) -> None:
    with pytest.raises(ReservedForPeopleError):
        ask(replace(service, brake=brake), what)
    assert what.made(service) == []


def test_with_all_off_there_is_a_breach(
    service: Service, what: Reserved, without_lock_3: None
) -> None:
    ask(replace(service, brake=BOTH_OFF), what)
    assert [kind for kind, _ in what.made(service)] == ["integration"]


def test_concessions_at_once_wait_for_each_other(
    postgres_store: Store, request: pytest.FixtureRequest
) -> None:
    """Neither would see the other: the database lets one go first."""
    lead = "INSERT INTO lead (id, external_id, version, stage, created_at) VALUES"
    small = concession(6, reserved="false")
    with postgres_store.writing() as session:
        row = "(gen_random_uuid(), 'L-1', 1, 'nouveau', now())"
        session.execute(text(f"{lead} {row}"))

    def grant() -> None:
        with postgres_store.writing() as session:
            session.execute(text(small.insert("integration")))

    with ThreadPoolExecutor(1) as pool, postgres_store.writing() as session:
        session.execute(text(small.insert("automation")))
        late = pool.submit(grant)
        with pytest.raises(TimeoutError):
            late.result(timeout=0.5)  # it waits
        session.commit()
        with pytest.raises(IntegrityError, match="reserved_for_people"):
            late.result(timeout=10)
