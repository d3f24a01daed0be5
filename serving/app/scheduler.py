"""Scheduler: each minute one of the services does what is due."""

import logging
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy.orm import Session

from explanations.calendar_fr import paris_day
from governance.audit.chain import SYSTEM, Action, AuditEntry, Subject, SubjectKind
from governance.policy.effects import (
    CloseProposal,
    EscalateTask,
    PlannedEffect,
    ProposalStatus,
)
from serving.audit.verification import (
    anchor,
    check_audit,
    check_tables,
    note_end,
)
from serving.database.engine import Store
from serving.database.idempotency_keys import forget_calls
from serving.database.leases import (
    Job,
    acquire,
    audit_break,
    done_at,
    faults_noted,
    note_audit_break,
    note_done,
    note_faults,
    release,
)
from serving.errors import AnchorsUnreadableError, AuditBrokenError
from serving.privacy.forget import scrub
from serving.privacy.retention import apply_retention
from serving.repositories.audit import append
from serving.repositories.leads import due_leads
from serving.repositories.persons import managers_of
from serving.repositories.proposals import expired_proposals
from serving.repositories.sign_in_tries import forget_tries
from serving.repositories.tasks import overdue_tasks
from serving.runtime.audit_status import AuditStatus
from serving.runtime.periodic import PeriodicThread
from serving.runtime.service import Service
from serving.transaction.plan import Plan, Seen, Wish
from serving.transaction.unit_of_work import record

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)  # a service that died holds it no longer
LOOK_HOUR = 5  # UTC, each day: before people come to work
LEADS_AT_ONCE = 20  # one transaction
LONGEST_SECONDS = 40.0  # the rest waits for the next minute
MOST_AT_ONCE = 500  # tasks, proposals
ANCHOR_EVERY = timedelta(hours=1)
VERIFY_EVERY = timedelta(hours=20)  # each night, at LOOK_HOUR at the earliest
DOUBT_EVERY = timedelta(hours=1)
CALLS_KEPT = timedelta(days=1)
RETENTION_EVERY = timedelta(minutes=10)  # some at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class TickReport:
    """Counts of one tick."""

    rescored: int = 0
    escalated: int = 0
    expired: int = 0
    anchored: bool = False
    verified: bool = False

    def __str__(self) -> str:
        return (
            f"{self.rescored} leads re-scored, {self.escalated} tasks escalated, "
            f"{self.expired} proposals expired"
            + (", audit anchored" if self.anchored else "")
            + (", audit verified" if self.verified else "")
        )


class Ticker(PeriodicThread):
    """A thread that ticks as long as the service runs."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._holder = uuid4().hex
        super().__init__("tick", service.settings.tick_seconds, self.look)

    def look(self) -> None:
        """Tick, unless another service does."""
        tick(self._service, self._service.clock(), self._holder)


def tick(
    service: Service, now: datetime, holder: str | None = None
) -> TickReport | None:
    """Do what is due; None: another service does, or the clock went back."""
    service.substitutes.read(service.store)
    with service.store.writing() as session:
        service.audit_status.broken = (
            audit_break(session) or service.audit_status.broken
        )
        service.audit_status.n_faults = faults_noted(session)
        last = done_at(session, Job.TICK)
        if last is not None and now < last - service.settings.clock_tolerance:
            _doubt_the_clock(session, last, now)
            return None
        if not acquire(session, holder or uuid4().hex, now, LEASE):
            return None
    report = _tick_report(service, now)
    with service.store.writing() as session:
        release(session, now)
        forget_calls(session, now - CALLS_KEPT)
        forget_tries(session, now)
    if _is_due(service.store, Job.RETENTION, now, RETENTION_EVERY):
        apply_retention(service, now, some=True)
    at_night = now.astimezone(UTC).hour == LOOK_HOUR
    scrub(service.store, now, may_rewrite=at_night)
    note_end(service.store, service.settings.anchors_folder)
    service.metrics.note_tick(now.timestamp())
    log.info("ticked", extra=asdict(report))
    return report


def _tick_report(service: Service, now: datetime) -> TickReport:
    store, folder = service.store, service.settings.anchors_folder
    verified = _verified(service.audit_status, store, folder, now)
    return TickReport(
        expired=_expire(service, now),
        escalated=_escalate(service, now),
        rescored=_rescore(service, now),
        anchored=_anchored(store, folder, now),
        verified=verified,
    )


def _rescore(service: Service, now: datetime) -> int:
    """Look at the leads that are due, as long as there is time."""
    until = time.monotonic() + LONGEST_SECONDS
    model = service.models.loaded
    sha256 = None if model is None else model.model.sha256
    n_leads = 0
    while time.monotonic() < until:
        with service.store.reading() as session:
            names = due_leads(session, _last_look(now), sha256, limit=LEADS_AT_ONCE)
        if not names:
            break
        _look_at(service, frozenset(names), now)
        n_leads += len(names)
    return n_leads


def _look_at(service: Service, names: frozenset[str], now: datetime) -> None:
    plan = Plan(rescored=names, is_tick=True)
    record(service, Wish(lead_ids=names, plan=lambda _: plan), now)


def _last_look(now: datetime) -> datetime:
    """The last time of day at which every open lead is due."""
    look = now.astimezone(UTC).replace(
        hour=LOOK_HOUR, minute=0, second=0, microsecond=0
    )
    return look if look <= now else look - timedelta(days=1)


def _expire(service: Service, now: datetime) -> int:
    with service.store.reading() as session:
        expired = expired_proposals(session, now, limit=MOST_AT_ONCE)
    for proposal in expired:
        closing = CloseProposal(
            proposal_id=proposal.id,
            status=ProposalStatus.EXPIRED,
            by=SYSTEM,
            reason=None,
        )
        effect = PlannedEffect(proposal.lead_id, closing, follows=proposal.id)
        _carry_out(service, effect, now)
    return len(expired)


def _escalate(service: Service, now: datetime) -> int:
    with service.store.reading() as session:
        overdue = overdue_tasks(session, paris_day(now), limit=MOST_AT_ONCE)
        managers = managers_of(session, (task.owner for task in overdue))
    manager_or_fallback = service.automation.assignees.manager_or_fallback
    for task in overdue:
        manager = managers.get(task.owner, manager_or_fallback)
        escalation = EscalateTask(task_id=task.id, origin=task.owner, to=manager)
        effect = PlannedEffect(task.lead_id, escalation, follows=task.id)
        _carry_out(service, effect, now)
    return len(overdue)


def _carry_out(service: Service, planned: PlannedEffect, now: datetime) -> None:
    """Unless a person was quicker since it was read."""
    lead_id, effect = planned.lead_id, planned.effect

    def plan(seen: Seen) -> Plan:
        if isinstance(effect, CloseProposal):
            waiting = {proposal.id for proposal in seen.leads[lead_id].waiting}
            if effect.proposal_id not in waiting:
                return Plan()
        return Plan(effects=(planned,))

    record(service, Wish(lead_ids=frozenset({lead_id}), plan=plan), now)


def _anchored(store: Store, folder: Path, now: datetime) -> bool:
    if not _is_due(store, Job.ANCHOR, now, ANCHOR_EVERY):
        return False
    try:
        made = anchor(store, folder, now)
    except (AuditBrokenError, AnchorsUnreadableError) as error:
        log.critical("anchor_failed", extra={"cause": str(error)})
        return False
    return made is not None


def _verified(status: AuditStatus, store: Store, folder: Path, now: datetime) -> bool:
    """Verify the whole chain each night, and hold the tables against it; where the
    chain is broken, automation stops."""
    if now < _last_look(now) or not _is_due(store, Job.VERIFY, now, VERIFY_EVERY):
        return False
    check_audit(status, store, folder, whole=True)
    if status.broken is None:
        check_tables(status, store, folder)
    with store.writing() as session:  # for the other services
        note_audit_break(session, status.broken)
        note_faults(session, status.n_faults)
    return True


def _is_due(store: Store, job: Job, now: datetime, every: timedelta) -> bool:
    with store.writing() as session:
        last = done_at(session, job)
        if last is not None and now - last < every:
            return False
        note_done(session, job, now)
        return True


def _doubt_the_clock(session: Session, last: datetime, now: datetime) -> None:
    """Say, once an hour, that the clock went back: nothing is done by such a clock."""
    said_at = done_at(session, Job.CLOCK)
    if said_at is not None and abs(said_at - now) < DOUBT_EVERY:
        return
    note_done(session, Job.CLOCK, now)
    entry = AuditEntry(
        action=Action.CLOCK_DOUBTED,
        by=SYSTEM,
        subject=Subject(SubjectKind.SERVICE, "clock"),
        before={"ticked_at": last.isoformat()},
        after={"now": now.isoformat()},
    )
    append(session, [entry], now)
    log.critical("clock_in_doubt", extra={"ticked_at": last, "now": now})
