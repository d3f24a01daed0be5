"""Revision 0020: leads have the skeleton of their id, which look-alikes share.

Ids that were kept before they had one form get it, where no other lead has that; else
they are numbered, as no address would lead to them any more. Those that a salt ties to
the lead's own id were written in that form.
"""

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from features.errors import LeadIdError
from features.lead_id import LONGEST, is_unseen, lead_id, skeleton
from serving.database.samples import keep_no_samples
from serving.database.triggers import dialect

revision = "0020"
down_revision = "0019"

AT_ONCE = 10_000
NUMBERED = " (000)"  # room for a number
LEAD = sa.table(
    "lead",
    sa.column("id", sa.Uuid()),
    sa.column("external_id", sa.String()),
    sa.column("salt", sa.String()),
    sa.column("forgotten_at", sa.DateTime()),
    sa.column("skeleton", sa.Uuid()),
)


class Known(NamedTuple):
    id: UUID
    external_id: str
    salt: str | None


def upgrade() -> None:
    op.add_column("lead", sa.Column("skeleton", sa.Uuid))
    op.add_column("tombstone", sa.Column("skeleton", sa.String(64)))
    _fill()
    op.create_index("ix_lead_skeleton", "lead", ["skeleton"])
    op.create_index("ix_tombstone_skeleton", "tombstone", ["skeleton"])
    if dialect() == "postgresql":
        keep_no_samples({"lead": ("skeleton",)})


def _fill() -> None:
    connection = op.get_bind()
    columns = (LEAD.c.id, LEAD.c.external_id, LEAD.c.salt)
    chosen = sa.select(*columns).where(LEAD.c.forgotten_at.is_(None))
    known = [Known(*row) for row in connection.execute(chosen.order_by(LEAD.c.id))]
    ids = dict(_renamed(known))
    of_lead = sa.update(LEAD).where(LEAD.c.id == sa.bindparam("lead"))
    renaming = of_lead.values(external_id=sa.bindparam("name"))
    for lead, name in ids.items():
        connection.execute(renaming, {"lead": lead, "name": name})
    filling = of_lead.values(skeleton=sa.bindparam("shared"))
    for start in range(0, len(known), AT_ONCE):
        rows = [
            {"lead": row.id, "shared": skeleton(ids.get(row.id, row.external_id))}
            for row in known[start : start + AT_ONCE]
        ]
        connection.execute(filling, rows)


def _renamed(known: list[Known]) -> Iterator[tuple[UUID, str]]:
    """The ids that aren't in the form of today, in it."""
    taken = {row.external_id for row in known}
    for row in known:
        if row.salt is None and (name := _kept(row.external_id)) != row.external_id:
            names = (f"{name} ({number})" for number in range(2, len(known) + 3))
            name = next(n for n in (name, *names) if n not in taken)
            taken.add(name)
            yield row.id, name


def _kept(external_id: str) -> str:
    """Its form of today, without what isn't seen."""
    try:
        return lead_id(external_id)
    except LeadIdError:
        seen = "".join(c for c in external_id if not is_unseen(c)).strip(" .")
        return lead_id(seen[: LONGEST - len(NUMBERED)] or "?")
