"""Events that come in: which of them are new, and stored with what they entail.

Ingestion records observations, never decisions (DESIGN §7).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from features.errors import FreinError
from features.event import Event
from governance.leads.observation import Arbitration, entailed
from governance.leads.state import STAGE_KINDS, LeadState
from governance.people.assurance import VOUCHED_FIELD
from governance.people.privacy import had_consented
from governance.policy.effects import PlannedEffect
from serving.errors import (
    ConsentMissingError,
    LeadForgottenError,
    LeadIdAmbiguousError,
)
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
    *,
    needs_consent: bool = False,
) -> Taken:
    """Store events, each once; re-score their leads in the same transaction.

    What occurred by `history_until` is a history: it calls nobody. `needs_consent`:
    people must have agreed to what is noted of them alone, as the settings say.

    Raises LeadForgottenError, LeadIdAmbiguousError, ConsentMissingError.
    """
    if not events:
        return Taken(0, frozenset())
    kinds = service.settings.consent_kinds
    needs_consent = needs_consent and any(event.kind in kinds for event in events)
    wish = Wish(
        lead_ids=frozenset(event.lead_id for event in events),
        pairs=pairs_of(events),
        reads_told_wishes=needs_consent,
        plan=lambda seen: _plan(
            service, events, seen, now, history_until, needs_consent=needs_consent
        ),
    )
    recorded = record(service, wish, now)
    return Taken(len(recorded.plan.arrivals), _reused(events, recorded.seen))


def ingest_allowed(
    service: Service,
    events: Sequence[Event],
    now: datetime,
    history_until: datetime | None = None,
    *,
    needs_consent: bool = False,
) -> tuple[Taken, dict[int, FreinError]]:
    """Store the events that may be noted of people; returns what `ingest` does, and the
    places of those that may not: of leads that were forgotten or whose id looks like
    another's, or without consent."""
    refused: dict[int, FreinError] = {}
    while True:
        places = [place for place in range(len(events)) if place not in refused]
        some = [events[place] for place in places]
        try:
            taken = ingest(
                service, some, now, history_until, needs_consent=needs_consent
            )
            reused = frozenset(places[place] for place in taken.reused)
            return Taken(taken.accepted, reused), refused
        except LeadForgottenError as error:
            gone = error.lead_ids
            refused |= {n: error for n in places if events[n].lead_id in gone}
        except LeadIdAmbiguousError as error:
            for place in places:
                if (sent := events[place].lead_id) in error.alike:
                    refused[place] = LeadIdAmbiguousError(sent, error.alike[sent])
        except ConsentMissingError as error:
            pairs = error.pairs
            refused |= {n: error for n in places if pair_of(events[n]) in pairs}


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
    return Plan(arrivals=arrivals, effects=tuple(effects), history_until=history_until)


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
        if _content(known.setdefault(pair_of(event), event)) != _content(event)
    )


def _content(event: Event) -> tuple[object, ...]:
    """What makes two events the same. Who did it, of a stage, depends on what the key
    may say by then."""
    data = {name: said for name, said in event.data.items() if name != VOUCHED_FIELD}
    actor = None if event.kind in STAGE_KINDS else event.actor
    return event.lead_id, event.kind, event.occurred_at, actor, data
