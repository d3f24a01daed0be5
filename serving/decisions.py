"""Writing decisions and concessions. The only module that knows their tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from governance.decision import Decide, Grant
from governance.principal import PrincipalKind
from serving.errors import Reserved, ReservedForPeopleError
from serving.tables import ConcessionRow, DecisionRow

LOCK = "reserved_for_people"  # how the constraint and its trigger name themselves


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
        raise
