"""Revision 0021: a lead may be removed: deleted, archived, or merged into another.

The database lets a lead be removed or restored only as an event of another system
tells it, and a merger stands.
"""

from alembic import op
from sqlalchemy import Column, DateTime, String, Uuid

from serving.database.triggers import dialect, refuse

revision = "0021"
down_revision = "0020"

INTO = {
    "sqlite": "e.data ->> 'into'",
    "postgresql": "(CAST(e.data AS json) ->> 'into')",
}
IS_TOLD = """EXISTS (SELECT 1 FROM event AS e WHERE e.lead_id = NEW.id
    AND e.source <> 'frein'
    AND (OLD.removed_at IS NULL OR e.occurred_at >= OLD.removed_at)
    AND e.kind = CASE NEW.removal WHEN 'deleted' THEN 'lead_deleted'
        WHEN 'archived' THEN 'lead_archived' WHEN 'merged' THEN 'lead_merged'
        ELSE 'lead_restored' END)"""
IS_OTHER = """(NEW.removal IS DISTINCT FROM OLD.removal
    AND (COALESCE(OLD.removal, '') = 'merged' OR NOT {is_told}))"""
# One that was merged follows the other, if that is merged in turn.
IS_INTO_ANOTHER = """(
    (NEW.merged_into IS NULL) <> (COALESCE(NEW.removal, '') <> 'merged')
    OR (NEW.merged_into IS DISTINCT FROM OLD.merged_into AND (NEW.merged_into = NEW.id
        OR (OLD.merged_into IS NULL AND NOT EXISTS (SELECT 1 FROM event AS e
            JOIN lead AS t ON t.external_id = {into}
            WHERE e.lead_id = NEW.id AND e.kind = 'lead_merged'
            AND COALESCE(t.merged_into, t.id) = NEW.merged_into))
        OR (OLD.merged_into IS NOT NULL AND NOT EXISTS (SELECT 1 FROM lead AS t
            WHERE t.id = OLD.merged_into AND t.merged_into = NEW.merged_into)))))"""


def upgrade() -> None:
    op.add_column("lead", Column("removal", String(200)))
    op.add_column("lead", Column("removed_at", DateTime(timezone=True)))
    op.add_column("lead", Column("merged_into", Uuid))
    op.create_index("ix_lead_merged_into", "lead", ["merged_into"])
    begins = "(NEW.removal IS NOT NULL OR NEW.merged_into IS NOT NULL)"
    refuse("lead", "begins_there", begins, waits=False)
    on = "UPDATE OF removal"
    is_other = IS_OTHER.format(is_told=IS_TOLD)
    refuse("lead", "removal_is_told", is_other, waits=False, on=on)
    on = "UPDATE OF removal, merged_into"
    is_into_another = IS_INTO_ANOTHER.format(into=INTO[dialect()])
    refuse("lead", "merger_is_told", is_into_another, waits=False, on=on)
