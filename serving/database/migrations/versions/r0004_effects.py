"""What rules and exceptions leave; suspensions; duties; calls made once."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

INSTANT = sa.DateTime(timezone=True)
ADDED: dict[str, tuple[sa.Column[Any], ...]] = {
    "lead": (
        sa.Column("band", sa.String(length=200), nullable=True),
        sa.Column("automation", sa.Text(), nullable=True),
        sa.Column("model_sha256", sa.String(length=64), nullable=True),
        sa.Column("looked_at", INSTANT, nullable=True),
    ),
    "proposal": (
        sa.Column("from_priority", sa.String(length=200), nullable=True),
        sa.Column("to_priority", sa.String(length=200), nullable=True),
        sa.Column("expires_at", INSTANT, nullable=True),
    ),
    "task": (
        sa.Column("opened_by", sa.String(length=200), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("escalated_at", INSTANT, nullable=True),
        sa.Column("closed_by", sa.String(length=200), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
    ),
}
OPEN = sa.text("status = 'open'")


_LAST_MODEL = (
    "(SELECT substr(score.model_sha256, 1, 64) FROM score"
    " WHERE score.lead_id = lead.id ORDER BY score.id DESC LIMIT 1)"
)


def upgrade() -> None:
    for table, columns in ADDED.items():
        for column in columns:
            op.add_column(table, column._copy())
    op.execute("UPDATE lead SET band = priority, model_sha256 = " + _LAST_MODEL)
    op.drop_index("uq_proposal_open", "proposal")
    _one_open(
        "proposal", "to_stage", sa.text("status = 'open' AND to_priority IS NULL")
    )
    _one_open("proposal", "to_priority", OPEN, name="uq_proposal_priority_open")
    _one_open("task", "opened_by", OPEN)
    _notice()
    _suspension()
    _duty()
    _idempotent_call()


def downgrade() -> None:
    for table in ("idempotent_call", "duty", "suspension", "notice"):
        op.drop_table(table)
    op.drop_index("uq_task_open", "task")
    op.drop_index("uq_proposal_open", "proposal")
    op.drop_index("uq_proposal_priority_open", "proposal")
    op.execute("DELETE FROM task WHERE proposal_id IN " + _PRIORITIES)
    op.execute("DELETE FROM proposal WHERE to_priority IS NOT NULL")
    op.execute("UPDATE proposal SET status = 'dismissed' WHERE status = 'expired'")
    _one_open("proposal", "to_stage", OPEN)
    for table, columns in ADDED.items():
        for column in columns:
            op.drop_column(table, column.name)


_PRIORITIES = "(SELECT id FROM proposal WHERE to_priority IS NOT NULL)"


def _one_open(
    table: str, column: str, where: sa.TextClause, name: str | None = None
) -> None:
    """A lead has one open row of the table with each value of the column."""
    op.create_index(
        name or f"uq_{table}_open",
        table,
        ["lead_id", column],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )


def _notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.String(length=200), nullable=False),
        sa.Column("recipient", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_notice_lead_id"),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
    )
    for column in ("lead_id", "recipient"):
        op.create_index(f"ix_notice_{column}", "notice", [column], unique=False)


def _suspension() -> None:
    op.create_table(
        "suspension",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("rule_id", sa.String(length=200), nullable=True),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("begun_by", sa.String(length=200), nullable=False),
        sa.Column("begun_at", INSTANT, nullable=False),
        sa.Column("ended_by", sa.String(length=200), nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "(lead_id IS NULL) <> (rule_id IS NULL)", name="suspension_of_one_thing"
        ),
        sa.CheckConstraint("begun_by <> ''", name="suspension_by_somebody"),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_suspension_lead_id"),
        sa.PrimaryKeyConstraint("id", name="pk_suspension"),
    )
    for column in ("lead_id", "rule_id"):
        op.create_index(f"ix_suspension_{column}", "suspension", [column], unique=False)


def _duty() -> None:
    op.create_table(
        "duty",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=True),
        sa.Column("held_until", INSTANT, nullable=True),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_duty"),
    )


def _idempotent_call() -> None:
    op.create_table(
        "idempotent_call",
        sa.Column("caller", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("begun_at", INSTANT, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("media_type", sa.String(length=200), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("caller", "key", name="pk_idempotent_call"),
    )
    op.create_index(
        "ix_idempotent_call_begun_at", "idempotent_call", ["begun_at"], unique=False
    )
