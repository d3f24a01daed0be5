"""The one door to the store: look, plan, score, follow; and write if nothing moved.

Reading and scoring happen outside of locks. Inside, the leads' versions are
compared; if one moved, everything starts again, and the fourth time it all happens
as the only writer (DESIGN §9).
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
from serving.transaction.executor import perform, perform_automatic
from serving.transaction.plan import Plan, Seen, Wish

TRIES_OUTSIDE_THE_LOCK = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """`plan` as it was wished for; `followed`: the leads as they now stand."""

    seen: Seen
    plan: Plan
    followed: Mapping[str, Consequences]

    @property
    def leads(self) -> dict[str, LeadState]:
        return {name: one.lead for name, one in self.followed.items()}

    @property
    def scores(self) -> dict[str, Score]:
        return {name: one.score for name, one in self.followed.items() if one.score}


@dataclass(frozen=True, slots=True)
class _Ready:
    draft: Draft
    followed: Mapping[str, Consequences]


def record(service: Service, wish: Wish, now: datetime) -> Recorded:
    """Carry out a wish in one transaction, on leads that nobody else changed."""
    with service.lead_locks.of(wish.lead_ids):
        recorded = _recorded(service, wish, now)
    service.metrics.note_events(len(recorded.plan.arrivals))
    for one in recorded.followed.values():
        service.metrics.note_outcomes(one.outcomes)
        tasks = (*one.decisions, *one.exceptions)
        service.metrics.note_exceptions(task.kind.value for task in tasks)
    return recorded


def _recorded(service: Service, wish: Wish, now: datetime) -> Recorded:
    for _ in range(TRIES_OUTSIDE_THE_LOCK):
        with service.store.reading() as session:
            draft = drafted(session, service, wish, now)
        ready = _ready(service, draft, now)
        with suppress(StoreOvertakenError), service.store.writing() as session:
            if _nothing_moved(session, wish, draft.seen):
                return _written(session, service, ready, now)
    with service.store.writing() as session:
        lock_every_lead(session)
        draft = drafted(session, service, wish, now)
        return _written(session, service, _ready(service, draft, now), now)


def _ready(service: Service, draft: Draft, now: datetime) -> _Ready:
    explainer = service.models.loaded
    scores = scored(draft, explainer, service.models)
    days = service.settings.decision_working_days
    follows = consequences_of(draft, service.automation, explainer, scores, days, now)
    return _Ready(draft, follows)


def _nothing_moved(session: Session, wish: Wish, seen: Seen) -> bool:
    versions = lead_versions(session, wish.lead_ids)
    expected = {name: lead.version for name, lead in seen.leads.items()}
    return versions == expected and stored_pairs(session, wish.pairs) == seen.pairs


def _written(
    session: Session, service: Service, ready: _Ready, now: datetime
) -> Recorded:
    plan, done = ready.draft.plan, ready.followed
    in_order = [done[name] for name in sorted(done)]
    for one in in_order:
        write_lead(session, one.lead, one.score, now)
    uuids = {name: one.lead.id for name, one in done.items()}
    told = [event for one in in_order for event in one.told]
    add_events(session, (*plan.arrivals, *told), uuids)
    entries = [
        entry
        for one in in_order
        for entry in _carried_out(session, service, plan, one, now)
    ]
    append(session, entries, now)
    return Recorded(seen=ready.draft.seen, plan=plan, followed=done)


def _carried_out(
    session: Session, service: Service, plan: Plan, done: Consequences, now: datetime
) -> Iterator[AuditEntry]:
    """Carry out what was planned for a lead and what follows; gives what the audit
    keeps of it, in order."""
    lead = done.lead
    given = plan.priority_given(lead.lead_id)
    context = AuditContext(
        lead=lead.id,
        rules=service.rules,
        score=done.score,
        decided=None if given is None else given.id,
    )
    yield from (entry for name, entry in plan.entries if name == lead.lead_id)
    for planned in plan.planned_on(lead.lead_id):
        ended = perform(session, service, lead, planned.effect, now)
        yield from effect_entries(context, planned, ended)
    for outcome in done.outcomes:
        perform_automatic(session, service, lead, outcome, now)
        yield from outcome_entries(context, outcome)
    for task in done.decisions:
        perform(session, service, lead, task, now)
        planned = PlannedEffect(lead.lead_id, task, follows=task.proposal_id)
        yield from effect_entries(context, planned)
    for task in done.exceptions:
        perform(session, service, lead, task, now)
        yield exception_entry(context, task, done.latest)
    if done.score is not None:
        add_score(session, lead.id, done.score, now)
