"""Events that come in: what a key may say, and what an observation entails.

Ingestion records observations, never decisions (DESIGN §7).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from features.event import Actor, Event
from governance.leads.state import LeadState, moves_seen, stage_told, state_after
from governance.people.overrides import OVERRIDE_KINDS, OWN_SOURCE
from governance.people.principal import Principal, PrincipalKind
from governance.policy.business_days import due_date
from governance.policy.effects import (
    CloseProposal,
    ObserveMove,
    PlannedEffect,
    ProposalStatus,
)
from governance.policy.pipeline import Pipeline
from governance.policy.task import ExpectedAction, OpenTask, TaskKind
from serving.errors import (
    ActorNotYoursError,
    KindReservedError,
    SourceNotYoursError,
    TimeInFutureError,
)
from serving.formats.cloud_event import CloudEvent, as_event
from serving.repositories.api_keys import ApiKey, Scope
from serving.repositories.events import Pair, pair_of
from serving.runtime.service import Service
from serving.transaction.plan import Plan, Seen, Wish, pairs_of
from serving.transaction.unit_of_work import record

# A move of the last day calls a person though it is backfilled, as a nightly load does;
# a history that is loaded calls nobody.
FRESH = timedelta(days=1)


def observation(
    cloud: CloudEvent, key: ApiKey, clock_tolerance: timedelta, now: datetime
) -> Event:
    """The event as an observation of this key, or the reason why it isn't one."""
    if cloud.source != key.source or cloud.source == OWN_SOURCE:
        raise SourceNotYoursError(cloud.source)
    if cloud.type in OVERRIDE_KINDS:
        raise KindReservedError(cloud.type)
    actor = cloud.actor or key.default_actor
    if not key.may_assert(actor):
        raise ActorNotYoursError(actor.value)
    latest = now + clock_tolerance
    if cloud.time > latest:
        raise TimeInFutureError("time", "time_in_future")
    if cloud.receivedat is not None:
        key.need(Scope.BACKFILL)
        if cloud.receivedat > latest:
            raise TimeInFutureError("receivedat", "time_in_future")
    return as_event(cloud, received_at=cloud.receivedat or now, actor=actor)


def ingest(service: Service, events: Sequence[Event], now: datetime) -> int:
    """Store events, each once; re-score their leads in the same transaction.

    Returns how many weren't stored before.
    """
    if not events:
        return 0
    wish = Wish(
        lead_ids=frozenset(event.lead_id for event in events),
        pairs=pairs_of(events),
        plan=lambda seen: _plan(service, events, seen, now),
    )
    return len(record(service, wish, now).plan.arrivals)


def _plan(service: Service, events: Sequence[Event], seen: Seen, now: datetime) -> Plan:
    fresh: dict[Pair, Event] = {}
    for event in events:
        if pair_of(event) not in seen.pairs:
            fresh.setdefault(pair_of(event), event)
    arrivals = tuple(fresh.values())
    effects: list[PlannedEffect] = []
    for name in sorted({event.lead_id for event in arrivals}):
        lead = seen.leads.get(name) or LeadState.unknown(name, service.pipeline)
        own = [event for event in arrivals if event.lead_id == name]
        effects += _entailed(service, lead, own, now)
    return Plan(arrivals=arrivals, effects=tuple(effects))


def _entailed(
    service: Service, lead: LeadState, arrivals: Sequence[Event], now: datetime
) -> list[PlannedEffect]:
    """The lead at another stage; and what follows when reserved moves are seen to have
    been made elsewhere, even if another came after in the same call. One task is enough
    for all."""
    observed = _observed(lead, arrivals, service.pipeline)
    move_id = observed[0].id if observed else None
    closed: dict[UUID, PlannedEffect] = {}
    called: list[PlannedEffect] = []
    for event, there in moves_seen(lead, arrivals, service.pipeline):
        if not service.pipeline.named(there.stage).reserved:
            continue
        waiting = there.proposal_to(there.stage)
        if waiting is not None and waiting.id not in closed:
            ending = _decided_elsewhere(waiting.id, event)
            follows = move_id or waiting.id
            closed[waiting.id] = PlannedEffect(lead.lead_id, ending, follows)
        is_fresh = event.received_at == now or event.occurred_at > now - FRESH
        if is_fresh and event.actor is not Actor.PERSON and not called:
            task = _arbitration(service, there, now)
            latest = max(arrivals, key=_occurred_at)
            called.append(PlannedEffect(lead.lead_id, task, move_id or latest))
    moved = [PlannedEffect(lead.lead_id, *observed)] if observed else []
    return [*moved, *closed.values(), *called]


def _observed(
    lead: LeadState, arrivals: Sequence[Event], pipeline: Pipeline
) -> tuple[ObserveMove, Event] | None:
    """That the lead is at another stage, and the event that told so."""
    to = state_after(lead, arrivals, pipeline).stage
    if to == lead.stage:
        return None
    telling = (event for event in arrivals if stage_told(event, pipeline) == to)
    latest = max(telling, key=_occurred_at)
    by = Principal(PrincipalKind.INTEGRATION, latest.source)
    move = ObserveMove(id=uuid4(), origin=lead.stage, to=to, actor=latest.actor, by=by)
    return move, latest


def _occurred_at(event: Event) -> datetime:
    return event.occurred_at


def _decided_elsewhere(proposal_id: UUID, move: Event) -> CloseProposal:
    return CloseProposal(
        proposal_id=proposal_id,
        status=ProposalStatus.DECIDED_IN_CRM,
        by=Principal(PrincipalKind.INTEGRATION, move.source),
        reason=None,
    )


def _arbitration(service: Service, lead: LeadState, now: datetime) -> OpenTask:
    return OpenTask(
        id=uuid4(),
        kind=TaskKind.RESERVED_MOVE_OBSERVED,
        owner=service.automation.assignees.owner_of(lead.owner),
        expected=ExpectedAction.ARBITRATE,
        due_on=due_date(now, service.settings.decision_working_days),
    )
