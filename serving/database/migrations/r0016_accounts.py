"""Revision 0016: what the audit knows of accounts, and limits in euros.

Salts make digests of an account's columns, and of an emergency's reason, that the audit
keeps. Lock 3 knows limits in euros, of the amount that the lead has. Secrets of
one-time codes that were kept as they are go: they are sealed from now on.
"""

from alembic import op
from sqlalchemy import Column, String

from serving.database.migrations.r0013_observations import key_review
from serving.database.triggers import dialect, refuse, run

revision = "0016"
down_revision = "0015"

# Of a configuration that the audit has from before, the attribute is not known.
ATTRIBUTE = {
    "sqlite": "json_extract(a.state_after, '$.amount_attribute')",
    "postgresql": "CAST(a.state_after AS json) ->> 'amount_attribute'",
}
NAMED = """COALESCE((SELECT {attribute} FROM audit AS a
    WHERE a.action = 'configuration_changed' ORDER BY a.seq DESC LIMIT 1), 'amount')"""
VALUE = {
    "sqlite": """CASE WHEN json_type(e.data, '$.' || {name}) IN ('integer', 'real')
        THEN json_extract(e.data, '$.' || {name}) END""",
    "postgresql": """CASE WHEN json_typeof(CAST(e.data AS json) -> {name}) = 'number'
        THEN CAST(CAST(e.data AS json) ->> {name} AS double precision) END""",
}
IS_SET = {
    "sqlite": "json_type(e.data, '$.' || {name}) IS NOT NULL",
    "postgresql": "CAST(e.data AS json) -> {name} IS NOT NULL",
}
# The amount as it was last set; a millionth of a percent is no more.
ABOVE_AMOUNT = """(NEW.signer_kind = 'person' AND EXISTS (SELECT 1
    FROM threshold AS t, (SELECT {value} AS euros FROM event AS e
        WHERE e.lead_id = NEW.lead_id AND e.kind = 'attributes_set' AND {is_set}
        ORDER BY e.occurred_at DESC, e.id DESC LIMIT 1) AS amount
    WHERE t.name = 'concession_amount_' ||
        (SELECT role FROM person WHERE name = NEW.signer)
    AND amount.euros > 0
    AND (NEW.percent - 0.000001 + (SELECT COALESCE(SUM(percent), 0) FROM concession
        WHERE lead_id = NEW.lead_id)) * amount.euros > 100.0 * t.value))"""


def upgrade() -> None:
    for table in ("person", "break_glass"):
        op.add_column(table, Column("salt", String(200)))
    key_review(if_not_exists=True)  # one of between has none
    run(
        "UPDATE person SET totp_secret = NULL, totp_confirmed_at = NULL,"
        " totp_step = NULL, recovery_codes = NULL"
    )
    database = dialect()
    name = NAMED.format(attribute=ATTRIBUTE[database])
    above = ABOVE_AMOUNT.format(
        value=VALUE[database].format(name=name),
        is_set=IS_SET[database].format(name=name),
    )
    refuse("concession", "within_amount", above)
