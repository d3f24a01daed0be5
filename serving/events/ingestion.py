"""Events that come in: which of them are new, and stored with what they entail.

Ingestion records observations, never decisions (DESIGN §7).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from features.errors import FreinError
from features.event import Event
from governance.leads.observation import Arbitration, entailed, teller_of
from governance.leads.state import ENDING_KINDS, LeadState, is_bound
from governance.people.assurance import without_vouching
from governance.people.privacy import had_consented
from governance.policy.effects import ObserveMerger, ObserveRemoval, PlannedEffect
from governance.policy.removal import (
    INTO,
    MERGED_KIND,
    REMOVAL_KINDS,
    RESTORED_KIND,
    Removal,
)
from serving.errors import (
    ConsentMissingError,
    LeadForgottenError,
    LeadIdAmbiguousError,
    MergerNeedsPersonError,
    RemovalRefusedError,
)
from serving.repositories.decisions import has_decisions
from serving.repositories.events import Pair, pair_of
from serving.runtime.service import Service
from serving.transaction.plan import Plan, Seen, Wish, pairs_of
from serving.transaction.unit_of_work import record

# Of a history that is loaded, a move of the last day calls a person all the same.
FRESH = timedelta(days=1)


_ALONE = frozenset({MERGED_KIND, RESTORED_KIND})
_REFUSALS = (
    ConsentMissingError,
    LeadForgottenError,
    LeadIdAmbiguousError,
    MergerNeedsPersonError,
    RemovalRefusedError,
)


class _MergedError(Exception):
    """Leads that were merged, and the names of those that they are part of."""

    def __init__(self, survivors: Mapping[str, str]) -> None:
        super().__init__()
        self.survivors = survivors


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
    *,
    needs_consent: bool = False,
    others: frozenset[str] = frozenset(),
) -> Taken:
    """Store events, each once; re-score their leads in the same transaction.

    What occurred by `history_until` is a history: it calls nobody. `needs_consent`:
    people must have agreed to what is noted of them alone, as the settings say.
    `others` are leads to look at as well.

    Raises LeadForgottenError, LeadIdAmbiguousError, ConsentMissingError.
    """
    if not events:
        return Taken(0, frozenset())
    kinds = service.settings.consent_kinds
    needs_consent = needs_consent and any(event.kind in kinds for event in events)
    named = {event.lead_id for event in events}
    named |= {str(e.data[INTO]) for e in events if e.kind == MERGED_KIND}
    wish = Wish(
        lead_ids=others.union(named),
        pairs=pairs_of(events),
        reads_told_wishes=needs_consent,
        plan=lambda seen: _plan(
            service, events, seen, now, history_until, needs_consent=needs_consent
        ),
    )
    recorded = record(service, wish, now)
    if recorded.plan.merged is not None:  # its own events and the other's, as one
        _, into = recorded.plan.merged
        rescored = Plan(rescored=frozenset({into}))
        record(service, Wish(lead_ids=frozenset({into}), plan=lambda _: rescored), now)
    return Taken(len(recorded.plan.arrivals), _reused(events, recorded.seen))


def ingest_allowed(
    service: Service,
    events: Sequence[Event],
    now: datetime,
    history_until: datetime | None = None,
    *,
    needs_consent: bool = False,
) -> tuple[Taken, dict[int, FreinError]]:
    """Store the events that may be noted; returns what `ingest` does, and the places of
    those that may not: of leads that were forgotten or whose id looks like
    another's, without consent, or refused.

    What merges or restores a lead is stored by itself, after what occurred before, as
    whether it may be depends on how the leads stand. What is told of a lead that was
    merged is told of the other.
    """
    accepted, reused = 0, frozenset[int]()
    refused: dict[int, FreinError] = {}
    for part in _parts(events):
        some = [events[place] for place in part]
        taken, unwelcome = _ingest_part(
            service, some, now, history_until, needs_consent=needs_consent
        )
        accepted += taken.accepted
        reused |= {part[place] for place in taken.reused}
        refused |= {part[place]: error for place, error in unwelcome.items()}
    return Taken(accepted, reused), refused


def _parts(events: Sequence[Event]) -> list[list[int]]:
    """The places of the events that are stored together, in the order they occurred."""
    in_order = sorted(range(len(events)), key=lambda n: events[n].occurred_at)
    together = groupby(in_order, lambda n: n if events[n].kind in _ALONE else None)
    return [sorted(part) for _, part in together]


def _ingest_part(
    service: Service,
    events: Sequence[Event],
    now: datetime,
    history_until: datetime | None,
    *,
    needs_consent: bool,
) -> tuple[Taken, dict[int, FreinError]]:
    events, others = list(events), frozenset[str]()
    refused: dict[int, FreinError] = {}
    while True:
        places = [place for place in range(len(events)) if place not in refused]
        some = [events[place] for place in places]
        try:
            taken = ingest(
                service,
                some,
                now,
                history_until,
                needs_consent=needs_consent,
                others=others,
            )
            reused = frozenset(places[place] for place in taken.reused)
            return Taken(taken.accepted, reused), refused
        except _MergedError as error:
            events = [_of_survivor(event, error.survivors) for event in events]
            others |= set(error.survivors.values())
        except _REFUSALS as error:
            wrong = {n: _refusal_of(events[n], error) for n in places}
            refused |= {n: each for n, each in wrong.items() if each is not None}


def _refusal_of(event: Event, error: FreinError) -> FreinError | None:
    """Why an event isn't taken, by what refused those with it; None: it may be."""
    match error:
        case LeadForgottenError(lead_ids=gone):
            return error if event.lead_id in gone else None
        case LeadIdAmbiguousError(alike=alike):
            is_alike = event.lead_id in alike
            name = event.lead_id
            return LeadIdAmbiguousError(name, alike[name]) if is_alike else None
        case ConsentMissingError(pairs=pairs):
            return error if pair_of(event) in pairs else None
    return error  # it is alone


def _plan(
    service: Service,
    events: Sequence[Event],
    seen: Seen,
    now: datetime,
    history_until: datetime | None,
    *,
    needs_consent: bool,
) -> Plan:
    fresh: dict[Pair, Event] = {}
    for event in events:
        if pair_of(event) not in seen.pairs:
            fresh.setdefault(pair_of(event), event)
    arrivals = tuple(fresh.values())
    _refuse_merged(events, seen)
    if needs_consent:
        _refuse_unconsented(service, arrivals, seen)
    arbitration = Arbitration(
        assignees=service.automation.assignees,
        working_days=service.settings.decision_working_days,
        now=now,
        history_until=history_until,
    )
    effects: list[PlannedEffect] = []
    for name in sorted({event.lead_id for event in arrivals}):
        lead = seen.leads.get(name) or LeadState.unknown(name, service.pipeline)
        own = [event for event in arrivals if event.lead_id == name]
        effects += entailed(arbitration, lead, own)
    plan = Plan(arrivals=arrivals, effects=tuple(effects), history_until=history_until)
    merging = [event for event in arrivals if event.kind == MERGED_KIND]
    if not merging:
        return plan
    return _with_merger(service, plan, merging[0], seen)


def _refuse_merged(events: Sequence[Event], seen: Seen) -> None:
    """Raises _MergedError if something is told of a lead that is part of another, and
    RemovalRefusedError if such a one is to be restored."""
    survivors = {
        event.lead_id: lead.survivor
        for event in events
        if event.kind not in REMOVAL_KINDS
        and (lead := seen.leads.get(event.lead_id))
        and lead.survivor is not None
    }
    if survivors:
        raise _MergedError(survivors)
    fresh = (event for event in events if pair_of(event) not in seen.pairs)
    for event in fresh:
        lead = seen.leads.get(event.lead_id)
        is_merged = lead is not None and lead.removal is Removal.MERGED
        if is_merged and event.kind == RESTORED_KIND:
            raise RemovalRefusedError("type", "merged_for_good")


def _of_survivor(event: Event, survivors: Mapping[str, str]) -> Event:
    if event.kind in REMOVAL_KINDS:
        return event
    return replace(event, lead_id=survivors.get(event.lead_id, event.lead_id))


def _with_merger(service: Service, plan: Plan, event: Event, seen: Seen) -> Plan:
    """The plan with the merger that an event tells.

    Raises RemovalRefusedError: of a lead into itself, into one that isn't known, in a
    circle, or into two others. MergerNeedsPersonError: of one that people decided on,
    or are to.
    """
    name, into = event.lead_id, str(event.data[INTO])
    other = seen.leads.get(into)
    if into == name:
        raise RemovalRefusedError(f"data.{INTO}", "merged_into_itself")
    if other is None:
        raise RemovalRefusedError(f"data.{INTO}", "merged_into_unknown")
    last = other.survivor or into  # it may be part of another in turn
    if last == name:
        raise RemovalRefusedError(f"data.{INTO}", "merged_in_circle")
    lead = seen.leads.get(name) or LeadState.unknown(name, service.pipeline)
    if lead.removal is Removal.MERGED:
        if lead.survivor == last:
            return plan  # nothing new
        raise RemovalRefusedError(f"data.{INTO}", "merged_already")
    if last not in seen.leads:
        raise _MergedError({into: last})
    with service.store.reading() as session:
        is_decided = has_decisions(session, lead.id)
    if is_decided or is_bound(lead, service.pipeline):
        raise MergerNeedsPersonError("subject", "merger_needs_person")
    effects = [
        replace(planned, effect=replace(planned.effect, into=seen.leads[last].id))
        if isinstance(planned.effect, ObserveRemoval)
        else planned
        for planned in plan.effects
    ]
    absorbed = ObserveMerger(merged=lead.id, by=teller_of(event))
    return replace(
        plan,
        effects=(*effects, PlannedEffect(last, absorbed, event)),
        begun=() if lead.version else (lead,),
        merged=(name, last),
    )


def _refuse_unconsented(
    service: Service, arrivals: Sequence[Event], seen: Seen
) -> None:
    """Raises ConsentMissingError; a consent may come in the same call."""
    told: defaultdict[str, list[Event]] = defaultdict(list)
    for event in (*seen.told_wishes, *arrivals):
        told[event.lead_id].append(event)
    unconsented = [
        event
        for event in arrivals
        if event.kind in service.settings.consent_kinds
        and not had_consented(told[event.lead_id], event.occurred_at)
    ]
    if unconsented:
        pairs = frozenset(map(pair_of, unconsented))
        raise ConsentMissingError(unconsented[0].kind, pairs)


def _reused(events: Sequence[Event], seen: Seen) -> frozenset[int]:
    """The places of the events that aren't what their source said under their id."""
    known = dict(seen.stored)
    return frozenset(
        place
        for place, event in enumerate(events)
        if _content(known.setdefault(pair_of(event), event), seen)
        != _content(event, seen)
    )


def _content(event: Event, seen: Seen) -> tuple[object, ...]:
    """What makes two events the same. Who did it, of a stage, depends on what the key
    may say by then; a lead that was merged is the other."""
    lead = seen.leads.get(event.lead_id)
    actor = None if event.kind in ENDING_KINDS else event.actor
    name = lead.survivor if lead is not None and lead.survivor else event.lead_id
    return name, event.kind, event.occurred_at, actor, without_vouching(event.data)
