"""Revision 0013: what an older store's keys and leads become."""

import logging
from uuid import uuid4

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

import frein
from serving.database.engine import Store
from serving.database.migrate import upgrade
from serving.repositories.api_keys import Scope, key_reviews
from tests.serving.builders import url_of, write
from tests.serving.database.test_migrations import empty

__all__ = ["empty"]  # the fixture

AT = "'2026-11-24 09:00:00+00:00'"


def lead(store: Store, name: str, stage: str) -> str:
    id = uuid4().hex
    insert(
        store,
        "lead",
        id=f"'{id}'",
        external_id=f"'{name}'",
        version="1",
        stage=f"'{stage}'",
        created_at=AT,
    )
    return id


def insert(store: Store, table: str, **columns: str) -> None:
    names, values = ", ".join(columns), ", ".join(columns.values())
    with store.writing() as session:
        session.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"))


def key(store: Store, id: str, scopes: str, actor: str = "person") -> None:
    insert(
        store,
        "api_key",
        id=f"'{id}'",
        name=f"'name of {id}'",
        secret_sha256="'x'",
        source=f"'{id}'",
        max_actor=f"'{actor}'",
        default_actor="'lead'",
        scopes=f"'{scopes}'",
        created_at=AT,
    )


def event(store: Store, lead_id: str, source: str, kind: str, actor: str) -> None:
    values = {"event_id": uuid4().hex, "source": source, "kind": kind, "actor": actor}
    columns = {name: f"'{value}'" for name, value in values.items()}
    insert(
        store,
        "event",
        lead_id=f"'{lead_id}'",
        occurred_at=AT,
        received_at=AT,
        data="'{}'",
        **columns,
    )


def decision(store: Store, lead_id: str, kind: str, signer: str, to: str) -> None:
    insert(
        store,
        "decision",
        id=f"'{uuid4().hex}'",
        lead_id=f"'{lead_id}'",
        clause="'P-01'",
        signer_kind=f"'{kind}'",
        signer=f"'{signer}'",
        decided_at=AT,
        from_stage="'nouveau'",
        to_stage=f"'{to}'",
        reserved="true" if to == "perdu" else "false",
    )


@pytest.fixture
def older(empty: Store) -> Store:
    """A store of revision 0012 with a past."""
    upgrade(empty, "0012")
    for place, name in enumerate(("nouveau", "contacte", "perdu")):
        closes = str(name == "perdu").lower()
        insert(
            empty,
            "stage",
            name=f"'{name}'",
            position=str(place),
            reserved=closes,
            closes=closes,
        )
    insert(
        empty,
        "person",
        id=f"'{uuid4().hex}'",
        login="'awa'",
        name="'Awa Diallo'",
        role="'admin'",
        failures="0",
        created_at=AT,
    )
    return empty


def test_each_key_keeps_what_it_has_used_and_the_log_lists_it(
    older: Store, caplog: pytest.LogCaptureFixture
) -> None:
    usual = "events leads moves scores"
    for id in ("crm", "site", "mover"):
        key(older, id, usual)
    one = lead(older, "L-1", "contacte")
    event(older, one, "crm", "stage_changed", "person")
    event(older, one, "site", "page_viewed", "lead")
    decision(older, one, "integration", "mover", "contacte")
    with caplog.at_level(logging.WARNING):
        upgrade(older)
    with older.reading() as session:
        rows = session.execute(text("SELECT id, scopes, max_actor FROM api_key"))
        kept = {id: (scopes, actor) for id, scopes, actor in rows}
    assert kept == {
        "crm": ("events leads scores stages", "person"),
        "site": ("events leads scores", "automation"),
        "mover": (usual, "automation"),
    }
    told = {r.__dict__["key"]: r for r in caplog.records if r.msg == "key_reviewed"}
    assert told.keys() == kept.keys()
    assert told["crm"].__dict__["given"] == "stages"
    assert told["crm"].__dict__["taken"] == "moves"


def test_a_command_lists_it(older: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for id in ("crm", "site"):
        key(older, id, "events leads moves scores")
    one = lead(older, "L-1", "contacte")
    event(older, one, "crm", "stage_changed", "person")
    upgrade(older)
    with older.reading() as session:
        reviews = {review.key.id: review for review in key_reviews(session)}
    crm, site = reviews["crm"], reviews["site"]
    assert (*crm.given, *crm.taken) == (Scope.STAGES, Scope.MOVES)
    assert (*site.given, *site.taken) == (Scope.MOVES,)
    assert site.taken
    assert reviews["crm"].max_actor == reviews["crm"].was_max_actor == "person"
    assert reviews["site"].max_actor == "automation"

    monkeypatch.setenv("FREIN_DATABASE_URL", url_of(older))
    monkeypatch.setattr("serving.cli.service.out.width", 200)
    told = CliRunner().invoke(frein.app, ["keys", "reviewed"])
    assert told.exit_code == 0, told.output
    (line,) = (line for line in told.output.splitlines() if "name of crm" in line)
    cells = [cell.strip() for cell in line.strip("│ ").split("│")]
    assert cells[:6] == ["crm", "name of crm", "stages", "moves", "person", "person"]


def test_a_store_of_between_has_the_table_too(older: Store) -> None:
    """One that passed revision 0013 before it kept what it did."""
    key(older, "crm", "events")
    upgrade(older, "0015")
    write(older, "DROP TABLE key_review")
    upgrade(older)
    with older.reading() as session:
        assert key_reviews(session) == []


def test_a_stage_that_a_person_signed_is_known_as_signed(older: Store) -> None:
    signed, seen = lead(older, "L-1", "perdu"), lead(older, "L-2", "perdu")
    moved_on = lead(older, "L-3", "contacte")
    for each in (signed, moved_on):
        decision(older, each, "person", "Awa Diallo", "perdu")
    assert seen
    upgrade(older)
    asked = "SELECT external_id, stage_assurance, signed_stage FROM lead"
    with older.reading() as session:
        known = sorted(tuple(row) for row in session.execute(text(asked)))
    assert known == [
        ("L-1", "signed", "perdu"),
        ("L-2", None, None),
        ("L-3", None, None),
    ]
