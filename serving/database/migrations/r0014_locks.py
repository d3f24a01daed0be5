"""Revision 0014: lock 3 covers leads, configuration, limits of people and statements.

A lead's stage follows only what an event tells, its priority only what was decided in
the same transaction. Stages and thresholds are what the audit's last row on the
configuration says. A person concedes no more than their role may. An event of our own
that tells of a person needs the person's decision or statement.

Salts make ids and digests that can be checked, and that mean nothing once the salt is
erased (`governance/audit/chain.py`).
"""

from alembic import op
from sqlalchemy import Column, DateTime, ForeignKey, Index, String, Uuid, text

from serving.database.triggers import append_only, dialect, forget, refuse, run

revision = "0014"
down_revision = "0013"

SIGNED = ("decision", "concession", "requalification")
ADDED = {
    "stage": ("role", "renamed_to"),
    "lead": ("salt",),
    "decision": ("lost_reason", "salt"),
    "concession": ("salt",),
    "principal": ("salt",),
}
BLANKS = {
    "sqlite": "char(9, 10, 11, 12, 13, 32, 160)",
    "postgresql": r"E'\t\n\x0b\x0c\r \u00a0'",
}
HAS_BLANKS = """(NEW.external_id = '' OR
    NEW.external_id <> trim({blanks} FROM NEW.external_id))"""
IS_BORN_ELSEWHERE = """EXISTS (SELECT 1 FROM stage
    WHERE name = NEW.stage AND (reserved OR closes))"""

# --- What an event tells of the stage, what was decided of the priority ---------

TO = {
    "sqlite": "e.data ->> 'to'",
    "postgresql": "(CAST(e.data AS json) ->> 'to')",
}
ID_OF_EVENT = {
    "sqlite": "replace({event}.event_id, '-', '')",
    "postgresql": "{event}.event_id",
}
ID = {"sqlite": "{row}.id", "postgresql": "CAST({row}.id AS text)"}
# The row says so and was written last: on PostgreSQL, by this very transaction.
PRIORITY_DECIDED = {
    "sqlite": """COALESCE((SELECT r.to_priority FROM requalification AS r
        WHERE r.lead_id = NEW.id ORDER BY r.rowid DESC LIMIT 1)
        = NEW.priority, false)""",
    "postgresql": """EXISTS (SELECT 1 FROM requalification AS r
        WHERE r.lead_id = NEW.id AND r.to_priority = NEW.priority
        AND CAST(CAST(r.xmin AS text) AS bigint) = mod(txid_current(), 4294967296))""",
}

# --- What the audit's last row on the configuration says -------------------------

LAST = """(SELECT state_after AS said FROM audit
    WHERE action = 'configuration_changed' ORDER BY seq DESC LIMIT 1) AS c"""
SAYS_STAGE = {
    "sqlite": """(json_extract(c.said, '$.stages.' || NEW.name || '.position')
            = NEW.position
        AND json_extract(c.said, '$.stages.' || NEW.name || '.reserved') = NEW.reserved
        AND json_extract(c.said, '$.stages.' || NEW.name || '.closes') = NEW.closes
        AND json_extract(c.said, '$.stages.' || NEW.name || '.role') IS NEW.role
        AND NEW.renamed_to IS NULL)""",
    "postgresql": """(
        CAST(CAST(c.said AS json) -> 'stages' -> NEW.name ->> 'position' AS integer)
            = NEW.position
        AND CAST(CAST(c.said AS json) -> 'stages' -> NEW.name ->> 'reserved' AS boolean)
            = NEW.reserved
        AND CAST(CAST(c.said AS json) -> 'stages' -> NEW.name ->> 'closes' AS boolean)
            = NEW.closes
        AND (CAST(c.said AS json) -> 'stages' -> NEW.name ->> 'role')
            IS NOT DISTINCT FROM NEW.role
        AND NEW.renamed_to IS NULL)""",
}
SAYS_RENAMED = {
    "sqlite": """(json_extract(c.said, '$.renamed.' || NEW.name) = NEW.renamed_to
        AND NEW.reserved = OLD.reserved AND NEW.closes = OLD.closes
        AND NEW.position = OLD.position AND NEW.role IS OLD.role)""",
    "postgresql": """(
        CAST(c.said AS json) -> 'renamed' ->> NEW.name = NEW.renamed_to
        AND NEW.reserved = OLD.reserved AND NEW.closes = OLD.closes
        AND NEW.position = OLD.position
        AND NEW.role IS NOT DISTINCT FROM OLD.role)""",
}
THRESHOLD = {
    "sqlite": "json_extract(c.said, '$.thresholds.' || {row}.name)",
    "postgresql": """CAST(CAST(c.said AS json) -> 'thresholds' ->> {row}.name
        AS double precision)""",
}

# --- Decisions --------------------------------------------------------------------

# Five minutes: what clocks may differ by.
IS_UNDATED = {
    "sqlite": """(julianday(NEW.decided_at) IS NULL
        OR julianday(NEW.decided_at) + 5.0 / 1440 <
            (SELECT julianday(created_at) FROM lead WHERE id = NEW.lead_id))""",
    "postgresql": """(NOT isfinite(NEW.decided_at) OR NEW.decided_at <
        (SELECT created_at FROM lead WHERE id = NEW.lead_id) - interval '5 minutes')""",
}
ABOVE_LIMIT = """(NEW.signer_kind = 'person' AND NEW.percent +
    (SELECT COALESCE(SUM(percent), 0) FROM concession WHERE lead_id = NEW.lead_id) >
    (SELECT value FROM threshold WHERE name = 'concession_percent_' ||
        (SELECT role FROM person WHERE name = NEW.signer)) + 0.000001)"""
UNDOES = """(NEW.signer_kind <> 'person' AND (
    EXISTS (SELECT 1 FROM stage WHERE name = NEW.to_stage AND closes)
    OR EXISTS (SELECT 1 FROM stage WHERE name = NEW.from_stage
        AND (reserved OR closes))
    OR (SELECT d.signer_kind || ' ' || COALESCE(s.renamed_to, s.name)
        FROM decision AS d JOIN stage AS s ON s.name = d.to_stage
        WHERE d.lead_id = NEW.lead_id ORDER BY d.decided_at DESC, d.id LIMIT 1)
        = 'person ' || NEW.from_stage))"""
IS_NOBODY = """NOT EXISTS (SELECT 1 FROM person
    WHERE name = NEW.signer AND disabled_at IS NULL)"""


def upgrade() -> None:
    for table, columns in ADDED.items():
        for column in columns:
            op.add_column(table, Column(column, String(200)))
    op.create_table(
        "statement",
        Column("id", Uuid, primary_key=True),
        Column("lead_id", Uuid, ForeignKey("lead.id"), nullable=False),
        Column("kind", String(200), nullable=False),
        Column("signer", String(200), nullable=False),
        Column("stated_at", DateTime(timezone=True), nullable=False),
        Index("ix_statement_lead_id", "lead_id"),
    )
    of_configuration = text("action = 'configuration_changed'")
    op.create_index(
        "ix_audit_configuration",
        "audit",
        ["seq"],
        sqlite_where=of_configuration,
        postgresql_where=of_configuration,
    )
    _lock_leads()
    _lock_configuration()
    _lock_decisions()
    _lock_statements()


def _lock_leads() -> None:
    database = dialect()
    has_blanks = HAS_BLANKS.format(blanks=BLANKS[database])
    if database == "sqlite":
        has_blanks = f"""(NEW.external_id = '' OR
            NEW.external_id <> trim(NEW.external_id, {BLANKS[database]}))"""
    code = "lead_id_has_blanks"
    for on in ("INSERT", "UPDATE OF external_id"):
        name = f"{on.split()[0].lower()}_is_trimmed"
        refuse("lead", name, has_blanks, code, waits=False, on=on)
    refuse("lead", "begins_open", IS_BORN_ELSEWHERE, waits=False)
    is_renamed = """EXISTS (SELECT 1 FROM stage
        WHERE name = OLD.stage AND renamed_to = NEW.stage)"""
    refuse(
        "lead",
        "stage_is_told",
        f"(NEW.stage <> OLD.stage AND NOT {is_renamed} AND NOT {_is_told(database)})",
        waits=False,
        on="UPDATE OF stage",
    )
    is_other = "IS NOT" if database == "sqlite" else "IS DISTINCT FROM"
    is_decided = PRIORITY_DECIDED[database]
    refuse(
        "lead",
        "priority_is_decided",
        f"""(OLD.priority IS NOT NULL AND NEW.priority {is_other} OLD.priority
            AND NOT {is_decided})""",
        waits=False,
        on="UPDATE OF priority",
    )


def _is_told(database: str) -> str:
    """The condition: an event tells the lead's new stage, and if it is our own, it
    comes with its decision."""
    event, row = (
        ID_OF_EVENT[database].format(event="e"),
        ID[database].format(row="d"),
    )
    to, role = TO[database], "(SELECT role FROM stage WHERE name = NEW.stage)"
    return f"""EXISTS (SELECT 1 FROM event AS e WHERE e.lead_id = NEW.id
        AND (OLD.stage_at IS NULL OR e.occurred_at >= OLD.stage_at)
        AND ((e.kind = 'won' AND {role} = 'won')
            OR (e.kind = 'lost' AND {role} = 'abandoned')
            OR (e.kind = 'stage_changed' AND ({to} = NEW.stage OR EXISTS
                (SELECT 1 FROM stage WHERE name = {to} AND renamed_to = NEW.stage))))
        AND (e.source <> 'frein' OR EXISTS (SELECT 1 FROM decision AS d
            WHERE d.lead_id = e.lead_id AND {row} = {event})))"""


def _lock_configuration() -> None:
    """Before the first start there is no such row, and all may be written."""
    database = dialect()
    code = "configuration_is_not_audited"
    stage, renamed = SAYS_STAGE[database], SAYS_RENAMED[database]
    for on, says in (("INSERT", stage), ("UPDATE", f"({stage} OR {renamed})")):
        differs = f"EXISTS (SELECT 1 FROM {LAST} WHERE NOT COALESCE({says}, false))"
        refuse("stage", f"{on.lower()}_is_audited", differs, code, waits=False, on=on)
    says = THRESHOLD[database].format(row="NEW")
    differs = f"""EXISTS (SELECT 1 FROM {LAST}
        WHERE NOT COALESCE({says} = NEW.value, false))"""
    for on in ("INSERT", "UPDATE"):
        name = f"{on.lower()}_is_audited"
        refuse("threshold", name, differs, code, waits=False, on=on)
    said = THRESHOLD[database].format(row="OLD")
    stays = f"EXISTS (SELECT 1 FROM {LAST} WHERE {said} IS NOT NULL)"
    name = "delete_is_audited"
    refuse("threshold", name, stays, code, waits=False, on="DELETE")


def _lock_decisions() -> None:
    for table in SIGNED:
        code = "decided_at_is_wrong"
        refuse(table, "is_dated", IS_UNDATED[dialect()], code)
    refuse("concession", "within_limit", ABOVE_LIMIT)
    forget("decision", "undoes_nothing")  # it knew no new names of stages
    refuse("decision", "undoes_nothing", UNDOES)


def _lock_statements() -> None:
    database = dialect()
    append_only("statement", "decision_append_only")
    refuse("statement", "signer_exists", IS_NOBODY, "signer_decides_nothing")
    if database == "sqlite":
        run(
            """
            CREATE TRIGGER statement_never_replaced BEFORE INSERT ON statement
            WHEN EXISTS (SELECT 1 FROM statement WHERE id = NEW.id)
            BEGIN SELECT RAISE(ABORT, 'decision_append_only'); END
            """
        )
    event = ID_OF_EVENT[database].format(event="NEW")
    rows = {name: ID[database].format(row=name) for name in (*SIGNED, "statement")}
    signed = " OR ".join(
        f"""EXISTS (SELECT 1 FROM {name}
            WHERE {name}.lead_id = NEW.lead_id AND {row} = {event})"""
        for name, row in rows.items()
    )
    proposal = ID[database].format(row="proposal")
    decided = f"""EXISTS (SELECT 1 FROM proposal WHERE proposal.lead_id = NEW.lead_id
        AND {proposal} = {event} AND decided_by_kind = 'person')"""
    refuse(
        "event",
        "is_signed",
        f"""(NEW.source = 'frein' AND (NEW.actor = 'person'
            OR NEW.kind IN ('stage_changed', 'concession_granted'))
            AND NOT ({signed} OR {decided}))""",
        waits=False,
    )
