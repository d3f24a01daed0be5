"""Revision 0015: the means of each act, emergency access, and how people sign in.

A row of the audit has its means; those of before have none, and are hashed without.
Lock 3 knows the emergency access of an administrator: it decides only what a row of
`break_glass` lets it decide.
"""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    String,
    Text,
    Uuid,
    text,
)

from serving.database.triggers import append_only, dialect, refuse, run

revision = "0015"
down_revision = "0014"

INSTANT = DateTime(timezone=True)
NAME = String(200)
DECIDING = ("decision", "concession")
RESERVED = {
    "decision": "reserved_for_people",
    "concession": "concession_reserved_for_people",
}
IS_PERSON = "signer_kind = 'person'"
IS_HUMAN = "signer_kind IN ('person', 'break_glass')"
KINDS = "'person', 'integration', 'automation'"
IS_MACHINE = "NEW.signer_kind <> 'person'"
IS_NO_HUMAN = "NEW.signer_kind NOT IN ('person', 'break_glass')"
IS_UNBROKEN = """(NEW.signer_kind = 'break_glass' AND NOT EXISTS
    (SELECT 1 FROM break_glass AS b JOIN person AS p ON p.login = b.login
     WHERE 'break-glass ' || b.login = NEW.signer AND b.decides
     AND b.broken_at <= NEW.decided_at
     AND p.role = 'admin' AND p.disabled_at IS NULL))"""


def upgrade() -> None:
    _add("audit", Column("means", String(16)))
    _add("api_key", Column("addresses", Text))
    _add("pass", Column("authenticated_at", INSTANT), Column("last_used_at", INSTANT))
    _add(
        "person",
        Column("totp_secret", NAME),
        Column("totp_confirmed_at", INSTANT),
        Column("totp_step", BigInteger),
        Column("recovery_codes", Text),
    )
    for column in ("failures", "locked_until"):  # they are counted by address now
        op.drop_column("person", column)
    op.create_table(
        "sign_in_try",
        Column("person_id", Uuid, ForeignKey("person.id"), primary_key=True),
        Column("address", String(64), primary_key=True),
        Column("failures", Integer, nullable=False),
        Column("locked_until", INSTANT),
        Column("known", Boolean, nullable=False),
        Column("tried_at", INSTANT, nullable=False, index=True),
    )
    op.create_table(
        "break_glass",
        Column("id", Uuid, primary_key=True),
        Column("login", NAME, nullable=False),
        Column("reason", Text, nullable=False),
        Column("decides", Boolean, nullable=False),
        Column("broken_at", INSTANT, nullable=False),
    )
    append_only("break_glass", "decision_append_only")
    for table in DECIDING:
        _let_break_glass_sign(table)
        refuse(table, "glass_is_broken", IS_UNBROKEN, "signer_decides_nothing")


def _add(table: str, *columns: Column[object]) -> None:
    for column in columns:
        op.add_column(table, column)


def _let_break_glass_sign(table: str) -> None:
    """Change the constraints, and the triggers that hold what is no person."""
    kinds = f"signer_kind IN ({KINDS}"
    if dialect() == "sqlite":
        _rewrite_sqlite(table, {f"{kinds})": f"{kinds}, 'break_glass')"})
        return
    constraints = {
        RESERVED[table]: f"NOT reserved OR {IS_HUMAN}",
        f"{table}_is_signed": f"{kinds}, 'break_glass') AND trim(signer) <> ''",
    }
    for name, condition in constraints.items():
        run(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        run(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition})")
    functions = op.get_bind().scalars(
        text(
            "SELECT pg_get_functiondef(t.tgfoid) FROM pg_trigger AS t"
            " JOIN pg_proc AS p ON p.oid = t.tgfoid"
            " WHERE t.tgrelid = CAST(:table AS regclass) AND p.prosrc LIKE :machine"
        ),
        {"table": table, "machine": f"%{IS_MACHINE}%"},
    )
    for function in functions.all():
        run(function.replace(IS_MACHINE, IS_NO_HUMAN))


def _rewrite_sqlite(table: str, constraints: dict[str, str]) -> None:
    """Change the text of the table's constraints, as SQLite's page on ALTER TABLE says
    (what is on disk stays as it is), and make its triggers again."""
    connection = op.get_bind()
    triggers = connection.execute(
        text(
            "SELECT name, sql FROM sqlite_master"
            " WHERE type = 'trigger' AND tbl_name = :table AND sql LIKE :machine"
        ),
        {"table": table, "machine": f"%{IS_MACHINE}%"},
    ).all()
    for name, sql in triggers:
        run(f"DROP TRIGGER {name}")
        run(sql.replace(IS_MACHINE, IS_NO_HUMAN))
    which = {"table": table}
    query = text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table")
    sql = str(connection.scalar(query, which))
    reserved = {f"NOT reserved OR {IS_PERSON}": f"NOT reserved OR {IS_HUMAN}"}
    for old, new in (reserved | constraints).items():
        assert old in sql, old
        sql = sql.replace(old, new)
    version = int(str(connection.scalar(text("PRAGMA schema_version"))))
    run("PRAGMA writable_schema = ON")
    change = text(
        "UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :table"
    )
    connection.execute(change, which | {"sql": sql})
    run(f"PRAGMA schema_version = {version + 1}")
    run("PRAGMA writable_schema = RESET")
