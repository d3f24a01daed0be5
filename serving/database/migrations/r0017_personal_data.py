"""Revision 0017: a lead can be forgotten, and says what is done with its data.

PostgreSQL keeps samples of columns in its statistics: it shall keep none of what people
wrote or are called by, nor of salts, and those that it has go.
"""

import sqlalchemy as sa
from alembic import op

from serving.database.samples import keep_no_samples
from serving.database.triggers import dialect, run

revision = "0017"
down_revision = "0016"

INSTANT = sa.DateTime(timezone=True)
NAME = sa.String(200)
LEAD = ("objected_at", "accepted_at", "consented_at", "refused_at", "forgotten_at")
PERSONAL = {
    "lead": ("external_id", "short", "automation", "salt"),
    "event": ("event_id", "data"),
    "score": ("body",),
    "proposal": ("reason", "decision_reason"),
    "task": ("why", "close_reason"),
    "notice": ("text",),
    "suspension": ("words",),
    "decision": ("reason", "salt"),
    "concession": ("reason", "salt"),
    "break_glass": ("reason", "salt"),
    "idempotent_call": ("key", "subject", "body"),
}
NUMBERED = {
    "id INTEGER NOT NULL": "id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT",
    "\tCONSTRAINT pk_event PRIMARY KEY (id), \n": "",
}


def upgrade() -> None:
    for name in LEAD:
        op.add_column("lead", sa.Column(name, INSTANT))
    op.add_column("idempotent_call", sa.Column("subject", NAME))
    op.add_column("score", sa.Column("explains", sa.Boolean))
    undecided = sa.text("explains IS NULL")
    op.create_index(
        "ix_score_undecided",
        "score",
        ["written_at"],
        sqlite_where=undecided,
        postgresql_where=undecided,
    )
    op.create_table(
        "lead_access",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("lead_id", sa.Uuid, sa.ForeignKey("lead.id"), nullable=False),
        sa.Column("person", NAME, nullable=False),
        sa.Column("what", NAME, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("ix_lead_access_lead_id", "lead_access", ["lead_id"])
    op.create_index("ix_lead_access_at", "lead_access", ["at"])
    op.create_table(
        "tombstone",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("forgotten_on", sa.Date, nullable=False),
        sa.Column("reason", NAME, nullable=False),
    )
    of_seals = sa.text("action = 'events_sealed'")
    op.create_index(
        "ix_audit_seals",
        "audit",
        ["seq"],
        sqlite_where=of_seals,
        postgresql_where=of_seals,
    )
    of_forgotten = sa.text("action = 'lead_forgotten'")
    op.create_index(
        "ix_audit_forgotten",
        "audit",
        ["seq"],
        sqlite_where=of_forgotten,
        postgresql_where=of_forgotten,
    )
    if dialect() == "sqlite":
        _never_reuse_rows()
    else:
        keep_no_samples(PERSONAL)


def _never_reuse_rows() -> None:
    """The number of a row of the log that was erased isn't given to another, as seals
    and causes name rows. What is on disk stays as it is (SQLite's page on ALTER
    TABLE)."""
    connection = op.get_bind()
    query = sa.text("SELECT sql FROM sqlite_master WHERE name = 'event'")
    sql = str(connection.scalar(query))
    for old, new in NUMBERED.items():
        assert old in sql, old
        sql = sql.replace(old, new)
    run("CREATE TABLE numbered (id INTEGER PRIMARY KEY AUTOINCREMENT)")
    run("DROP TABLE numbered")  # what counts the rows stays
    version = int(str(connection.scalar(sa.text("PRAGMA schema_version"))))
    run("PRAGMA writable_schema = ON")
    change = sa.text("UPDATE sqlite_master SET sql = :sql WHERE name = 'event'")
    connection.execute(change, {"sql": sql})
    run(f"PRAGMA schema_version = {version + 1}")
    run("PRAGMA writable_schema = RESET")
