"""The migrations, up and down, on each kind of database."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from serving.database.engine import POSTGRESQL, SQLITE, Store
from serving.database.migrate import downgrade, upgrade
from serving.database.tables import Base
from serving.errors import DatabaseUnsupportedError
from tests.postgres import Postgres

LEAD, PROPOSAL = "1" * 32, "2" * 32
OF_THE_RELEASE_BEFORE = (  # a row of each table, as revision 0001 had them
    "INSERT INTO stage VALUES ('nouveau', 0, false, false), ('perdu', 1, true, true)",
    "INSERT INTO api_key VALUES ('ab12cd34', 'CRM', 'x', 'crm', 'person', 'lead',"
    " 'events', '2026-11-24 09:00:00', NULL, NULL, NULL)",
    f"INSERT INTO lead VALUES ('{LEAD}', 'L-1', 1, 'nouveau', NULL, NULL, NULL,"
    " 'elevee', 51.5, 'A', 'bref', '2026-11-24 09:00:00', '2026-11-24 09:00:00')",
    f"INSERT INTO event VALUES (1, '{LEAD}', 'e-1', 'crm', 'page_viewed',"
    " '2026-11-24 09:00:00', '2026-11-24 09:00:00', 'lead', '{}')",
    f"INSERT INTO score VALUES (1, '{LEAD}', '2026-11-24 09:00:00', 51.5, 'elevee',"
    " '1', 'a', '2026-11-24 09:00:00', '{}')",
    f"INSERT INTO proposal VALUES ('{PROPOSAL}', '{LEAD}', 'nouveau', 'perdu', 'P-02',"
    " 'Budget', 'integration', 'ab12cd34', 'open', '2026-11-24 09:00:00', NULL, NULL,"
    " NULL, NULL)",
    f"INSERT INTO decision VALUES ('{LEAD}', '{LEAD}', 'nouveau', 'perdu', true,"
    f" 'P-01', 'person', 'Awa Diallo', '{PROPOSAL}', NULL, '2026-11-24 09:00:00')",
    f"INSERT INTO task VALUES ('{LEAD}', '{LEAD}', '{PROPOSAL}', 'decision_reservee',"
    " 'Awa Diallo', 'arbitrage', '2026-11-26', 'open', '2026-11-24 09:00:00', NULL)",
)


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with ExitStack() as opened:
        url = f"sqlite:///{tmp_path}/new/frein.db"
        if request.param == POSTGRESQL:
            postgres: Postgres = request.getfixturevalue("postgres")
            url = opened.enter_context(postgres.database())
        store = Store(url)
        yield store
        store.close()


def tables(store: Store) -> set[str]:
    return set(inspect(store.engine).get_table_names())


def test_migrations_give_the_tables_that_the_code_knows(empty: Store) -> None:
    upgrade(empty)
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_go_up_twice_down_and_up_again(empty: Store) -> None:
    upgrade(empty)
    upgrade(empty)
    downgrade(empty, "base")
    assert tables(empty) == {"alembic_version"}
    upgrade(empty)
    assert tables(empty) == {*Base.metadata.tables, "alembic_version"}


def rows(store: Store, columns: dict[str, list[str]]) -> dict[str, list[Any]]:
    with store.reading() as session:
        return {
            table: [
                tuple(row)
                for row in session.execute(
                    text(f"SELECT {', '.join(names)} FROM {table}")
                )
            ]
            for table, names in columns.items()
        }


def test_what_the_release_before_stored_stays(empty: Store) -> None:
    upgrade(empty, "0001")
    with empty.writing() as session:
        for statement in OF_THE_RELEASE_BEFORE:
            session.execute(text(statement))
    columns = {
        table: [one["name"] for one in inspect(empty.engine).get_columns(table)]
        for table in tables(empty) - {"alembic_version"}
    }
    before = rows(empty, columns)
    assert all(before.values())

    upgrade(empty)
    assert rows(empty, columns) == before
    downgrade(empty, "0001")
    assert tables(empty) == {*columns, "alembic_version"}
    assert rows(empty, columns) == before


@pytest.mark.parametrize(
    ("actor", "kind", "about", "last_sign"),
    [
        ("lead", "page_viewed", "{}", "2026-11-23 09:00:00"),
        ("person", "meeting_held", "{}", "2026-11-23 09:00:00"),
        ("person", "call_made", '{"outcome":"joint"}', "2026-11-23 09:00:00"),
        ("person", "call_made", '{"outcome":"messagerie"}', None),
        ("person", "note_added", '{"tone":0,"objections":[]}', "2026-11-23 09:00:00"),
        ("person", "note_added", '{"objections":["prix"]}', "2026-11-23 09:00:00"),
        ("person", "note_added", '{"tone":null,"text":"Rappeler."}', None),
        ("automation", "meeting_held", "{}", None),
    ],
)
def test_signs_of_life_and_entries_are_found_in_what_is_stored(
    empty: Store, actor: str, kind: str, about: str, last_sign: str | None
) -> None:
    upgrade(empty, "0001")
    with empty.writing() as session:
        for statement in OF_THE_RELEASE_BEFORE:
            if statement.startswith(("INSERT INTO stage", "INSERT INTO lead")):
                session.execute(text(statement))
        for row, (at, sort, who, data) in enumerate(
            [
                ("2026-11-22 09:00:00", "attributes_set", "person", "{}"),
                ("2026-11-23 09:00:00", kind, actor, about),
            ]
        ):
            values = {"row": row, "at": at, "kind": sort, "who": who, "data": data}
            session.execute(
                text(
                    f"INSERT INTO event VALUES (:row, '{LEAD}', 'e-' || :kind, 'crm',"
                    " :kind, :at, :at, :who, :data)"
                ),
                values,
            )
    upgrade(empty)
    found = rows(empty, {"lead": ["entered_at", "last_sign_at"]})["lead"]
    told = [tuple(at and str(at)[:19] for at in row) for row in found]
    assert told == [("2026-11-22 09:00:00", last_sign)]


def test_sqlite_is_opened_with_care(sqlite_store: Store) -> None:
    with sqlite_store.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
        triggers = connection.exec_driver_sql("PRAGMA recursive_triggers").scalar()
        version = connection.exec_driver_sql("SELECT sqlite_version()").scalar()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert triggers == 1
    assert tuple(map(int, str(version).split("."))) >= (3, 51, 3)  # the WAL bug


@pytest.mark.parametrize(
    "url",
    ["mysql://u:secret@h/x", "postgresql+psycopg2://u:secret@h/x", "sqlite://"],
)
def test_another_database_is_refused_without_telling_its_password(url: str) -> None:
    with pytest.raises(DatabaseUnsupportedError) as caught:
        Store(url)
    assert "secret" not in str(caught.value)
