"""Triggers that migrations create: by them the database itself keeps the brake."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from alembic import op
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session


def append_only(table: str, code: str) -> None:
    """Triggers that refuse to change or to delete rows."""
    if dialect() == "postgresql":
        changes, leaves, refuse = (
            "UPDATE OR DELETE",
            "TRUNCATE",
            f"EXECUTE FUNCTION {code}()",
        )
        rows, statements = f"FOR EACH ROW {refuse}", f"FOR EACH STATEMENT {refuse}"
    else:
        changes, leaves = "UPDATE", "DELETE"
        rows = statements = f"BEGIN SELECT RAISE(ABORT, '{code}'); END"
    run(f"CREATE TRIGGER {table}_never_changes BEFORE {changes} ON {table} {rows}")
    run(f"CREATE TRIGGER {table}_never_leaves BEFORE {leaves} ON {table} {statements}")


def refuse(
    table: str,
    name: str,
    condition: str,
    code: str = "reserved_for_people",
    *,
    waits: bool = True,
    on: str = "INSERT",
) -> None:
    """A trigger that refuses new rows, or `on` another statement what it would do. On
    PostgreSQL it waits for others who decide on the lead, whose rows it must see."""
    create = f"CREATE TRIGGER {table}_{name} BEFORE {on} ON {table}"
    if dialect() == "sqlite":
        run(f"{create} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{code}'); END")
        return
    wait = "PERFORM 1 FROM lead WHERE id = NEW.lead_id FOR NO KEY UPDATE;"
    run(
        f"""
        CREATE FUNCTION {table}_{name}() RETURNS trigger
        LANGUAGE plpgsql SET search_path = {_schema()}, pg_temp AS $$ BEGIN
            {wait if waits else ""}
            IF {condition}
            THEN RAISE check_violation USING MESSAGE = '{code}';
            END IF;
            RETURN {"OLD" if on == "DELETE" else "NEW"};
        END $$
        """
    )
    run(f"{create} FOR EACH ROW EXECUTE FUNCTION {table}_{name}()")


def forget(table: str, name: str) -> None:
    """Take a trigger of `refuse` away."""
    if dialect() == "sqlite":
        run(f"DROP TRIGGER {table}_{name}")
        return
    run(f"DROP TRIGGER {table}_{name} ON {table}")
    run(f"DROP FUNCTION {table}_{name}()")


def run(statement: str) -> None:
    """As it is: a colon in it names no parameter."""
    op.get_bind().exec_driver_sql(statement)


def dialect() -> str:
    return op.get_bind().dialect.name


def _schema() -> str:
    """Schema of our tables; a temporary one mustn't stand before them."""
    connection = op.get_bind()
    schema = str(connection.scalar(select(func.current_schema())))
    return connection.dialect.identifier_preparer.quote_identifier(schema)


@contextmanager
def lifted(session: Session, tables: Iterable[str]) -> Iterator[None]:
    """Let the triggers of some tables rest, within this transaction alone: nobody else
    ever sees the tables without them. On PostgreSQL it takes the tables' owner."""
    names = sorted(set(tables))
    if session.get_bind().dialect.name == "postgresql":
        for name in names:
            session.execute(text(f'ALTER TABLE "{name}" DISABLE TRIGGER USER'))
        yield
        for name in names:
            session.execute(text(f'ALTER TABLE "{name}" ENABLE TRIGGER USER'))
        return
    driver = session.connection().exec_driver_sql
    triggers = [
        trigger
        for trigger in driver(
            "SELECT name, sql, tbl_name FROM sqlite_master WHERE type = 'trigger'"
        )
        if trigger.tbl_name in names
    ]
    for trigger in triggers:
        driver(f"DROP TRIGGER {trigger.name}")
    yield
    for trigger in triggers:
        driver(trigger.sql)
