"""Words of their own for those who suspend a rule."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("suspension", sa.Column("words", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("suspension", "words")
