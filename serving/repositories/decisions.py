"""Writing decisions and concessions. The only module that knows their tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from governance.people.principal import PrincipalKind
from governance.policy.effects import Decide, Grant, Requalify, Signed
from serving.database.tables import ConcessionRow, DecisionRow, RequalificationRow
from serving.errors import PersonRequiredError, Reserved, ReservedForPeopleError

LOCK = "reserved_for_people"  # how the constraints and triggers name themselves
SIGNER = "signer_decides_nothing"  # the account is unknown, disabled or an analyst's


def add_decision(
    session: Session, lead_uuid: UUID, decision: Decide, now: datetime
) -> None:
    """Record a decision; raises ReservedForPeopleError if the database refuses it."""
    with _lock_3(decision.to):
        row = insert(DecisionRow).values(
            from_stage=decision.origin,
            to_stage=decision.to,
            reserved=decision.reserved,
            reason=decision.reason,
            **_signed(decision, lead_uuid, now),
        )
        session.execute(row)


def add_concession(
    session: Session, lead_uuid: UUID, granted: Grant, now: datetime
) -> None:
    """Record a concession; raises ReservedForPeopleError if the database refuses it."""
    with _lock_3(f"{granted.percent:g}", Reserved.CONCESSION):
        row = insert(ConcessionRow).values(
            percent=granted.percent,
            reserved=granted.reserved,
            reason=granted.reason,
            **_signed(granted, lead_uuid, now),
        )
        session.execute(row)


def add_requalification(
    session: Session, lead_uuid: UUID, made: Requalify, now: datetime
) -> None:
    """Record that a lead's priority changes; its first one is no change.

    Raises ReservedForPeopleError if the database refuses it.
    """
    if made.origin is None or made.origin is made.to:
        return
    with _lock_3(made.to.value, Reserved.PRIORITY):
        row = insert(RequalificationRow).values(
            from_priority=made.origin.value,
            to_priority=made.to.value,
            **_signed(made, lead_uuid, now),
        )
        session.execute(row)


def _signed(made: Signed, lead_uuid: UUID, now: datetime) -> dict[str, Any]:
    return {
        "id": made.id,
        "lead_id": lead_uuid,
        "clause": made.clause.value,
        "signer_kind": made.signer.kind.value,
        "signer": made.signer.name,
        "proposal_id": made.proposal_id,
        "decided_at": now,
    }


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
