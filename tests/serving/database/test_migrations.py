"""The migrations, on each kind of database."""

from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import String, inspect, text

from serving.database import engine
from serving.database.engine import POSTGRESQL, SQLITE, Store
from serving.database.migrate import upgrade
from serving.database.tables import Base
from serving.errors import DatabaseUnsupportedError, StoreRevisionError
from tests.postgres import Postgres

# Of SQLite\'s tables, indexes and triggers, as version 0.1 left them.
SCHEMA_OF_0_1 = "8b0a8b6f5be1e40c308d376c88b7621da29faaa7c61551f079b48328aabac0c8"


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


# What holds ids of our own, digests, codes of a list, and the audit's rows, which have
# no words: of these PostgreSQL may keep samples. Any other text names somebody.
CODES = {
    "api_key": "id secret_sha256 source max_actor default_actor scopes addresses",
    "audit": "id at who_kind who_id action lead_id subject_kind subject_id state_before"
    " state_after why correlation_id causation_id previous hash means",
    "concession": "clause signer_kind",
    "decision": "from_stage to_stage lost_reason clause signer_kind",
    "duty": "name holder",
    "event": "source kind actor",
    "idempotent_call": "caller fingerprint media_type",
    "key_review": "key_id given taken max_actor was_max_actor",
    "lead": "stage stage_assurance signed_stage vouched_stage observed_stage priority"
    " band model_sha256 grade removal",
    "lead_access": "what",
    "notice": "rule_id",
    "pass": "id kind secret_sha256",
    "person": "role",
    "principal": "kind",
    "proposal": "from_stage to_stage clause asked_by_kind status decided_by_kind"
    " from_priority to_priority",
    "reason_opening": "idea",
    "requalification": "from_priority to_priority clause signer_kind",
    "score": "priority model_version model_sha256",
    "stage": "name role renamed_to",
    "statement": "kind",
    "suspension": "rule_id reason",
    "task": "kind expected status opened_by",
    "threshold": "name",
    "tombstone": "hash reason skeleton",
}


def test_postgresql_keeps_no_samples_of_what_may_name_somebody(
    postgres_store: Store,
) -> None:
    texts = {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, String)
    }
    codes = {(table, name) for table in CODES for name in CODES[table].split()}
    assert codes <= texts
    with postgres_store.reading() as session:
        sampled = session.execute(
            text(
                "SELECT relname, attname FROM pg_attribute"
                " JOIN pg_class ON pg_class.oid = attrelid"
                " WHERE attnum > 0 AND coalesce(attstattarget, -1) <> 0"
            )
        )
        assert {tuple(row) for row in sampled} & texts == codes


def test_a_store_that_is_up_to_date_opens_as_it_is(empty: Store) -> None:
    upgrade(empty)
    with empty.writing() as session:
        columns = "name, position, reserved, closes"
        row = f"INSERT INTO stage ({columns}) VALUES ('nouveau', 0, false, false)"
        session.execute(text(row))
    upgrade(empty)
    with empty.reading() as session:
        assert session.scalar(text("SELECT name FROM stage")) == "nouveau"
        assert session.scalar(text("SELECT version_num FROM alembic_version")) == "0023"
    assert tables(empty) == {*Base.metadata.tables, "alembic_version"}


def test_revision_0011_is_the_schema_of_version_0_1(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/frein.db")
    upgrade(store, "0011")
    with store.reading() as session:
        schema = session.execute(
            text(
                "SELECT name, sql FROM sqlite_master WHERE type IN ('index', 'trigger')"
                " AND sql IS NOT NULL UNION ALL SELECT m.name, c.name || ' ' || c.type"
                ' || c."notnull" || c.pk FROM sqlite_master AS m'
                " JOIN pragma_table_info(m.name) AS c WHERE m.type = 'table'"
            )
        )
        lines = sorted(" ".join(f"{name}: {what}".split()) for name, what in schema)
    store.close()
    digest = sha256("\n".join(lines).encode()).hexdigest()
    assert digest == SCHEMA_OF_0_1


@pytest.mark.parametrize(
    ("revision", "todo"), [("0010", "commit 9f7781e"), ("0999", "newer version")]
)
def test_the_store_of_another_version_is_refused(
    empty: Store, revision: str, todo: str
) -> None:
    upgrade(empty)
    with empty.writing() as session:
        at = text("UPDATE alembic_version SET version_num = :revision")
        session.execute(at, {"revision": revision})
    with pytest.raises(StoreRevisionError, match=f"{revision}: .*{todo}"):
        upgrade(empty)


def test_sqlite_is_opened_with_care(
    sqlite_store: Store,
    shipped_pragmas: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "_PRAGMAS", shipped_pragmas)
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
