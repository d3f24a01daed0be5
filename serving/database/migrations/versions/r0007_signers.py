"""Lock 3 adds concessions up, reads what was exchanged, and asks who signs.

A person's signature is that of an account which may decide. A machine concedes no more
than the threshold in all, and requalifies nobody after a complex exchange: what that is
stands in `governance/policy/complex_exchange.py`, and a test holds the two together.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

INSTANT = sa.DateTime(timezone=True)
SIGNED = ("decision", "concession", "requalification")
IS_NOBODY = """(NEW.signer_kind = 'person' AND NOT EXISTS
    (SELECT 1 FROM person WHERE name = NEW.signer AND disabled_at IS NULL
     AND role IN ('commercial', 'manager', 'admin')))"""
ADDS_UP = """(NEW.signer_kind <> 'person' AND NEW.percent +
    (SELECT COALESCE(SUM(percent), 0) FROM concession
     WHERE lead_id = NEW.lead_id AND signer_kind <> 'person') >
    (SELECT value FROM threshold WHERE name = 'concession_above_percent'))"""
GOES_BACK = """((SELECT position FROM stage WHERE name = NEW.to_stage) <
    (SELECT position FROM stage WHERE name = NEW.from_stage))"""
# The instant 14 days before the decision; an odd one of SQLite's is before all events.
BEGINNING = {
    "sqlite": """COALESCE(datetime(substr(NEW.decided_at, 1, 19), '-14 days')
        || substr(NEW.decided_at, 20), '')""",
    "postgresql": "(NEW.decided_at - interval '336 hours')",
}
OBJECTIONS = {
    "sqlite": "(e.data -> 'objections')",
    "postgresql": "CAST(CAST(e.data AS json) -> 'objections' AS text)",
}
IS_LONG_CALL = {
    "sqlite": """json_type(e.data, '$.duration_minutes') IN ('integer', 'real')
        AND e.data ->> 'duration_minutes' > 20""",
    "postgresql": """CASE json_typeof(CAST(e.data AS json) -> 'duration_minutes')
        WHEN 'number' THEN
            CAST(CAST(e.data AS json) ->> 'duration_minutes' AS numeric) > 20
        ELSE false END""",
}
RECENT = "e.lead_id = NEW.lead_id AND e.occurred_at > {beginning}"
# When a person last decided here, within these days.
DECIDED_AT = f"""COALESCE((SELECT max(e.occurred_at) FROM event AS e
    WHERE {RECENT} AND e.source = 'frein' AND e.actor = 'person'
    AND e.kind IN ('stage_changed', 'priority_contested', 'priority_confirmed',
        'status_adjusted', 'automation_suspended', 'automation_resumed',
        'rule_suspended', 'rule_resumed')), {{beginning}})"""
CHANNEL = """CASE e.kind WHEN 'email_sent' THEN 'mail' WHEN 'email_replied' THEN 'mail'
    WHEN 'meeting_held' THEN 'meeting' ELSE 'phone' END"""
AFTER_COMPLEX_EXCHANGE = f"""(NEW.signer_kind <> 'person' AND (
    EXISTS (SELECT 1 FROM event AS e
        WHERE {RECENT} AND e.occurred_at > {DECIDED_AT} AND (
            (e.kind = 'note_added' AND COALESCE({{objections}}, 'null') NOT IN
                ('null', 'false', '0', '0.0', '""', '[]', '{{{{}}}}'))
            OR (e.kind IN ('call_made', 'call_received') AND {{is_long_call}})))
    OR EXISTS (SELECT count(*) FROM event AS e
        WHERE {RECENT} AND e.actor <> 'automation' AND e.kind IN ('email_sent',
            'email_replied', 'call_made', 'call_received', 'meeting_held')
        HAVING count(*) >= 6 AND count(DISTINCT {CHANNEL}) >= 2
            AND (count(DISTINCT e.actor) = 2
                OR max(CASE e.kind WHEN 'meeting_held' THEN 1 ELSE 0 END) = 1)
            AND max(e.occurred_at) > {DECIDED_AT})))"""
NEVER_CHANGES = {
    "sqlite": (
        """
        CREATE TRIGGER requalification_never_changes BEFORE UPDATE ON requalification
        BEGIN SELECT RAISE(ABORT, 'decision_append_only'); END
        """,
        """
        CREATE TRIGGER requalification_never_leaves BEFORE DELETE ON requalification
        BEGIN SELECT RAISE(ABORT, 'decision_append_only'); END
        """,
    ),
    "postgresql": (
        """
        CREATE TRIGGER requalification_never_changes
        BEFORE UPDATE OR DELETE ON requalification
        FOR EACH ROW EXECUTE FUNCTION decision_append_only()
        """,
        """
        CREATE TRIGGER requalification_never_leaves BEFORE TRUNCATE ON requalification
        FOR EACH STATEMENT EXECUTE FUNCTION decision_append_only()
        """,
    ),
}


def upgrade() -> None:
    _requalification()
    for statement in NEVER_CHANGES[_dialect()]:
        op.execute(statement)
    for table in SIGNED:
        _refuse(table, "signer_exists", IS_NOBODY, "signer_decides_nothing")
    _refuse("concession", "adds_up", ADDS_UP)
    exchanged = _exchanged()
    _refuse("decision", "requalifies", f"({GOES_BACK} AND {exchanged})")
    _refuse("requalification", "requalifies", exchanged)


def downgrade() -> None:
    op.drop_table("requalification")
    gone = [f"{table}_signer_exists" for table in SIGNED[:2]]
    for name in (*gone, "concession_adds_up", "decision_requalifies"):
        of = "" if _dialect() == "sqlite" else f" ON {name.partition('_')[0]}"
        op.execute(f"DROP TRIGGER {name}{of}")
    if _dialect() == "postgresql":
        for name in (*gone, "concession_adds_up", "decision_requalifies"):
            op.execute(f"DROP FUNCTION {name}")
        op.execute("DROP FUNCTION requalification_signer_exists")
        op.execute("DROP FUNCTION requalification_requalifies")


def _exchanged() -> str:
    dialect = _dialect()
    return AFTER_COMPLEX_EXCHANGE.format(
        beginning=BEGINNING[dialect],
        objections=OBJECTIONS[dialect],
        is_long_call=IS_LONG_CALL[dialect],
    )


def _refuse(
    table: str, name: str, condition: str, told: str = "reserved_for_people"
) -> None:
    """A trigger that refuses rows. On PostgreSQL it waits for others who decide on the
    lead, whose rows it must see."""
    if _dialect() == "sqlite":
        _run(
            f"CREATE TRIGGER {table}_{name} BEFORE INSERT ON {table} WHEN {condition}"
            f" BEGIN SELECT RAISE(ABORT, '{told}'); END"
        )
        return
    _run(
        f"""
        CREATE FUNCTION {table}_{name}() RETURNS trigger
        LANGUAGE plpgsql SET search_path = {_schema()}, pg_temp AS $$ BEGIN
            PERFORM 1 FROM lead WHERE id = NEW.lead_id FOR NO KEY UPDATE;
            IF {condition}
            THEN RAISE check_violation USING MESSAGE = '{told}';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    _run(
        f"CREATE TRIGGER {table}_{name} BEFORE INSERT ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {table}_{name}()"
    )


def _run(statement: str) -> None:
    """As it is: a colon in it names no parameter."""
    op.get_bind().exec_driver_sql(statement)


def _requalification() -> None:
    op.create_table(
        "requalification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("from_priority", sa.String(length=200), nullable=False),
        sa.Column("to_priority", sa.String(length=200), nullable=False),
        sa.Column("clause", sa.String(length=200), nullable=False),
        sa.Column("signer_kind", sa.String(length=200), nullable=False),
        sa.Column("signer", sa.String(length=200), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "signer_kind IN ('person', 'integration', 'automation')"
            " AND trim(signer) <> ''",
            name="requalification_is_signed",
        ),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["lead.id"], name="fk_requalification_lead_id"
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name="fk_requalification_proposal_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_requalification"),
    )
    op.create_index(
        "ix_requalification_lead_id", "requalification", ["lead_id"], unique=False
    )


def _dialect() -> str:
    return op.get_bind().dialect.name


def _schema() -> str:
    """Where the tables are; a temporary one mustn't stand before ours."""
    connection = op.get_bind()
    schema = str(connection.scalar(sa.select(sa.func.current_schema())))
    return connection.dialect.identifier_preparer.quote_identifier(schema)
