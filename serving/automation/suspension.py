"""Suspensions of automation on a lead, and of a rule, by people: at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from governance.audit.chain import Action, AuditEntry, Subject, SubjectKind
from governance.leads.state import LeadState
from governance.people.feedback import Judgement
from governance.people.principal import Principal
from governance.policy.effects import PlannedEffect, Resume, Suspend
from governance.rules.ruleset import Rules
from serving.audit.trace import StatedReason
from serving.database.engine import Lock, hold
from serving.decisions.guarded_request import change_lead
from serving.decisions.statement import (
    Statement,
    checked,
    with_statement,
)
from serving.errors import (
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
from serving.transaction.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """`until` None: until it is ended."""

    id: UUID
    by: Principal
    why: StatedReason
    until: datetime | None

    @property
    def reason(self) -> str:
        return self.why.reason or ""

    def effect(self, words: str | None = None) -> Suspend:
        """`words`: the person's own, where no event of the log holds them."""
        return Suspend(
            id=self.id,
            until=self.until,
            reason=self.reason,
            signer=self.by,
            words=words,
        )

    @property
    def state(self) -> dict[str, str | None]:
        """The suspension as events have it."""
        return {"until": None if self.until is None else self.until.isoformat()}


def suspend_lead(
    service: Service, lead_id: str, suspension: Suspension, now: datetime
) -> None:
    """Stop automation on a lead.

    Raises
    ------
    LeadUnknownError, PersonRequiredError, SuspendedAlreadyError
    RequestInvalidError
        If its end is past, or its reason isn't of the list.
    """
    suspension = _checked(service.judgement, suspension, now)
    statement = Statement(
        id=uuid4(),
        action=Action.AUTOMATION_SUSPENDED,
        by=suspension.by,
        about=suspension.state,
        why=suspension.why,
        after=suspension.state | {"suspension": str(suspension.id)},
    )

    def plan(lead: LeadState) -> Plan:
        if lead.history.is_suspended:
            with service.store.reading() as session:
                _refuse_suspended(lead_suspensions(session, lead.id, now))
        planned = PlannedEffect(lead_id, suspension.effect(), follows=statement.id)
        return with_statement(Plan(effects=(planned,)), lead, statement, now)

    change_lead(service, lead_id, plan, now)


def resume_lead(service: Service, lead_id: str, by: Principal, now: datetime) -> None:
    """End every suspension of a lead.

    Raises LeadUnknownError, PersonRequiredError, SuspensionUnknownError.
    """
    statement = Statement(id=uuid4(), action=Action.AUTOMATION_RESUMED, by=by, about={})

    def plan(lead: LeadState) -> Plan:
        if not lead.history.is_suspended:
            raise SuspensionUnknownError
        planned = PlannedEffect(lead_id, Resume(by), follows=statement.id)
        return with_statement(Plan(effects=(planned,)), lead, statement, now)

    change_lead(service, lead_id, plan, now)


def suspend_rule(
    service: Service, rule_id: str, suspension: Suspension, now: datetime
) -> None:
    """Stop a rule everywhere.

    Raises
    ------
    RuleUnknownError, PersonRequiredError, SuspendedAlreadyError
    RequestInvalidError
        If its end is past, or its reason isn't of the list.
    """
    suspension = _checked(service.judgement, suspension, now)
    _check(service.rules, rule_id, suspension.by)
    with service.store.writing() as session:
        hold(session, Lock.SUSPENSION)
        _refuse_suspended(rule_suspensions(session, now).get(rule_id, []))
        effect = suspension.effect(words=suspension.why.text)
        add_suspension(session, effect, now, rule_id=rule_id)
        entry = AuditEntry(
            action=Action.RULE_SUSPENDED,
            by=suspension.by,
            subject=Subject(SubjectKind.RULE, rule_id),
            after=suspension.state,
            why={"reason": suspension.reason, "suspension": str(suspension.id)},
        )
        append(session, [entry], now)


def resume_rule(service: Service, rule_id: str, by: Principal, now: datetime) -> None:
    """End every suspension of a rule.

    Raises RuleUnknownError, PersonRequiredError, SuspensionUnknownError.
    """
    _check(service.rules, rule_id, by)
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


def _checked(judgement: Judgement, suspension: Suspension, now: datetime) -> Suspension:
    if suspension.until is not None and suspension.until <= now:
        raise RequestInvalidError("until", "past")
    return replace(suspension, why=checked(judgement, suspension.why))


def _refuse_suspended(holding: Sequence[InForce]) -> None:
    """One at a time: who would change its end, ends it and begins another."""
    if holding:
        raise SuspendedAlreadyError(holding[-1].by, holding[-1].until)


def _check(rules: Rules, rule_id: str, by: Principal) -> None:
    if not by.is_person:
        raise PersonRequiredError
    if rule_id not in {rule.id for rule in rules.rule}:
        raise RuleUnknownError(rule_id)
