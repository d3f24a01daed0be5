"""Unit of work: looks, plans, scores, follows, and writes if nothing moved meanwhile.

Every write to a lead goes through `record`. Reading and scoring happen outside of
locks. Inside, the leads' versions are compared; if one moved, everything starts again,
and the fourth time it all happens as the only writer (DESIGN §9).
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from explanations.score import Score
from governance.audit.chain import AuditEntry
from governance.leads.state import LeadState
from governance.people.overrides import OWN_SOURCE
from governance.policy.effects import PlannedEffect
from governance.rules.ruleset import Rules
from serving.audit.entries import (
    AuditContext,
    effect_entries,
    exception_entry,
    outcome_entries,
)
from serving.audit.tombstones import Tombstones
from serving.errors import LeadForgottenError, LeadIdAmbiguousError, StoreOvertakenError
from serving.repositories.audit import append
from serving.repositories.decisions import add_statements
from serving.repositories.events import add_events, stored_pairs
from serving.repositories.lead_states import (
    add_lead,
    hold_look_alikes,
    lead_versions,
    lock_every_lead,
    look_alikes,
    move_new_lead,
    write_lead,
)
from serving.repositories.privacy.personal_data import buried
from serving.repositories.scores import add_score
from serving.runtime.service import Service
from serving.runtime.settings import Forgotten, Settings
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
    uuids = {follows.lead.lead_id: follows.lead.id for follows in in_order}
    contexts = {f.lead.lead_id: _context(plan, rules, f) for f in in_order}
    # Lock 3 reads what is written before: what is told and decided comes first.
    first_stage = service.pipeline.entry
    new = [follows.lead.lead_id for follows in in_order if not follows.lead.version]
    _refuse_look_alikes(session, plan, new)
    for follows in in_order:
        if not follows.lead.version:
            add_lead(session, follows.lead, follows.score, first_stage, now)
    _refuse_forgotten(service.settings, session, new)
    own = [event for event in plan.arrivals if event.source == OWN_SOURCE]
    told = [event for event in plan.arrivals if event.source != OWN_SOURCE]
    add_events(session, told, uuids)
    add_statements(session, [entry for _, entry in plan.entries], now)
    done = {
        name: list(_planned_done(executor, context, plan, ready.consequences[name]))
        for name, context in contexts.items()
    }
    add_events(session, own, uuids)
    for name, context in contexts.items():
        done[name] += _followed_done(executor, context, ready.consequences[name])
    add_events(session, [event for f in in_order for event in f.written], uuids)
    for follows in in_order:
        if follows.lead.version:
            write_lead(session, follows.lead, follows.score)
        elif follows.lead.stage != first_stage or follows.lead.removal is not None:
            move_new_lead(session, follows.lead)
    append(session, [entry for entries in done.values() for entry in entries], now)
    return ready


def _refuse_look_alikes(session: Session, plan: Plan, new: Collection[str]) -> None:
    """Of new leads, none whose id looks like another's; of two that come together the
    first is taken. Raises LeadIdAmbiguousError."""
    if new:
        hold_look_alikes(session, new)
        arrived = dict.fromkeys(event.lead_id for event in plan.arrivals)
        in_order = sorted(new, key=[*arrived, *new].index)
        if alike := look_alikes(session, in_order):
            raise LeadIdAmbiguousError.of(alike)


def _refuse_forgotten(
    settings: Settings, session: Session, new: Collection[str]
) -> None:
    """Of new leads, none that was forgotten or looks like one that was, unless such a
    one may begin afresh; raises LeadForgottenError."""
    if not new or settings.forgotten_again is Forgotten.AFRESH:
        return
    tombstones = Tombstones(settings.anchors_folder)
    names = tombstones.pseudonyms(new) | tombstones.likenesses(new)
    if forgotten := buried(session, names):
        raise LeadForgottenError({names[hash] for hash in forgotten})


def _context(plan: Plan, rules: Rules, follows: Consequences) -> AuditContext:
    requalified = plan.priority_given(follows.lead.lead_id)
    return AuditContext(
        lead=follows.lead.id,
        rules=rules,
        score=follows.score,
        decided=None if requalified is None else requalified.id,
    )


def _planned_done(
    executor: Executor, context: AuditContext, plan: Plan, follows: Consequences
) -> Iterator[AuditEntry]:
    """Carry out what was planned for a lead; yields what the audit keeps of it."""
    lead = follows.lead
    yield from (entry for name, entry in plan.entries if name == lead.lead_id)
    for planned in plan.planned_on(lead.lead_id):
        ended = executor.perform(lead, planned.effect)
        yield from effect_entries(context, planned, ended)


def _followed_done(
    executor: Executor, context: AuditContext, follows: Consequences
) -> Iterator[AuditEntry]:
    """Carry out what follows for a lead; yields what the audit keeps of it."""
    lead, score = follows.lead, follows.score
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
