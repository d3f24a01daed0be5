"""Events that come in: which of them are new, and stored with what they entail.

Ingestion records observations, never decisions (DESIGN §7).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from features.event import Event
from governance.leads.observation import Arbitration, entailed
from governance.leads.state import STAGE_KINDS, LeadState
from governance.people.assurance import VOUCHED_FIELD
from governance.policy.effects import PlannedEffect
from serving.repositories.events import Pair, pair_of
from serving.runtime.service import Service
from serving.transaction.plan import Plan, Seen, Wish, pairs_of
from serving.transaction.unit_of_work import record

# Of a history that is loaded, a move of the last day calls a person all the same.
FRESH = timedelta(days=1)


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
