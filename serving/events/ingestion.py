"""Events that come in: what a key may say, and what an observation entails.

Ingestion records observations, never decisions (DESIGN §7).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from features.errors import EventError
from features.event import Actor, Event
from governance.leads.state import (
    STAGE_KINDS,
    LeadState,
    StageSeen,
    is_to_confirm,
    stage_told,
    stages_seen,
    state_after,
    tells_owner,
)
from governance.people.assurance import (
    VOUCHED_FIELD,
    Assurance,
    Vouched,
    vouched_of,
)
from governance.people.overrides import OVERRIDE_KINDS, OWN_SOURCE
from governance.people.principal import Principal, PrincipalKind
from governance.policy.business_days import due_date
from governance.policy.effects import (
    CloseProposal,
    ObserveMove,
    ObserveNoOwner,
    PlannedEffect,
    ProposalStatus,
)
from governance.policy.pipeline import Pipeline
from governance.policy.task import ExpectedAction, OpenTask, TaskKind
from serving.errors import (
    ActorNotYoursError,
    KindReservedError,
    SourceNotYoursError,
    StageNotInPipelineError,
    TimeInFutureError,
)
from serving.events.vouching import CrmPeople
from serving.formats.cloud_event import CloudEvent, as_event
from serving.repositories.api_keys import ApiKey, Scope
from serving.repositories.events import Pair, pair_of
from serving.runtime.service import Service
from serving.transaction.plan import Plan, Seen, Wish, pairs_of
from serving.transaction.unit_of_work import record

# Of a history that is loaded, a move of the last day calls a person all the same.
FRESH = timedelta(days=1)
_MAX_STAGE = 64  # of a name that is told back


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """A key that sends events; `people` whom it may name."""

    key: ApiKey
    people: CrmPeople
    pipeline: Pipeline
    clock_tolerance: timedelta

    def observation(self, cloud: CloudEvent, now: datetime) -> Event:
        """The event as an observation of this key, or the reason why it isn't one."""
        key = self.key
        if cloud.source != key.source or cloud.source == OWN_SOURCE:
            raise SourceNotYoursError(cloud.source)
        if cloud.type in OVERRIDE_KINDS:
            raise KindReservedError(cloud.type)
        actor = cloud.actor or key.default_actor
        if not key.may_assert(actor):
            raise ActorNotYoursError(actor.value)
        latest = now + self.clock_tolerance
        if cloud.time > latest:
            raise TimeInFutureError("time", "time_in_future")
        if cloud.receivedat is not None:
            key.need(Scope.BACKFILL)
            if cloud.receivedat > latest:
                raise TimeInFutureError("receivedat", "time_in_future")
        event = as_event(cloud, received_at=cloud.receivedat or now, actor=actor)
        return self._of_stage(cloud, event) if cloud.type in STAGE_KINDS else event

    def _of_stage(self, cloud: CloudEvent, event: Event) -> Event:
        """An event that moves a stage or ends a lead: it needs a scope, and by its own
        word nobody decided it."""
        self.key.need(Scope.STAGES)
        if VOUCHED_FIELD in event.data:
            raise EventError(f"data.{VOUCHED_FIELD}", "written_here")
        vouched = self._vouched(cloud)
        stage = stage_told(event, self.pipeline)
        if stage is None:
            to = event.data.get("to")
            told = to[:_MAX_STAGE] if isinstance(to, str) else ""
            raise StageNotInPipelineError(told, ", ".join(self.pipeline.by_name))
        if vouched is not None:
            data = {**event.data, VOUCHED_FIELD: vouched.data}
            return replace(event, actor=Actor.PERSON, data=data)
        if self.pipeline.is_free(stage):
            return event
        return replace(event, actor=Actor.AUTOMATION)

    def _vouched(self, cloud: CloudEvent) -> Vouched | None:
        """Who did it; nobody if the event itself says that no person acted."""
        if cloud.by is None:
            return None
        vouched = self.people.vouched(cloud.by, self.key)
        return vouched if cloud.actor in {None, Actor.PERSON} else None


@dataclass(frozen=True, slots=True)
class Taken:
    """How many events weren't stored before; and the places of those whose id their
    source has used for something else."""

    accepted: int
    reused: frozenset[int]


def ingest(
    service: Service,
    events: Sequence[Event],
    now: datetime,
    history_until: datetime | None = None,
) -> Taken:
    """Store events, each once; re-score their leads in the same transaction.

    What occurred by `history_until` is a history: it calls nobody.
    """
    if not events:
        return Taken(0, frozenset())
    wish = Wish(
        lead_ids=frozenset(event.lead_id for event in events),
        pairs=pairs_of(events),
        plan=lambda seen: _plan(service, events, seen, now, history_until),
    )
    recorded = record(service, wish, now)
    return Taken(len(recorded.plan.arrivals), _reused(events, recorded.seen))


def _plan(
    service: Service,
    events: Sequence[Event],
    seen: Seen,
    now: datetime,
    history_until: datetime | None,
) -> Plan:
    fresh: dict[Pair, Event] = {}
    for event in events:
        if pair_of(event) not in seen.pairs:
            fresh.setdefault(pair_of(event), event)
    arrivals = tuple(fresh.values())
    effects: list[PlannedEffect] = []
    for name in sorted({event.lead_id for event in arrivals}):
        lead = seen.leads.get(name) or LeadState.unknown(name, service.pipeline)
        own = [event for event in arrivals if event.lead_id == name]
        effects += _entailed(service, lead, own, now, history_until)
    return Plan(arrivals=arrivals, effects=tuple(effects), history_until=history_until)


def _reused(events: Sequence[Event], seen: Seen) -> frozenset[int]:
    """The places of the events that aren't what their source said under their id."""
    known = dict(seen.stored)
    return frozenset(
        place
        for place, event in enumerate(events)
        if _content(known.setdefault(pair_of(event), event)) != _content(event)
    )


def _content(event: Event) -> tuple[object, ...]:
    """What makes two events the same. Who did it, of a stage, depends on what the key
    may say by then."""
    data = {name: said for name, said in event.data.items() if name != VOUCHED_FIELD}
    actor = None if event.kind in STAGE_KINDS else event.actor
    return event.lead_id, event.kind, event.occurred_at, actor, data


# --- What an observation entails --------------------------------------------


def _entailed(
    service: Service,
    lead: LeadState,
    arrivals: Sequence[Event],
    now: datetime,
    history_until: datetime | None,
) -> list[PlannedEffect]:
    """What is observed of the lead's stage and owner, and whom that calls."""
    pipeline = service.pipeline
    after = state_after(lead, arrivals, pipeline, history_until)
    seen = list(stages_seen(lead, arrivals, pipeline, history_until))
    observed = _observed(lead, after, seen)
    effects = [PlannedEffect(lead.lead_id, move, event) for move, event in observed]
    move_id = observed[0][0].id if observed else None
    closed: dict[UUID, CloseProposal] = {}
    for each in seen:
        if waiting := _answered(each, pipeline):
            closed.setdefault(waiting, _decided_elsewhere(waiting, each.event))
    effects += [
        PlannedEffect(lead.lead_id, ending, move_id or waiting)
        for waiting, ending in closed.items()
    ]
    latest = max(arrivals, key=_occurred_at)
    effects += [
        PlannedEffect(
            lead.lead_id, _arbitration(service, after, kind, now), move_id or latest
        )
        for kind in _calls(seen, after, pipeline)
    ]
    if lead.owner is not None and after.owner is None:
        teller = max(filter(tells_owner, arrivals), key=_occurred_at)
        gone = ObserveNoOwner(origin=lead.owner, by=_teller(teller))
        effects.append(PlannedEffect(lead.lead_id, gone, teller))
    return effects


def _observed(
    lead: LeadState, after: LeadState, seen: Sequence[StageSeen]
) -> list[tuple[ObserveMove, Event]]:
    """That the lead is at another stage, that a key vouches for who brought it there,
    or that a person's decision is contradicted; with the event that told so."""
    observed = []
    is_vouched = after.stage_assurance is Assurance.VOUCHED
    if lead.stage != after.stage or (
        is_vouched and lead.stage_assurance is not Assurance.VOUCHED
    ):
        event = _telling(seen, after)
        observed.append((_move(lead.stage, after.stage, event, after), event))
    if after.observed_stage not in {None, lead.observed_stage}:
        event = next(each.event for each in reversed(seen) if each.contradicts)
        told = after.observed_stage or ""
        move = _move(after.stage, told, event, after)
        observed.append((replace(move, contradicts=True), event))
    return observed


def _telling(seen: Sequence[StageSeen], after: LeadState) -> Event:
    """The last event that brought the lead to where it is, as surely."""
    known = after.stage, after.stage_assurance
    return next(
        each.event
        for each in reversed(seen)
        if (each.after.stage, each.after.stage_assurance) == known
        and (each.before.stage, each.before.stage_assurance) != known
    )


def _move(origin: str, to: str, event: Event, after: LeadState) -> ObserveMove:
    vouched = vouched_of(event)
    assurance = Assurance.AUTOMATION if vouched is None else Assurance.VOUCHED
    return ObserveMove(
        id=uuid4(),
        origin=origin,
        to=to,
        actor=event.actor,
        by=_teller(event),
        assurance=None if after.stage_assurance is None else assurance,
        vouched=vouched,
    )


def _answered(seen: StageSeen, pipeline: Pipeline) -> UUID | None:
    """The proposal of a reserved move that a person made in the CRM, as a key tells."""
    stage = seen.after.stage
    if seen.after.stage_assurance is not Assurance.VOUCHED:
        return None
    if not pipeline.named(stage).reserved:
        return None
    waiting = seen.after.proposal_to(stage)
    return None if waiting is None else waiting.id


def _calls(
    seen: Sequence[StageSeen], after: LeadState, pipeline: Pipeline
) -> Iterator[TaskKind]:
    """Why a person is called: one task of each kind is enough for all.

    A reserved stage is seen though the lead went on in the same call, unless a key
    vouches there for who brought it to where it is.
    """
    is_answered = after.stage_assurance is Assurance.VOUCHED
    unknown = [
        each.after.stage
        for each in seen
        if is_to_confirm(each.after, pipeline) and each.has_moved
    ]
    if any(not (is_answered and stage == after.stage) for stage in unknown):
        yield TaskKind.RESERVED_MOVE_OBSERVED
    if after.observed_stage is not None and any(each.contradicts for each in seen):
        yield TaskKind.DECISION_CONTRADICTED


def _occurred_at(event: Event) -> datetime:
    return event.occurred_at


def _teller(event: Event) -> Principal:
    return Principal(PrincipalKind.INTEGRATION, event.source)


def _decided_elsewhere(proposal_id: UUID, move: Event) -> CloseProposal:
    return CloseProposal(
        proposal_id=proposal_id,
        status=ProposalStatus.DECIDED_IN_CRM,
        by=_teller(move),
        reason=None,
    )


def _arbitration(
    service: Service, lead: LeadState, kind: TaskKind, now: datetime
) -> OpenTask:
    return OpenTask(
        id=uuid4(),
        kind=kind,
        owner=service.automation.assignees.owner_of(lead.owner),
        expected=ExpectedAction.ARBITRATE,
        due_on=due_date(now, service.settings.decision_working_days),
    )
