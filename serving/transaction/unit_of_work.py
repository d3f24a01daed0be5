"""Unit of work: looks, plans, scores, follows, and writes if nothing moved meanwhile.

Every write to a lead goes through `record`. Reading and scoring happen outside of
locks. Inside, the leads' versions are compared; if one moved, everything starts again,
and the fourth time it all happens as the only writer (DESIGN §9).
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from explanations.score import Score
from governance.audit.chain import AuditEntry
from governance.leads.state import LeadState
from governance.policy.effects import PlannedEffect
from governance.rules.ruleset import Rules
from serving.audit.entries import (
    AuditContext,
    effect_entries,
    exception_entry,
    outcome_entries,
)
from serving.errors import StoreOvertakenError
from serving.repositories.audit import append
from serving.repositories.events import add_events, stored_pairs
from serving.repositories.lead_states import lead_versions, lock_every_lead, write_lead
from serving.repositories.scores import add_score
from serving.runtime.service import Service
from serving.transaction.consequences import Consequences, consequences_of
from serving.transaction.draft import Draft, drafted, scored
from serving.transaction.executor import Executor
from serving.transaction.plan import Plan, Seen, Wish

TRIES_OUTSIDE_THE_LOCK = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The plan, and the leads as they now stand, by name."""

    seen: Seen
    plan: Plan
    consequences: Mapping[str, Consequences]

    @property
    def leads(self) -> dict[str, LeadState]:
        return {name: done.lead for name, done in self.consequences.items()}

    @property
    def scores(self) -> dict[str, Score]:
        follows = self.consequences.items()
        return {name: done.score for name, done in follows if done.score}


def record(service: Service, wish: Wish, now: datetime) -> Recorded:
    """Carry out a wish in one transaction, on leads that nobody else changed."""
    with service.lead_locks.of(wish.lead_ids):
        recorded = _recorded(service, wish, now)
    service.metrics.note_events(len(recorded.plan.arrivals))
    for follows in recorded.consequences.values():
        service.metrics.note_outcomes(follows.outcomes)
        tasks = (*follows.decisions, *follows.exceptions)
        service.metrics.note_exceptions(task.kind.value for task in tasks)
    return recorded


def _recorded(service: Service, wish: Wish, now: datetime) -> Recorded:
    automation = service.automation
    for _ in range(TRIES_OUTSIDE_THE_LOCK):
        with service.store.reading() as session:
            draft = drafted(session, automation, wish, now)
        ready = _followed(service, draft, now)
        with suppress(StoreOvertakenError), service.store.writing() as session:
            if _nothing_moved(session, wish, draft.seen):
                return _written(service, session, ready, now)
    with service.store.writing() as session:
        lock_every_lead(session)
        ready = _followed(service, drafted(session, automation, wish, now), now)
        return _written(service, session, ready, now)


def _followed(service: Service, draft: Draft, now: datetime) -> Recorded:
    explainer = service.models.loaded
    scores = scored(draft, explainer, service.models)
    days = service.settings.decision_working_days
    done = consequences_of(draft, service.automation, explainer, scores, days, now)
    return Recorded(seen=draft.seen, plan=draft.plan, consequences=done)


def _nothing_moved(session: Session, wish: Wish, seen: Seen) -> bool:
    versions = lead_versions(session, wish.lead_ids)
    expected = {name: lead.version for name, lead in seen.leads.items()}
    return versions == expected and stored_pairs(session, wish.pairs) == seen.pairs


def _written(
    service: Service, session: Session, ready: Recorded, now: datetime
) -> Recorded:
    executor = Executor(
        session=session,
        pipeline=service.pipeline,
        brake=service.brake,
        audit_status=service.audit_status,
        now=now,
    )
    plan, rules = ready.plan, service.rules
    in_order = [follows for _, follows in sorted(ready.consequences.items())]
    for follows in in_order:
        write_lead(session, follows.lead, follows.score, now)
    uuids = {follows.lead.lead_id: follows.lead.id for follows in in_order}
    written = [event for follows in in_order for event in follows.written]
    add_events(session, (*plan.arrivals, *written), uuids)
    done = [entry for f in in_order for entry in _done(executor, rules, plan, f)]
    append(session, done, now)
    return ready


def _done(
    executor: Executor, rules: Rules, plan: Plan, follows: Consequences
) -> Iterator[AuditEntry]:
    """Carry out what was planned for a lead and what follows; yields what the audit
    keeps of it, in order."""
    lead, score = follows.lead, follows.score
    requalified = plan.priority_given(lead.lead_id)
    context = AuditContext(
        lead=lead.id,
        rules=rules,
        score=score,
        decided=None if requalified is None else requalified.id,
    )
    yield from (entry for name, entry in plan.entries if name == lead.lead_id)
    for planned in plan.planned_on(lead.lead_id):
        ended = executor.perform(lead, planned.effect)
        yield from effect_entries(context, planned, ended)
    for outcome in follows.outcomes:
        executor.perform_outcome(lead, outcome)
        yield from outcome_entries(context, outcome)
    for task in follows.decisions:
        executor.perform(lead, task)
        planned = PlannedEffect(lead.lead_id, task, follows=task.proposal_id)
        yield from effect_entries(context, planned)
    for task in follows.exceptions:
        executor.perform(lead, task)
        yield exception_entry(context, task, follows.latest)
    if score is not None:
        add_score(executor.session, lead.id, score, executor.now)
