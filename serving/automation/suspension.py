"""A person suspends automation on a lead, or a rule, and ends that: at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from governance.audit.chain import Action, AuditEntry, Subject, SubjectKind
from governance.people.feedback import Judgement
from governance.people.principal import Principal
from governance.policy.effects import PlannedEffect, Resume, Suspend
from serving.database.engine import Lock, hold
from serving.decisions.statement import Why, Word, checked, saying
from serving.errors import (
    LeadUnknownError,
    PersonRequiredError,
    RequestInvalidError,
    RuleUnknownError,
    SuspendedAlreadyError,
    SuspensionUnknownError,
)
from serving.repositories.audit import append
from serving.repositories.suspensions import (
    InForce,
    add_suspension,
    end_suspensions,
    lead_suspensions,
    rule_suspensions,
    suspended_rules,
)
from serving.runtime.service import Service
from serving.transaction.plan import Plan, Seen, Wish
from serving.transaction.unit_of_work import record


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """`until` None: until it is ended."""

    id: UUID
    by: Principal
    why: Why
    until: datetime | None

    @property
    def reason(self) -> str:
        return self.why.reason or ""

    @property
    def told(self) -> dict[str, str | None]:
        """How events and the audit have it."""
        return {"until": None if self.until is None else self.until.isoformat()}


def suspend_lead(
    service: Service, lead_id: str, asked: Suspension, now: datetime
) -> None:
    """Stop automation on a lead.

    Raises
    ------
    LeadUnknownError, PersonRequiredError, SuspendedAlreadyError
    RequestInvalidError
        If its end is past, or its reason isn't of the list.
    """
    asked = _checked(service.judgement, asked, now)
    word = Word(
        id=uuid4(),
        action=Action.AUTOMATION_SUSPENDED,
        by=asked.by,
        about=asked.told,
        why=asked.why,
        after=asked.told,
    )
    suspend = Suspend(
        id=asked.id, until=asked.until, reason=asked.reason, signer=asked.by
    )

    def plan(seen: Seen) -> Plan:
        if lead_id not in seen.leads:
            raise LeadUnknownError(lead_id)
        lead = seen.leads[lead_id]
        if lead.history.is_suspended:
            with service.store.reading() as session:
                _refuse_suspended(lead_suspensions(session, lead.id, now))
        planned = PlannedEffect(lead_id, suspend, follows=word.id)
        return saying(Plan(effects=(planned,)), lead, word, now)

    record(service, Wish(lead_ids=frozenset({lead_id}), plan=plan), now)


def resume_lead(service: Service, lead_id: str, by: Principal, now: datetime) -> None:
    """End every suspension of a lead.

    Raises
    ------
    LeadUnknownError, PersonRequiredError, SuspensionUnknownError
    """
    word = Word(id=uuid4(), action=Action.AUTOMATION_RESUMED, by=by, about={})

    def plan(seen: Seen) -> Plan:
        lead = seen.leads.get(lead_id)
        if lead is None:
            raise LeadUnknownError(lead_id)
        if not lead.history.is_suspended:
            raise SuspensionUnknownError
        planned = PlannedEffect(lead_id, Resume(by), follows=word.id)
        return saying(Plan(effects=(planned,)), lead, word, now)

    record(service, Wish(lead_ids=frozenset({lead_id}), plan=plan), now)


def suspend_rule(
    service: Service, rule_id: str, asked: Suspension, now: datetime
) -> None:
    """Stop a rule everywhere.

    Raises
    ------
    RuleUnknownError, PersonRequiredError, SuspendedAlreadyError
    RequestInvalidError
        If its end is past, or its reason isn't of the list.
    """
    asked = _checked(service.judgement, asked, now)
    _check(service, rule_id, asked.by)
    with service.store.writing() as session:
        hold(session, Lock.SUSPENSION)
        _refuse_suspended(rule_suspensions(session, now).get(rule_id, []))
        add_suspension(
            session,
            Suspend(
                id=asked.id,
                until=asked.until,
                reason=asked.reason,
                signer=asked.by,
                words=asked.why.text,
            ),
            now,
            rule_id=rule_id,
        )
        entry = AuditEntry(
            action=Action.RULE_SUSPENDED,
            by=asked.by,
            subject=Subject(SubjectKind.RULE, rule_id),
            after=asked.told,
            why={"reason": asked.reason, "suspension": str(asked.id)},
        )
        append(session, [entry], now)


def resume_rule(service: Service, rule_id: str, by: Principal, now: datetime) -> None:
    """End every suspension of a rule.

    Raises
    ------
    RuleUnknownError, PersonRequiredError, SuspensionUnknownError
    """
    _check(service, rule_id, by)
    with service.store.writing() as session:
        if rule_id not in suspended_rules(session, now):
            raise SuspensionUnknownError
        end_suspensions(session, by, now, rule_id=rule_id)
        entry = AuditEntry(
            action=Action.RULE_RESUMED,
            by=by,
            subject=Subject(SubjectKind.RULE, rule_id),
        )
        append(session, [entry], now)


def _checked(judgement: Judgement, asked: Suspension, now: datetime) -> Suspension:
    if asked.until is not None and asked.until <= now:
        raise RequestInvalidError("until", "past")
    return replace(asked, why=checked(judgement, asked.why))


def _refuse_suspended(holding: Sequence[InForce]) -> None:
    """One at a time: who would change its end, ends it and begins another."""
    if holding:
        raise SuspendedAlreadyError(holding[-1].by, holding[-1].until)


def _check(service: Service, rule_id: str, by: Principal) -> None:
    if not by.is_person:
        raise PersonRequiredError
    if rule_id not in {rule.id for rule in service.rules.rule}:
        raise RuleUnknownError(rule_id)
