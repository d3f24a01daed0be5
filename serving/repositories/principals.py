"""Who the audit's ids are. The only module that knows their table."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import insert, select, tuple_
from sqlalchemy.orm import Session

from governance.audit.chain import id_of, new_salt
from governance.people.principal import Principal, PrincipalKind
from serving.database.tables import PrincipalRow


def principal_ids(
    session: Session, principals: Iterable[Principal]
) -> dict[Principal, UUID]:
    """The id of each principal; one that is met the first time is given one."""
    wanted = set(principals)
    ids = known_ids(session, wanted)
    unmet = sorted(wanted - set(ids), key=lambda p: (p.kind, p.name))
    salts = {principal: new_salt() for principal in unmet}
    fresh = {p: id_of(salt, p.kind.value, p.name) for p, salt in salts.items()}
    if fresh:
        session.execute(
            insert(PrincipalRow),
            [
                {"id": id, "kind": p.kind.value, "name": p.name, "salt": salts[p]}
                for p, id in fresh.items()
            ],
        )
    return ids | fresh


def known_ids(
    session: Session, principals: Iterable[Principal]
) -> dict[Principal, UUID]:
    """The ids of those that were met before."""
    key = tuple_(PrincipalRow.kind, PrincipalRow.name)
    wanted = [(p.kind.value, p.name) for p in principals]
    rows = session.scalars(select(PrincipalRow).where(key.in_(wanted)))
    return {_as_principal(row): row.id for row in rows}


def principals_named(session: Session, ids: Iterable[UUID]) -> dict[UUID, Principal]:
    """Who these ids are, of those that are still known."""
    rows = session.scalars(select(PrincipalRow).where(PrincipalRow.id.in_(list(ids))))
    return {row.id: _as_principal(row) for row in rows}


def _as_principal(row: PrincipalRow) -> Principal:
    return Principal(PrincipalKind(row.kind), row.name)
