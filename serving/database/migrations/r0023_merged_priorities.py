"""Revision 0023: a lead whose priority a person decided becomes no part of another."""

from serving.database.migrations.r0022_mergers import IS_BOUND
from serving.database.triggers import forget, refuse

revision = "0023"
down_revision = "0022"

OR_PRIORITY = IS_BOUND.replace(
    "OR EXISTS (SELECT 1 FROM concession",
    "OR EXISTS (SELECT 1 FROM requalification"
    " WHERE lead_id = NEW.id AND signer_kind = 'person')"
    " OR EXISTS (SELECT 1 FROM concession",
)


def upgrade() -> None:
    forget("lead", "merger_leaves_decisions")
    on = "UPDATE OF merged_into"
    refuse("lead", "merger_leaves_decisions", OR_PRIORITY, waits=False, on=on)
