"""What a writing call looks at, and what it then means to write."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from features.event import Event
from governance.audit.chain import Note
from governance.leads.state import LeadState
from governance.policy.effects import CloseProposal, CloseTask, Effect, EndTask
from serving.repositories.events import Pair, pair_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The leads as they stand, and which of the pairs asked for are stored."""

    leads: Mapping[str, LeadState]
    pairs: frozenset[Pair] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to write. Leads of `arrivals` and of `rescored` get a new score, and what
    follows from it: a priority, and what rules and exceptions do.

    Changes are audited of themselves; `notes` are what else the audit keeps.
    """

    arrivals: tuple[Event, ...] = ()
    effects: tuple[tuple[str, Effect], ...] = ()  # (lead_id, effect)
    notes: tuple[tuple[str, Note], ...] = ()  # (lead_id, note)
    rescored: frozenset[str] = frozenset()
    is_tick: bool = False  # these leads were looked at because time passed

    @property
    def to_score(self) -> frozenset[str]:
        return self.rescored | {event.lead_id for event in self.arrivals}

    @property
    def touched(self) -> frozenset[str]:
        return self.to_score | {name for name, _ in (*self.effects, *self.notes)}

    def arrivals_of(self, lead_id: str) -> tuple[Event, ...]:
        return tuple(event for event in self.arrivals if event.lead_id == lead_id)

    def effects_on(self, lead_id: str) -> list[Effect]:
        return [effect for name, effect in self.effects if name == lead_id]

    def with_effects(self, effects: Iterable[tuple[str, Effect]]) -> "Plan":
        """The plan, and these as well."""
        return replace(self, effects=(*self.effects, *effects))

    def ends_task(self, task_id: UUID) -> bool:
        """Does an effect end the task itself? The end of its proposal is none."""
        return any(
            isinstance(one, CloseTask | EndTask) and one.task_id == task_id
            for _, one in self.effects
        )

    def ends_proposal(self, proposal_id: UUID) -> bool:
        return any(
            isinstance(one, CloseProposal) and one.proposal_id == proposal_id
            for _, one in self.effects
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A call that writes: the leads and pairs to look at, and how it plans.

    `plan` is called again each time something moved; what it raises ends the call.
    """

    lead_ids: frozenset[str]
    plan: Callable[[Seen], Plan]
    pairs: frozenset[Pair] = field(default_factory=frozenset)


def pairs_of(events: Iterable[Event]) -> frozenset[Pair]:
    return frozenset(map(pair_of, events))
