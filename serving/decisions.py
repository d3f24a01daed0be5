"""Writing decisions. The only module that knows their table."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from governance.decision import Decide
from serving.errors import ReservedForPeopleError
from serving.tables import DecisionRow

LOCK = "reserved_for_people"  # how the constraint and its trigger name themselves


def add_decision(
    session: Session, lead_uuid: UUID, decision: Decide, now: datetime
) -> None:
    """Record a decision; raises ReservedForPeopleError if the database refuses it."""
    try:
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
    except IntegrityError as error:
        if LOCK in str(error.orig):
            raise ReservedForPeopleError(decision.to) from error
        raise
