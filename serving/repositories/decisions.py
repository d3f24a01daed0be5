"""Writing decisions and concessions. The only module that knows their tables."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from governance.people.principal import PrincipalKind
from governance.policy.effects import Decide, Grant, Requalify
from serving.database.tables import ConcessionRow, DecisionRow, RequalificationRow
from serving.errors import PersonRequiredError, Reserved, ReservedForPeopleError

LOCK = "reserved_for_people"  # how the constraints and triggers name themselves
SIGNER = "signer_decides_nothing"  # the account is unknown, disabled or an analyst's


def add_decision(
    session: Session, lead_uuid: UUID, decision: Decide, now: datetime
) -> None:
    """Record a decision; raises ReservedForPeopleError if the database refuses it."""
    with _lock_3(decision.to):
        session.execute(
            insert(DecisionRow).values(
                id=decision.id,
                lead_id=lead_uuid,
                from_stage=decision.origin,
                to_stage=decision.to,
                reserved=decision.reserved,
                clause=decision.clause.value,
                signer_kind=decision.signer.kind.value,
                signer=decision.signer.name,
                proposal_id=decision.proposal_id,
                reason=decision.reason,
                decided_at=now,
            )
        )


def add_concession(
    session: Session, lead_uuid: UUID, granted: Grant, now: datetime
) -> None:
    """Record a concession; raises ReservedForPeopleError if the database refuses it."""
    with _lock_3(f"{granted.percent:g}", Reserved.CONCESSION):
        session.execute(
            insert(ConcessionRow).values(
                id=granted.id,
                lead_id=lead_uuid,
                percent=granted.percent,
                reserved=granted.reserved,
                clause=granted.clause.value,
                signer_kind=granted.signer.kind.value,
                signer=granted.signer.name,
                proposal_id=granted.proposal_id,
                reason=granted.reason,
                decided_at=now,
            )
        )


def add_requalification(
    session: Session, lead_uuid: UUID, made: Requalify, now: datetime
) -> None:
    """Record that a lead's priority changes; its first one is no change.

    Raises ReservedForPeopleError if the database refuses it.
    """
    if made.origin is None or made.origin is made.to:
        return
    with _lock_3(made.to.value, Reserved.PRIORITY):
        session.execute(
            insert(RequalificationRow).values(
                id=made.id,
                lead_id=lead_uuid,
                from_priority=made.origin.value,
                to_priority=made.to.value,
                clause=made.clause.value,
                signer_kind=made.signer.kind.value,
                signer=made.signer.name,
                proposal_id=made.proposal_id,
                decided_at=now,
            )
        )


def decision_reasons(session: Session, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Why these stage moves were made, where somebody said."""
    return _reasons(session, DecisionRow, ids)


def concession_reasons(session: Session, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Why these concessions were granted, where somebody said."""
    return _reasons(session, ConcessionRow, ids)


def _reasons(
    session: Session, table: type[DecisionRow | ConcessionRow], ids: Iterable[UUID]
) -> dict[UUID, str]:
    rows = session.execute(
        select(table.id, table.reason).where(table.id.in_(list(ids)))
    )
    return {row.id: row.reason for row in rows if row.reason}


@dataclass(frozen=True, slots=True)
class Conceded:
    """What was conceded on a lead, in percent, all told; and without a person."""

    percent: float
    by_machines_percent: float


def conceded_on(session: Session, lead_uuid: UUID) -> Conceded:
    """To a millionth of a percent, so that what is read can be held against it."""
    everybody = ConcessionRow.lead_id == lead_uuid
    total = session.scalar(select(func.sum(ConcessionRow.percent)).where(everybody))
    machines = conceded_by_machines(session, lead_uuid)
    return Conceded(round(total or 0.0, 6), round(machines, 6))


def conceded_by_machines(session: Session, lead_uuid: UUID) -> float:
    """What was conceded on a lead without a person, in percent, all told."""
    mine = (ConcessionRow.lead_id == lead_uuid) & (
        ConcessionRow.signer_kind != PrincipalKind.PERSON.value
    )
    total = session.scalar(select(func.sum(ConcessionRow.percent)).where(mine))
    return float(total or 0.0)


@contextmanager
def _lock_3(name: str, what: Reserved = Reserved.STAGE) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        if LOCK in str(error.orig):
            raise ReservedForPeopleError(name, what=what) from error
        if SIGNER in str(error.orig):
            raise PersonRequiredError from error
        raise
