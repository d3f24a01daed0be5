"""Revision 0022: a merger takes nothing along that the brake looks at.

A lead that people decided on, or are to, becomes no part of another, and nothing is
decided on one that is. A merger counts though it is told after a deletion. Limits in
euros are of the largest amount that any part of the lead ever had.
"""

from serving.database.migrations.r0016_accounts import ATTRIBUTE, NAMED, VALUE
from serving.database.migrations.r0019_rows_stand import ABOVE_AMOUNT
from serving.database.migrations.r0021_removals import IS_OTHER, IS_TOLD
from serving.database.triggers import dialect, forget, refuse

revision = "0022"
down_revision = "0021"

TOLD_LATE = IS_TOLD.replace(
    "(OLD.removed_at IS NULL", "(NEW.removal = 'merged' OR OLD.removed_at IS NULL"
)
IS_BOUND = """(OLD.merged_into IS NULL AND NEW.merged_into IS NOT NULL AND (
    NEW.signed_stage IS NOT NULL OR NEW.vouched_stage IS NOT NULL
    OR NEW.observed_stage IS NOT NULL
    OR EXISTS (SELECT 1 FROM stage WHERE name = NEW.stage AND (reserved OR closes))
    OR EXISTS (SELECT 1 FROM decision WHERE lead_id = NEW.id)
    OR EXISTS (SELECT 1 FROM concession WHERE lead_id = NEW.id)
    OR EXISTS (SELECT 1 FROM proposal WHERE lead_id = NEW.id AND status = 'open')))"""
IS_OF_PART = """EXISTS (SELECT 1 FROM lead
    WHERE id = NEW.lead_id AND merged_into IS NOT NULL)"""
ABOVE_WHOLE = ABOVE_AMOUNT.replace(
    "e.lead_id = NEW.lead_id",
    "e.lead_id IN (SELECT id FROM lead"
    " WHERE id = NEW.lead_id OR merged_into = NEW.lead_id)",
)


def upgrade() -> None:
    forget("lead", "removal_is_told")
    is_other = IS_OTHER.format(is_told=TOLD_LATE)
    on = "UPDATE OF removal"
    refuse("lead", "removal_is_told", is_other, waits=False, on=on)
    on = "UPDATE OF merged_into"
    refuse("lead", "merger_leaves_decisions", IS_BOUND, waits=False, on=on)
    for table in ("decision", "concession"):
        refuse(table, "is_of_whole", IS_OF_PART)
    name = NAMED.format(attribute=ATTRIBUTE[dialect()])
    forget("concession", "within_amount")
    above = ABOVE_WHOLE.format(value=VALUE[dialect()].format(name=name))
    refuse("concession", "within_amount", above)
