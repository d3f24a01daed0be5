"""Revision 0019: what was written stands, and the strictest amount counts.

Events are never changed nor taken out. Of proposals, tasks, suspensions and sessions
only what becomes of them changes, and what has ended doesn't begin again. An event of
our own needs its decision or statement whoever it says acted, but for what machines
write. A decision begins where the lead stands. Limits in euros are of the largest
amount that the lead ever had: whoever changes it gives nobody room.

A lead keeps the last stage that a key vouched for: no bare observation undoes it.
"""

from collections.abc import Iterable

from alembic import op
from sqlalchemy import Column, String

from serving.database.migrations.r0014_locks import ID, ID_OF_EVENT, SIGNED, UNDOES
from serving.database.migrations.r0015_doors import IS_MACHINE, IS_NO_HUMAN
from serving.database.migrations.r0016_accounts import ATTRIBUTE, NAMED, VALUE
from serving.database.triggers import append_only, dialect, forget, refuse, run

revision = "0019"
down_revision = "0018"

# What never changes once it is written, and what no more once it has ended.
STANDS = {
    "proposal": (
        "lead_id clause reason asked_by_kind asked_by created_at from_priority"
        " to_priority concession_percent expires_at"
    ),
    "task": "lead_id proposal_id kind expected due_on created_at opened_by why",
    "suspension": "lead_id rule_id until reason words begun_by begun_at",
    "pass": "person_id kind secret_sha256 created_at expires_at",
}
ENDED = {
    "proposal": (
        "OLD.status <> 'open'",
        "status decided_by_kind decided_by decided_at decision_reason",
    ),
    "task": (
        "OLD.status <> 'open'",
        "status owner closed_at closed_by close_reason escalated_at",
    ),
    "suspension": ("OLD.ended_at IS NOT NULL", "ended_by ended_at"),
    "pass": ("OLD.ended_at IS NOT NULL", "ended_at authenticated_at"),
}
IS_RENAMED = """EXISTS (SELECT 1 FROM stage
    WHERE name = OLD.{column} AND renamed_to = NEW.{column})"""
WRITTEN_BY_MACHINES = """'priority_set', 'attributes_set', 'profiling_objected',
    'profiling_accepted'"""
# A step back on what a person signed, or a key vouched for, as `undoes_word` has it.
UNDOES_WORD = UNDOES.replace(
    "AND (\n",
    """AND (
    EXISTS (SELECT 1 FROM lead AS l
        JOIN stage AS s ON s.name IN (l.signed_stage, l.vouched_stage)
        WHERE l.id = NEW.lead_id AND s.name <> NEW.to_stage AND (s.closes OR s.position
            > (SELECT position FROM stage WHERE name = NEW.to_stage)))
    OR\n""",
    1,
).replace(IS_MACHINE, IS_NO_HUMAN)
BEGINS_ELSEWHERE = """(NEW.from_stage <>
    (SELECT stage FROM lead WHERE id = NEW.lead_id))"""
# A millionth of a percent is no more.
ABOVE_AMOUNT = """(NEW.signer_kind = 'person' AND EXISTS (SELECT 1
    FROM threshold AS t, (SELECT max({value}) AS euros FROM event AS e
        WHERE e.lead_id = NEW.lead_id AND e.kind = 'attributes_set') AS amount
    WHERE t.name = 'concession_amount_' ||
        (SELECT role FROM person WHERE name = NEW.signer)
    AND amount.euros > 0
    AND (NEW.percent - 0.000001 + (SELECT COALESCE(SUM(percent), 0) FROM concession
        WHERE lead_id = NEW.lead_id)) * amount.euros > 100.0 * t.value))"""


def upgrade() -> None:
    op.add_column("lead", Column("vouched_stage", String(200)))
    run("UPDATE lead SET vouched_stage = stage WHERE stage_assurance = 'vouched'")
    _lock_events()
    for table in STANDS:
        _lock_rows(table)
    refuse("decision", "begins_there", BEGINS_ELSEWHERE, "decision_begins_elsewhere")
    forget("decision", "undoes_nothing")
    refuse("decision", "undoes_nothing", UNDOES_WORD)
    name = NAMED.format(attribute=ATTRIBUTE[dialect()])
    forget("concession", "within_amount")
    above = ABOVE_AMOUNT.format(value=VALUE[dialect()].format(name=name))
    refuse("concession", "within_amount", above)


def _lock_events() -> None:
    database, code = dialect(), "event_append_only"
    if database == "postgresql":
        run(
            f"""
            CREATE FUNCTION {code}() RETURNS trigger
            LANGUAGE plpgsql AS $$ BEGIN
                RAISE check_violation USING MESSAGE = '{code}';
            END $$
            """
        )
    append_only("event", code)
    if database == "sqlite":  # REPLACE deletes without firing the other triggers
        run(
            f"""
            CREATE TRIGGER event_never_replaced BEFORE INSERT ON event
            WHEN EXISTS (SELECT 1 FROM event WHERE id = NEW.id
                OR (source = NEW.source AND event_id = NEW.event_id))
            BEGIN SELECT RAISE(ABORT, '{code}'); END
            """
        )
    event = ID_OF_EVENT[database].format(event="NEW")
    signed = " OR ".join(
        f"""EXISTS (SELECT 1 FROM {name} WHERE {name}.lead_id = NEW.lead_id
            AND {ID[database].format(row=name)} = {event})"""
        for name in (*SIGNED, "statement")
    )
    decided = f"""EXISTS (SELECT 1 FROM proposal WHERE proposal.lead_id = NEW.lead_id
        AND {ID[database].format(row="proposal")} = {event}
        AND decided_by_kind = 'person')"""
    forget("event", "is_signed")
    refuse(
        "event",
        "is_signed",
        f"""(NEW.source = 'frein' AND (NEW.actor <> 'automation'
            OR NEW.kind NOT IN ({WRITTEN_BY_MACHINES}))
            AND NOT ({signed} OR {decided}))""",
        waits=False,
    )


def _lock_rows(table: str) -> None:
    code = "row_stands"
    is_over, ending = ENDED[table]
    changes = f"{_changed(STANDS[table].split())} OR ({is_over} AND"
    changes += f" ({_changed(ending.split())}))"
    if table == "proposal":
        for column in ("from_stage", "to_stage"):
            is_renamed = IS_RENAMED.format(column=column)
            changes += f" OR ({_changed([column])} AND NOT {is_renamed})"
    refuse(table, "stands", f"({changes})", code, waits=False, on="UPDATE")
    if table != "pass":  # those that ended are dropped in time
        refuse(table, "never_leaves", "true", code, waits=False, on="DELETE")


def _changed(columns: Iterable[str]) -> str:
    return " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in columns)
