"""Revision 0018: PostgreSQL keeps no samples of names; consents stand in the log alone.

A lead's row had the last consent and the last refusal, which isn't enough to know what
held when a mail was opened.
"""

from alembic import op

from serving.database.samples import keep_no_samples
from serving.database.triggers import dialect

revision = "0018"
down_revision = "0017"

NAMES = {
    "api_key": ("name",),
    "break_glass": ("login",),
    "concession": ("signer",),
    "decision": ("signer",),
    "lead": ("owner",),
    "lead_access": ("person",),
    "notice": ("recipient",),
    "person": (
        "login",
        "name",
        "team",
        "password_hash",
        "subject",
        "totp_secret",
        "recovery_codes",
        "salt",
    ),
    "principal": ("name", "salt"),
    "proposal": ("asked_by", "decided_by"),
    "requalification": ("signer",),
    "sign_in_try": ("address",),
    "statement": ("signer",),
    "suspension": ("begun_by", "ended_by"),
    "task": ("owner", "closed_by"),
}


def upgrade() -> None:
    op.drop_column("lead", "consented_at")
    op.drop_column("lead", "refused_at")
    if dialect() == "postgresql":
        keep_no_samples(NAMES)
