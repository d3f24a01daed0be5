"""When a lead itself last acted stands with it: a list is filtered by silence."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

OF_WHAT_IS_STORED = """
    UPDATE lead SET last_sign_at = (
        SELECT max(occurred_at) FROM event
        WHERE event.lead_id = lead.id AND event.actor = 'lead'
    )
"""


def upgrade() -> None:
    op.add_column("lead", sa.Column("last_sign_at", sa.DateTime(timezone=True)))
    op.execute(OF_WHAT_IS_STORED)


def downgrade() -> None:
    op.drop_column("lead", "last_sign_at")
