"""That a reason was opened is counted by week and idea: never by whom, nor of whom."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "reason_opening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("idea", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reason_opening"),
    )
    op.create_index("ix_reason_opening_week", "reason_opening", ["week"])


def downgrade() -> None:
    op.drop_index("ix_reason_opening_week", "reason_opening")
    op.drop_table("reason_opening")
