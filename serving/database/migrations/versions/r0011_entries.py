"""When a lead's history begins stands with it: silence counts from there where there
was no sign. What is a sign is more than the lead's own acts."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

# As `governance.sign_of_life` has it; an event's data are JSON without blanks.
OF_WHAT_IS_STORED = """
    UPDATE lead SET
        entered_at = (
            SELECT min(occurred_at) FROM event WHERE event.lead_id = lead.id
        ),
        last_sign_at = (
            SELECT max(occurred_at) FROM event
            WHERE event.lead_id = lead.id AND (
                event.actor = 'lead'
                OR event.actor = 'person' AND (
                    event.kind IN ('meeting_held', 'call_received')
                    OR event.kind = 'call_made'
                        AND event.data LIKE :answered
                    OR event.kind = 'note_added' AND (
                        event.data LIKE :tone
                            AND event.data NOT LIKE :no_tone
                        OR event.data LIKE :objections
                    )
                )
            )
        )
"""
HELD = {  # by the data
    "answered": '%"outcome":"joint"%',
    "tone": '%"tone":%',
    "no_tone": '%"tone":null%',
    "objections": '%"objections":["%',
}
AS_BEFORE = """
    UPDATE lead SET last_sign_at = (
        SELECT max(occurred_at) FROM event
        WHERE event.lead_id = lead.id AND event.actor = 'lead'
    )
"""


def upgrade() -> None:
    op.add_column("lead", sa.Column("entered_at", sa.DateTime(timezone=True)))
    op.execute(sa.text(OF_WHAT_IS_STORED).bindparams(**HELD))


def downgrade() -> None:
    op.drop_column("lead", "entered_at")
    op.execute(AS_BEFORE)
