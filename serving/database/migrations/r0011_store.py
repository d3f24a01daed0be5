"""Revision 0011: the tables of the store, and the triggers by which it keeps the brake.

It stands for the eleven revisions of the versions before 0.2, and stays as it is: a
later change of the tables is a revision of its own.

Lock 3 adds concessions up, reads what was exchanged, and asks who signs. A person's
signature is that of an account which may decide. A machine concedes no more than the
threshold in all, and requalifies nobody after a complex exchange: what that is stands
in `governance/policy/complex_exchange.py`, and a test holds the two together.
"""

from functools import partial
from typing import Any

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.schema import SchemaItem

from serving.database.triggers import append_only, dialect, refuse, run

revision = "0011"
down_revision = None

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "%(constraint_name)s",
    }
)
NAME = String(200)
SHA256 = String(64)
ID = String(36)
INSTANT = DateTime(timezone=True)
required = partial(Column, nullable=False)
key = partial(Column, primary_key=True)


def _table(name: str, *items: SchemaItem) -> None:
    Table(name, METADATA, *items)


def _of_lead(*, index: bool = True) -> Column[Any]:
    return required("lead_id", Uuid, ForeignKey("lead.id"), index=index)


def _one_open(name: str, column: str, where: str = "") -> Index:
    """A lead has one open row with each value of the column."""
    condition = text(f"status = 'open'{where}")
    return Index(
        name,
        "lead_id",
        column,
        unique=True,
        sqlite_where=condition,
        postgresql_where=condition,
    )


def _signature(
    table: str, *more: Column[Any]
) -> tuple[Column[Any] | CheckConstraint, ...]:
    """Columns of each decision: its clause, its signer, its time."""
    return (
        required("clause", NAME),
        required("signer_kind", NAME),
        required("signer", NAME),
        Column("proposal_id", Uuid, ForeignKey("proposal.id")),
        *more,
        required("decided_at", INSTANT),
        CheckConstraint(
            "signer_kind IN ('person', 'integration', 'automation')"
            " AND trim(signer) <> ''",
            name=f"{table}_is_signed",
        ),
    )


_table(
    "api_key",
    key("id", String(16)),
    required("name", NAME),
    required("secret_sha256", SHA256),
    required("source", NAME),
    required("max_actor", NAME),
    required("default_actor", NAME),
    required("scopes", NAME),
    required("created_at", INSTANT),
    Column("expires_at", INSTANT),
    Column("revoked_at", INSTANT),
    Column("last_used_at", INSTANT),
)
_table(
    "stage",
    key("name", NAME),
    required("position", Integer),
    required("reserved", Boolean),
    required("closes", Boolean),
)
_table("threshold", key("name", NAME), required("value", Double))
_table(
    "lead",
    key("id", Uuid),
    required("external_id", NAME, unique=True),
    required("version", Integer),
    required("stage", NAME, ForeignKey("stage.name")),
    Column("stage_at", INSTANT),
    Column("owner", NAME),
    Column("owner_at", INSTANT),
    Column("priority", NAME),
    Column("score", Double),
    Column("grade", NAME),
    Column("short", Text),
    Column("moment", INSTANT),
    required("created_at", INSTANT),
    Column("band", NAME),
    Column("automation", Text),
    Column("model_sha256", SHA256),
    Column("looked_at", INSTANT),
    Column("last_sign_at", INSTANT),
    Column("entered_at", INSTANT),
)
_table(
    "event",
    key("id", Integer),
    _of_lead(),
    required("event_id", NAME),
    required("source", NAME),
    required("kind", NAME),
    required("occurred_at", INSTANT),
    required("received_at", INSTANT),
    required("actor", NAME),
    required("data", Text),
    UniqueConstraint("source", "event_id"),
)
_table(
    "score",
    key("id", Integer),
    _of_lead(index=False),
    required("moment", INSTANT),
    required("score", Double),
    required("priority", NAME),
    required("model_version", NAME),
    required("model_sha256", NAME),
    required("written_at", INSTANT),
    required("body", Text),
    Index("ix_score_lead_id", "lead_id", "id"),
)
_table(
    "proposal",
    key("id", Uuid),
    _of_lead(),
    required("from_stage", NAME, ForeignKey("stage.name")),
    required("to_stage", NAME, ForeignKey("stage.name")),
    required("clause", NAME),
    Column("reason", Text),
    required("asked_by_kind", NAME),
    required("asked_by", NAME),
    required("status", NAME),
    required("created_at", INSTANT),
    Column("decided_by_kind", NAME),
    Column("decided_by", NAME),
    Column("decided_at", INSTANT),
    Column("decision_reason", Text),
    Column("from_priority", NAME),
    Column("to_priority", NAME),
    Column("expires_at", INSTANT),
    Column("concession_percent", Double),
    CheckConstraint(
        "status = 'open' OR (decided_by <> '' AND decided_at IS NOT NULL)",
        name="proposal_decided_by_somebody",
    ),
    _one_open(
        "uq_proposal_open",
        "to_stage",
        " AND to_priority IS NULL AND concession_percent IS NULL",
    ),
    _one_open(
        "uq_proposal_concession_open",
        "concession_percent",
        " AND concession_percent IS NOT NULL",
    ),
    _one_open("uq_proposal_priority_open", "to_priority"),
)
_table(
    "task",
    key("id", Uuid),
    _of_lead(),
    Column("proposal_id", Uuid, ForeignKey("proposal.id"), index=True),
    required("kind", NAME),
    required("owner", NAME),
    required("expected", NAME),
    required("due_on", Date),
    required("status", NAME),
    required("created_at", INSTANT),
    Column("closed_at", INSTANT),
    Column("opened_by", NAME),
    Column("why", Text),
    Column("escalated_at", INSTANT),
    Column("closed_by", NAME),
    Column("close_reason", Text),
    CheckConstraint("owner <> ''", name="task_has_an_owner"),
    _one_open("uq_task_open", "opened_by"),
)
_table(
    "decision",
    key("id", Uuid),
    _of_lead(),
    required("from_stage", NAME, ForeignKey("stage.name")),
    required("to_stage", NAME, ForeignKey("stage.name")),
    required("reserved", Boolean),
    *_signature("decision", Column("reason", Text)),
    CheckConstraint(
        "NOT reserved OR signer_kind = 'person'", name="reserved_for_people"
    ),
)
_table(
    "concession",
    key("id", Uuid),
    _of_lead(),
    required("percent", Double),
    required("reserved", Boolean),
    *_signature("concession", Column("reason", Text)),
    CheckConstraint(
        "NOT reserved OR signer_kind = 'person'",
        name="concession_reserved_for_people",
    ),
)
_table(
    "requalification",
    key("id", Uuid),
    _of_lead(),
    required("from_priority", NAME),
    required("to_priority", NAME),
    *_signature("requalification"),
)
_table(
    "notice",
    key("id", Uuid),
    _of_lead(),
    required("rule_id", NAME),
    required("recipient", NAME, index=True),
    required("text", Text),
    required("created_at", INSTANT),
)
_table(
    "reason_opening",
    key("id", Integer),
    required("week", Date, index=True),
    required("idea", NAME),
)
_table(
    "suspension",
    key("id", Uuid),
    Column("lead_id", Uuid, ForeignKey("lead.id"), index=True),
    Column("rule_id", NAME, index=True),
    Column("until", INSTANT),
    required("reason", Text),
    required("begun_by", NAME),
    required("begun_at", INSTANT),
    Column("ended_by", NAME),
    Column("ended_at", INSTANT),
    Column("words", Text),
    CheckConstraint(
        "(lead_id IS NULL) <> (rule_id IS NULL)", name="suspension_of_one_thing"
    ),
    CheckConstraint("begun_by <> ''", name="suspension_by_somebody"),
)
_table(
    "duty",
    key("name", NAME),
    Column("holder", NAME),
    Column("held_until", INSTANT),
    Column("done_at", INSTANT),
)
_table(
    "idempotent_call",
    key("caller", NAME),
    key("key", NAME),
    required("fingerprint", SHA256),
    required("begun_at", INSTANT, index=True),
    Column("status", Integer),
    Column("media_type", NAME),
    Column("body", Text),
)
_table(
    "person",
    key("id", Uuid),
    required("login", NAME, unique=True),
    required("name", NAME, unique=True),
    required("role", NAME),
    Column("team", NAME),
    Column("password_hash", NAME),
    required("failures", Integer),
    Column("locked_until", INSTANT),
    required("created_at", INSTANT),
    Column("disabled_at", INSTANT),
    Column("subject", Text),
    Index("uq_person_subject", "subject", unique=True),
)
_table(
    "pass",
    key("id", String(16)),
    required("person_id", Uuid, ForeignKey("person.id"), index=True),
    required("kind", NAME),
    required("secret_sha256", SHA256),
    required("created_at", INSTANT),
    required("expires_at", INSTANT),
    Column("ended_at", INSTANT),
)
_table(
    "principal",
    key("id", Uuid),
    required("kind", NAME),
    required("name", NAME),
    UniqueConstraint("kind", "name"),
)
_table(
    "audit",
    key("seq", BigInteger().with_variant(Integer, "sqlite"), autoincrement=False),
    required("id", ID, unique=True),
    required("at", String(27)),
    required("who_kind", String(16)),
    required("who_id", ID),
    required("action", String(64)),
    Column("lead_id", ID),
    required("subject_kind", String(16)),
    required("subject_id", ID),
    Column("state_before", Text),
    Column("state_after", Text),
    required("why", Text),
    required("correlation_id", ID),
    Column("causation_id", ID),
    Column("event_id", BigInteger),
    required("depth", Integer),
    required("previous", SHA256),
    required("hash", SHA256),
    Index("ix_audit_lead_id", "lead_id", "seq"),
)

SIGNED = ("decision", "concession", "requalification")
IS_RESERVED = {
    "decision": "(SELECT reserved FROM stage WHERE name = NEW.to_stage)",
    "concession": """(NEW.percent >
    (SELECT value FROM threshold WHERE name = 'concession_above_percent'))""",
}
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
CHANNEL = """CASE e.kind WHEN 'email_sent' THEN 'mail' WHEN 'email_replied' THEN 'mail'
    WHEN 'meeting_held' THEN 'meeting' ELSE 'phone' END"""


def upgrade() -> None:
    METADATA.create_all(op.get_bind(), checkfirst=False)
    is_postgresql = dialect() == "postgresql"
    for kind in ("decision", "audit") if is_postgresql else ():
        run(
            f"""
            CREATE FUNCTION {kind}_append_only() RETURNS trigger
            LANGUAGE plpgsql AS $$ BEGIN
                RAISE check_violation USING MESSAGE = '{kind}_append_only';
            END $$
            """
        )
    is_not = "IS DISTINCT FROM" if is_postgresql else "IS NOT"
    for table, is_reserved in IS_RESERVED.items():
        refuse(
            table,
            "reserved_is_true",
            f"NEW.reserved {is_not} {is_reserved}",
            waits=False,
        )
    for table in SIGNED:
        append_only(table, "decision_append_only")
    for table in SIGNED:
        refuse(table, "signer_exists", IS_NOBODY, "signer_decides_nothing")
    refuse("concession", "adds_up", ADDS_UP)
    after_complex_exchange = _after_complex_exchange(dialect())
    refuse("decision", "requalifies", f"({GOES_BACK} AND {after_complex_exchange})")
    refuse("requalification", "requalifies", after_complex_exchange)
    append_only("audit", "audit_append_only")
    if is_postgresql:
        run("REVOKE ALL ON audit FROM PUBLIC")
        # The owner too: what it may still do is read and append.
        run("REVOKE UPDATE, DELETE, TRUNCATE ON audit FROM CURRENT_USER")
    else:  # REPLACE deletes without firing the triggers, unless a pragma is on
        run(
            """
            CREATE TRIGGER audit_never_replaced BEFORE INSERT ON audit
            WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq OR id = NEW.id)
            BEGIN SELECT RAISE(ABORT, 'audit_append_only'); END
            """
        )


def _after_complex_exchange(dialect: str) -> str:
    """The condition: a machine signs, and a complex exchange awaits a person."""
    beginning, objections = BEGINNING[dialect], OBJECTIONS[dialect]
    recent = f"e.lead_id = NEW.lead_id AND e.occurred_at > {beginning}"
    # When a person last decided here, within these days.
    decided_at = f"""COALESCE((SELECT max(e.occurred_at) FROM event AS e
    WHERE {recent} AND e.source = 'frein' AND e.actor = 'person'
    AND e.kind IN ('stage_changed', 'priority_contested', 'priority_confirmed',
        'status_adjusted', 'automation_suspended', 'automation_resumed',
        'rule_suspended', 'rule_resumed')), {beginning})"""
    return f"""(NEW.signer_kind <> 'person' AND (
    EXISTS (SELECT 1 FROM event AS e
        WHERE {recent} AND e.occurred_at > {decided_at} AND (
            (e.kind = 'note_added' AND COALESCE({objections}, 'null') NOT IN
                ('null', 'false', '0', '0.0', '""', '[]', '{{}}'))
            OR (e.kind IN ('call_made', 'call_received')
                AND {IS_LONG_CALL[dialect]})))
    OR EXISTS (SELECT count(*) FROM event AS e
        WHERE {recent} AND e.actor <> 'automation' AND e.kind IN ('email_sent',
            'email_replied', 'call_made', 'call_received', 'meeting_held')
        HAVING count(*) >= 6 AND count(DISTINCT {CHANNEL}) >= 2
            AND (count(DISTINCT e.actor) = 2
                OR max(CASE e.kind WHEN 'meeting_held' THEN 1 ELSE 0 END) = 1)
            AND max(e.occurred_at) > {decided_at})))"""
