"""Revision 0013: an observation is no decision.

A lead keeps how it is known that a person brought it to its stage, and the stage that
another system tells against a person's decision. Keys keep what they have used: the log
and `key_review` list what was given and taken.
"""

import logging
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

log = logging.getLogger(__name__)

STAGE_KINDS = ("stage_changed", "won", "lost")
REFUSALS = ("move_refused", "concession_refused", "requalification_refused")
CHANGED = "UPDATE api_key SET scopes = :scopes, max_actor = :most WHERE id = :id"
REVIEWED = (
    "INSERT INTO key_review (key_id, given, taken, max_actor, was_max_actor)"
    " VALUES (:key_id, :given, :taken, :max_actor, :was_max_actor)"
)
SIGNED = """UPDATE lead SET stage_assurance = 'signed', signed_stage = stage
    WHERE stage = (
    SELECT d.to_stage FROM decision d WHERE d.lead_id = lead.id
    AND d.signer_kind = 'person' AND d.id = (
        SELECT l.id FROM decision l WHERE l.lead_id = lead.id
        ORDER BY l.decided_at DESC, l.id LIMIT 1))"""


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.add_column("lead", sa.Column("stage_assurance", sa.String(200)))
    op.add_column("lead", sa.Column("signed_stage", sa.String(200)))
    op.add_column("lead", sa.Column("observed_stage", sa.String(200)))
    op.add_column("lead", sa.Column("observed_at", instant))
    key_review()
    connection = op.get_bind()
    connection.execute(sa.text(SIGNED))
    for key in connection.execute(sa.text("SELECT * FROM api_key")).mappings().all():
        _keep_what_was_used(connection, dict(key))


def key_review(*, if_not_exists: bool = False) -> None:
    """The table of what was given to each key, and taken from it."""
    op.create_table(
        "key_review",
        sa.Column(
            "key_id", sa.String(16), sa.ForeignKey("api_key.id"), primary_key=True
        ),
        *(
            sa.Column(name, sa.String(200), nullable=False)
            for name in ("given", "taken", "max_actor", "was_max_actor")
        ),
        if_not_exists=if_not_exists,
    )


def _keep_what_was_used(connection: sa.Connection, key: Mapping[str, Any]) -> None:
    scopes = set(key["scopes"].split())
    kept = scopes - {"moves"}
    if "events" in scopes and _sent(connection, key["source"], "kind", STAGE_KINDS):
        kept.add("stages")
    if "moves" in scopes and _asked(connection, key["id"]):
        kept.add("moves")
    max_actor = key["max_actor"]
    says_people = max_actor == "person" and key["default_actor"] != "person"
    if says_people and not _sent(connection, key["source"], "actor", ("person",)):
        max_actor = "automation"
    connection.execute(
        sa.text(CHANGED),
        {"scopes": " ".join(sorted(kept)), "most": max_actor, "id": key["id"]},
    )
    review = {
        "given": " ".join(sorted(kept - scopes)),
        "taken": " ".join(sorted(scopes - kept)),
        "max_actor": max_actor,
        "was_max_actor": key["max_actor"],
    }
    connection.execute(sa.text(REVIEWED), {"key_id": key["id"], **review})
    told = {"key": key["id"], "key_name": key["name"], **review}
    log.warning("key_reviewed", extra=told)


def _sent(
    connection: sa.Connection, source: str, column: str, values: tuple[str, ...]
) -> bool:
    """Did the source ever send such an event?"""
    asked = sa.text(
        f"SELECT 1 FROM event WHERE source = :source AND {column} IN :those LIMIT 1"
    ).bindparams(sa.bindparam("those", expanding=True))
    found = connection.execute(asked, {"source": source, "those": list(values)})
    return found.first() is not None


def _asked(connection: sa.Connection, key_id: str) -> bool:
    """Did the key ever make a change, propose one, or was it refused one?"""
    signed = (
        f"SELECT 1 FROM {table} WHERE {kind} = 'integration' AND {name} = :key"
        for table, kind, name in (
            ("decision", "signer_kind", "signer"),
            ("concession", "signer_kind", "signer"),
            ("requalification", "signer_kind", "signer"),
            ("proposal", "asked_by_kind", "asked_by"),
        )
    )
    asked = sa.text(f"{' UNION ALL '.join(signed)} LIMIT 1")
    if connection.execute(asked, {"key": key_id}).first() is not None:
        return True
    principal = sa.table(
        "principal", sa.column("id", sa.Uuid()), sa.column("kind"), sa.column("name")
    )
    own = connection.scalars(
        sa.select(principal.c.id).where(
            principal.c.kind == "integration", principal.c.name == key_id
        )
    )
    refused = sa.text(
        "SELECT 1 FROM audit WHERE who_id IN :who AND action IN :refusals LIMIT 1"
    ).bindparams(
        sa.bindparam("who", expanding=True), sa.bindparam("refusals", expanding=True)
    )
    ids = [str(id) for id in own]
    if not ids:
        return False
    found = connection.execute(refused, {"who": ids, "refusals": list(REFUSALS)})
    return found.first() is not None
