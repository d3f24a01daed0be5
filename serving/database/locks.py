"""Comparison of a database's locks with those that the migrations make."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from serving.database.engine import SQLITE, Store
from serving.database.migrate import migrate, upgrade

_SCHEMA = "frein_as_migrated"
# By the server's version, which words them: each tick compares them.
_made_on: dict[str, list[Mapping[str, str]]] = {}
_SQLITE = """SELECT type || ' ' || name, sql FROM sqlite_master
    WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'"""
_POSTGRESQL = """
    SELECT 'trigger ' || t.tgname,
        pg_get_triggerdef(t.oid) || ' ' || CAST(t.tgenabled AS text)
    FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND c.relnamespace = to_regnamespace(:schema)
    UNION ALL
    SELECT 'function ' || proname, pg_get_functiondef(oid)
    FROM pg_proc WHERE pronamespace = to_regnamespace(:schema)
    UNION ALL
    SELECT 'constraint ' || conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = to_regnamespace(:schema)"""
_WRITTEN_AGAIN = f"""DO $$ DECLARE c record; BEGIN
    FOR c IN SELECT CAST(conrelid AS regclass) AS of_table, conname,
        pg_get_constraintdef(oid) AS definition FROM pg_constraint
        WHERE contype = 'c' AND connamespace = to_regnamespace('{_SCHEMA}')
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %I %s',
        c.of_table, c.conname, c.conname, c.definition);
    END LOOP; END $$"""


def changed_locks(store: Store) -> list[str] | None:
    """The triggers, functions and tables or constraints that are gone, added or other
    than the migrations make them; None: the database doesn't let us make them."""
    if store.engine.dialect.name == SQLITE:
        return _differences(_of_sqlite(store), [_as_migrated()])
    with store.engine.connect() as connection:
        own = str(connection.scalar(text("SELECT current_schema()")))
        there = _of_postgresql(connection, own)
        server = str(connection.scalar(text("SELECT version()")))
        try:
            if server not in _made_on:
                _made_on[server] = _as_migrated_there(connection)
        except DBAPIError:
            return None
        finally:
            connection.rollback()
    return _differences(there, _made_on[server])


def _differences(
    there: Mapping[str, str], made: Sequence[Mapping[str, str]]
) -> list[str]:
    """What is there in none of the ways in which it may have been made."""
    names = there.keys() | made[0].keys()
    return sorted(n for n in names if there.get(n) not in [m.get(n) for m in made])


@cache
def _as_migrated() -> Mapping[str, str]:
    with TemporaryDirectory(prefix="frein-locks-") as folder:
        fresh = Store(f"sqlite:///{Path(folder) / 'frein.db'}")
        try:
            upgrade(fresh)
            return _of_sqlite(fresh)
        finally:
            fresh.close()


def _of_sqlite(store: Store) -> Mapping[str, str]:
    with store.engine.connect() as connection:
        return {str(row[0]): str(row[1]) for row in connection.execute(text(_SQLITE))}


def _as_migrated_there(connection: Connection) -> list[Mapping[str, str]]:
    """As they are made, and as PostgreSQL words them once a dump of them was restored:
    `x IN (…)` isn't the same text then. In a schema that the caller rolls back."""
    connection.execute(text(f"CREATE SCHEMA {_SCHEMA}"))
    connection.execute(text(f"SET LOCAL search_path = {_SCHEMA}"))
    migrate(connection)
    made = _of_postgresql(connection, _SCHEMA)
    connection.exec_driver_sql(_WRITTEN_AGAIN.replace("%", "%%"))
    return [made, _of_postgresql(connection, _SCHEMA)]


def _of_postgresql(connection: Connection, schema: str) -> Mapping[str, str]:
    rows = connection.execute(text(_POSTGRESQL), {"schema": schema})
    return {
        name: definition.replace(f"{schema}.", "").replace(f"'{schema}'", "")
        for name, definition in rows
    }
