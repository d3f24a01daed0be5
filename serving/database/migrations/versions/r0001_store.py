"""The store of the walking skeleton: leads, events, scores, and the brake's trace."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

INSTANT = sa.DateTime(timezone=True)
TRIGGERS = {
    "sqlite": (
        """
        CREATE TRIGGER decision_reserved_is_true BEFORE INSERT ON decision
        WHEN NEW.reserved IS NOT
            (SELECT reserved FROM stage WHERE name = NEW.to_stage)
        BEGIN SELECT RAISE(ABORT, 'reserved_for_people'); END
        """,
        """
        CREATE TRIGGER decision_never_changes BEFORE UPDATE ON decision
        BEGIN SELECT RAISE(ABORT, 'decision_append_only'); END
        """,
        """
        CREATE TRIGGER decision_never_leaves BEFORE DELETE ON decision
        BEGIN SELECT RAISE(ABORT, 'decision_append_only'); END
        """,
    ),
    "postgresql": (
        """
        CREATE FUNCTION decision_reserved_is_true() RETURNS trigger
        LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$ BEGIN
            IF NEW.reserved IS DISTINCT FROM
                (SELECT reserved FROM stage WHERE name = NEW.to_stage)
            THEN RAISE check_violation USING MESSAGE = 'reserved_for_people';
            END IF;
            RETURN NEW;
        END $$
        """,
        """
        CREATE TRIGGER decision_reserved_is_true BEFORE INSERT ON decision
        FOR EACH ROW EXECUTE FUNCTION decision_reserved_is_true()
        """,
        """
        CREATE FUNCTION decision_append_only() RETURNS trigger
        LANGUAGE plpgsql AS $$ BEGIN
            RAISE check_violation USING MESSAGE = 'decision_append_only';
        END $$
        """,
        """
        CREATE TRIGGER decision_never_changes BEFORE UPDATE OR DELETE ON decision
        FOR EACH ROW EXECUTE FUNCTION decision_append_only()
        """,
        """
        CREATE TRIGGER decision_never_leaves BEFORE TRUNCATE ON decision
        FOR EACH STATEMENT EXECUTE FUNCTION decision_append_only()
        """,
    ),
}
DROPPED = {
    "sqlite": (),
    "postgresql": (
        "DROP FUNCTION decision_reserved_is_true",
        "DROP FUNCTION decision_append_only",
    ),
}


def upgrade() -> None:
    for create in (
        _api_key,
        _stage,
        _lead,
        _event,
        _proposal,
        _score,
        _decision,
        _task,
    ):
        create()
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement.format(schema=_schema()))


def downgrade() -> None:
    for name in (
        "task",
        "decision",
        "score",
        "proposal",
        "event",
        "lead",
        "stage",
        "api_key",
    ):
        op.drop_table(name)
    for statement in DROPPED[op.get_bind().dialect.name]:
        op.execute(statement)


def _schema() -> str:
    """Where the tables are; a temporary `stage` mustn't stand before ours."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return ""
    schema = str(connection.scalar(sa.select(sa.func.current_schema())))
    return connection.dialect.identifier_preparer.quote_identifier(schema)


def _api_key() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("max_actor", sa.String(length=200), nullable=False),
        sa.Column("default_actor", sa.String(length=200), nullable=False),
        sa.Column("scopes", sa.String(length=200), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("last_used_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
    )


def _stage() -> None:
    op.create_table(
        "stage",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Boolean(), nullable=False),
        sa.Column("closes", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_stage"),
    )


def _lead() -> None:
    op.create_table(
        "lead",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=200), nullable=False),
        sa.Column("stage_at", INSTANT, nullable=True),
        sa.Column("owner", sa.String(length=200), nullable=True),
        sa.Column("owner_at", INSTANT, nullable=True),
        sa.Column("priority", sa.String(length=200), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("grade", sa.String(length=200), nullable=True),
        sa.Column("short", sa.Text(), nullable=True),
        sa.Column("moment", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["stage"], ["stage.name"], name="fk_lead_stage"),
        sa.PrimaryKeyConstraint("id", name="pk_lead"),
        sa.UniqueConstraint("external_id", name="uq_lead_external_id"),
    )


def _event() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_event_lead_id"),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
        sa.UniqueConstraint("source", "event_id", name="uq_event_source"),
    )
    op.create_index("ix_event_lead_id", "event", ["lead_id"], unique=False)


def _proposal() -> None:
    op.create_table(
        "proposal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("from_stage", sa.String(length=200), nullable=False),
        sa.Column("to_stage", sa.String(length=200), nullable=False),
        sa.Column("clause", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("asked_by_kind", sa.String(length=200), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=200), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("decided_by_kind", sa.String(length=200), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status = 'open' OR (decided_by <> '' AND decided_at IS NOT NULL)",
            name="proposal_decided_by_somebody",
        ),
        sa.ForeignKeyConstraint(
            ["from_stage"], ["stage.name"], name="fk_proposal_from_stage"
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_proposal_lead_id"),
        sa.ForeignKeyConstraint(
            ["to_stage"], ["stage.name"], name="fk_proposal_to_stage"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_proposal"),
    )
    op.create_index("ix_proposal_lead_id", "proposal", ["lead_id"], unique=False)
    op.create_index(
        "uq_proposal_open",
        "proposal",
        ["lead_id", "to_stage"],
        unique=True,
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )


def _score() -> None:
    op.create_table(
        "score",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("moment", INSTANT, nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("priority", sa.String(length=200), nullable=False),
        sa.Column("model_version", sa.String(length=200), nullable=False),
        sa.Column("model_sha256", sa.String(length=200), nullable=False),
        sa.Column("written_at", INSTANT, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_score_lead_id"),
        sa.PrimaryKeyConstraint("id", name="pk_score"),
    )
    op.create_index("ix_score_lead_id", "score", ["lead_id", "id"], unique=False)


def _decision() -> None:
    op.create_table(
        "decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("from_stage", sa.String(length=200), nullable=False),
        sa.Column("to_stage", sa.String(length=200), nullable=False),
        sa.Column("reserved", sa.Boolean(), nullable=False),
        sa.Column("clause", sa.String(length=200), nullable=False),
        sa.Column("signer_kind", sa.String(length=200), nullable=False),
        sa.Column("signer", sa.String(length=200), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "NOT reserved OR signer_kind = 'person'", name="reserved_for_people"
        ),
        sa.CheckConstraint(
            "signer_kind IN ('person', 'integration', 'automation')"
            " AND trim(signer) <> ''",
            name="decision_is_signed",
        ),
        sa.ForeignKeyConstraint(
            ["from_stage"], ["stage.name"], name="fk_decision_from_stage"
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_decision_lead_id"),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name="fk_decision_proposal_id"
        ),
        sa.ForeignKeyConstraint(
            ["to_stage"], ["stage.name"], name="fk_decision_to_stage"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
    )
    op.create_index("ix_decision_lead_id", "decision", ["lead_id"], unique=False)


def _task() -> None:
    op.create_table(
        "task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("expected", sa.String(length=200), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=200), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.CheckConstraint("owner <> ''", name="task_has_an_owner"),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_task_lead_id"),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name="fk_task_proposal_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_task"),
    )
    op.create_index("ix_task_lead_id", "task", ["lead_id"], unique=False)
    op.create_index("ix_task_proposal_id", "task", ["proposal_id"], unique=False)
