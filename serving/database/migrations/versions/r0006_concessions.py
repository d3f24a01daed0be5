"""Concessions: decided or proposed; lock 3 holds them to the threshold."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

INSTANT = sa.DateTime(timezone=True)
IS_RESERVED = """(NEW.percent >
    (SELECT value FROM threshold WHERE name = 'concession_above_percent'))"""
TRIGGERS = {
    "sqlite": (
        f"""
        CREATE TRIGGER concession_reserved_is_true BEFORE INSERT ON concession
        WHEN NEW.reserved IS NOT {IS_RESERVED}
        BEGIN SELECT RAISE(ABORT, 'reserved_for_people'); END
        """,
        """
        CREATE TRIGGER concession_never_changes BEFORE UPDATE ON concession
        BEGIN SELECT RAISE(ABORT, 'decision_append_only'); END
        """,
        """
        CREATE TRIGGER concession_never_leaves BEFORE DELETE ON concession
        BEGIN SELECT RAISE(ABORT, 'decision_append_only'); END
        """,
    ),
    "postgresql": (
        f"""
        CREATE FUNCTION concession_reserved_is_true() RETURNS trigger
        LANGUAGE plpgsql SET search_path = {{schema}}, pg_temp AS $$ BEGIN
            IF NEW.reserved IS DISTINCT FROM {IS_RESERVED}
            THEN RAISE check_violation USING MESSAGE = 'reserved_for_people';
            END IF;
            RETURN NEW;
        END $$
        """,
        """
        CREATE TRIGGER concession_reserved_is_true BEFORE INSERT ON concession
        FOR EACH ROW EXECUTE FUNCTION concession_reserved_is_true()
        """,
        """
        CREATE TRIGGER concession_never_changes BEFORE UPDATE OR DELETE ON concession
        FOR EACH ROW EXECUTE FUNCTION decision_append_only()
        """,
        """
        CREATE TRIGGER concession_never_leaves BEFORE TRUNCATE ON concession
        FOR EACH STATEMENT EXECUTE FUNCTION decision_append_only()
        """,
    ),
}
OPEN_MOVE = "status = 'open' AND to_priority IS NULL"
OPEN_CONCESSION = "status = 'open' AND concession_percent IS NOT NULL"
CONCESSIONS = "(SELECT id FROM proposal WHERE concession_percent IS NOT NULL)"


def upgrade() -> None:
    op.create_table(
        "threshold",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_threshold"),
    )
    op.add_column(
        "proposal", sa.Column("concession_percent", sa.Double(), nullable=True)
    )
    op.drop_index("uq_proposal_open", "proposal")
    _one_open("to_stage", f"{OPEN_MOVE} AND concession_percent IS NULL")
    _one_open("concession_percent", OPEN_CONCESSION, "uq_proposal_concession_open")
    _concession()
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement.format(schema=_schema()))


def downgrade() -> None:
    op.drop_table("concession")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION concession_reserved_is_true")
    op.drop_index("uq_proposal_concession_open", "proposal")
    op.drop_index("uq_proposal_open", "proposal")
    op.execute(f"DELETE FROM task WHERE proposal_id IN {CONCESSIONS}")
    op.execute("DELETE FROM proposal WHERE concession_percent IS NOT NULL")
    _one_open("to_stage", OPEN_MOVE)
    op.drop_column("proposal", "concession_percent")
    op.drop_table("threshold")


def _one_open(column: str, where: str, name: str = "uq_proposal_open") -> None:
    op.create_index(
        name,
        "proposal",
        ["lead_id", column],
        unique=True,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def _concession() -> None:
    op.create_table(
        "concession",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("percent", sa.Double(), nullable=False),
        sa.Column("reserved", sa.Boolean(), nullable=False),
        sa.Column("clause", sa.String(length=200), nullable=False),
        sa.Column("signer_kind", sa.String(length=200), nullable=False),
        sa.Column("signer", sa.String(length=200), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "NOT reserved OR signer_kind = 'person'",
            name="concession_reserved_for_people",
        ),
        sa.CheckConstraint(
            "signer_kind IN ('person', 'integration', 'automation')"
            " AND trim(signer) <> ''",
            name="concession_is_signed",
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_concession_lead_id"),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name="fk_concession_proposal_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_concession"),
    )
    op.create_index("ix_concession_lead_id", "concession", ["lead_id"], unique=False)


def _schema() -> str:
    """Where the tables are; a temporary `threshold` mustn't stand before ours."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return ""
    schema = str(connection.scalar(sa.select(sa.func.current_schema())))
    return connection.dialect.identifier_preparer.quote_identifier(schema)
