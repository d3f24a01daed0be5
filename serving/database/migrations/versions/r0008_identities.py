"""An account may be bound to an identity of the company's provider."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("person", sa.Column("subject", sa.Text(), nullable=True))
    op.create_index("uq_person_subject", "person", ["subject"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_person_subject", "person")
    op.drop_column("person", "subject")
