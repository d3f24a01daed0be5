"""Revision 0012: no machine undoes a decision, and no decision is replaced.

Lock 3 refuses a machine that would win a lead, take it from a reserved stage or from
its end, or move it from where a person brought it. A concession is more than nothing
and at most all of the price.
"""

from serving.database.triggers import dialect, refuse, run

revision = "0012"
down_revision = "0011"

SIGNED = ("decision", "concession", "requalification")
UNDOES = """(NEW.signer_kind <> 'person' AND (
    EXISTS (SELECT 1 FROM stage WHERE name = NEW.to_stage AND closes)
    OR EXISTS (SELECT 1 FROM stage WHERE name = NEW.from_stage
        AND (reserved OR closes))
    OR (SELECT signer_kind || ' ' || to_stage FROM decision
        WHERE lead_id = NEW.lead_id ORDER BY decided_at DESC, id LIMIT 1)
        = 'person ' || NEW.from_stage))"""


def upgrade() -> None:
    refuse("decision", "undoes_nothing", UNDOES)
    is_no_share = "NOT (NEW.percent > 0 AND NEW.percent <= 100)"
    refuse("concession", "is_a_share", is_no_share, "concession_is_no_share")
    if dialect() == "sqlite":  # REPLACE deletes without firing the other triggers
        for table in SIGNED:
            run(
                f"""
                CREATE TRIGGER {table}_never_replaced BEFORE INSERT ON {table}
                WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)
                BEGIN SELECT RAISE(ABORT, 'decision_append_only'); END
                """
            )
