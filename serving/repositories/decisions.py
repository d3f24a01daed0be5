"""Writing decisions, concessions and statements. The only module that knows their
tables."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from governance.audit.chain import Action, AuditEntry
from governance.people.overrides import OVERRIDE_KINDS
from governance.people.principal import PrincipalKind
from governance.policy.effects import BreakGlass, Decide, Grant, Requalify
from serving.database.tables import (
    Base,
    BreakGlassRow,
    ConcessionRow,
    DecisionRow,
    RequalificationRow,
    StageRow,
    StatementRow,
)
from serving.errors import PersonRequiredError, Reserved, ReservedForPeopleError
from serving.repositories.rows import columns_of

LOCK = "reserved_for_people"  # how the constraints and triggers name themselves
SIGNER = "signer_decides_nothing"  # the account is unknown, disabled or an analyst's
STATEMENTS = OVERRIDE_KINDS | {  # also the kinds of their events
    Action.NOTE_ADDED.value,
    Action.PROFILING_OBJECTED.value,
    Action.PROFILING_ACCEPTED.value,
}


def add_decision(
    session: Session,
    lead_uuid: UUID,
    decision: Decide | Grant | Requalify,
    now: datetime,
) -> None:
    """Record a decision; a lead's first priority is none.

    Raises ReservedForPeopleError or PersonRequiredError if the database refuses it.
    """
    row: type[Base]
    columns: dict[str, Any] = {}
    match decision:
        case Decide(origin=stage, to=name):
            row, what = DecisionRow, Reserved.STAGE
            columns = {"from_stage": stage, "to_stage": name}
        case Grant(percent=percent):
            row, what, name = ConcessionRow, Reserved.CONCESSION, f"{percent:g}"
        case Requalify(origin=priority, to=name):
            if priority is None or priority is name:
                return
            row, what = RequalificationRow, Reserved.PRIORITY
            columns = {"from_priority": priority, "to_priority": name}
    columns |= {"lead_id": lead_uuid, "decided_at": now, "signer": decision.signer.name}
    columns = columns_of(row, decision, signer_kind=decision.signer.kind, **columns)
    try:
        session.execute(insert(row).values(columns))
    except IntegrityError as error:
        if LOCK in str(error.orig):
            raise ReservedForPeopleError(str(name), what=what) from error
        if SIGNER in str(error.orig):
            raise PersonRequiredError from error
        raise


def add_statements(
    session: Session, entries: Iterable[AuditEntry], now: datetime
) -> None:
    """Record what people stated, of these entries: lock 3 lets their events in.

    Raises PersonRequiredError if the database refuses who states it.
    """
    rows = [
        {
            "id": entry.id,
            "lead_id": entry.lead,
            "kind": entry.action.value,
            "signer": entry.by.name,
            "stated_at": now,
        }
        for entry in entries
        if entry.action.value in STATEMENTS and entry.by.is_person
    ]
    if not rows:
        return
    try:
        session.execute(insert(StatementRow), rows)
    except IntegrityError as error:
        if SIGNER in str(error.orig):
            raise PersonRequiredError from error
        raise


def add_break_glass(session: Session, broken: BreakGlass, now: datetime) -> None:
    """Record an emergency access, without which lock 3 lets none sign."""
    columns = columns_of(
        BreakGlassRow, broken, decides=broken.by.decides, broken_at=now
    )
    session.execute(insert(BreakGlassRow).values(columns))


def is_decided(session: Session, lead_uuid: UUID, stage: str) -> bool:
    """Did a person bring the lead to this stage, by whatever name it had, by the last
    decision on its stage?"""
    last = session.execute(
        select(
            DecisionRow.signer_kind,
            func.coalesce(StageRow.renamed_to, StageRow.name),
        )
        .join(StageRow, StageRow.name == DecisionRow.to_stage)
        .where(DecisionRow.lead_id == lead_uuid)
        .order_by(DecisionRow.decided_at.desc(), DecisionRow.id)
        .limit(1)
    ).first()
    return last is not None and tuple(last) == (PrincipalKind.PERSON.value, stage)


def has_decisions(session: Session, lead_uuid: UUID) -> bool:
    """Was a stage of the lead ever decided, a concession made there, or its priority
    given by a person?"""
    by_person = RequalificationRow.signer_kind == PrincipalKind.PERSON.value
    return any(
        session.scalar(select(row.id).where(row.lead_id == lead_uuid, *more).limit(1))
        for row, more in (
            (DecisionRow, ()),
            (ConcessionRow, ()),
            (RequalificationRow, (by_person,)),
        )
    )


@dataclass(frozen=True, slots=True)
class SignedStage:
    """The stage that a person signed, who and when."""

    stage: str
    signer: str
    at: datetime


def last_signed(session: Session, lead_uuid: UUID) -> SignedStage | None:
    """The last stage that a person signed; None: nobody ever did."""
    last = session.execute(
        select(DecisionRow.to_stage, DecisionRow.signer, DecisionRow.decided_at)
        .where(
            DecisionRow.lead_id == lead_uuid,
            DecisionRow.signer_kind == PrincipalKind.PERSON.value,
        )
        .order_by(DecisionRow.decided_at.desc(), DecisionRow.id)
        .limit(1)
    ).first()
    return None if last is None else SignedStage(*last)


@dataclass(frozen=True)  # no slots: its schema inherits it
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
