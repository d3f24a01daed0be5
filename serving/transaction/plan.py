"""What a writing call looks at, and what it then means to write."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from features.event import Event
from governance.audit.chain import AuditEntry
from governance.leads.state import LeadState
from governance.policy.effects import (
    CloseProposal,
    CloseTask,
    Effect,
    EndTask,
    PlannedEffect,
    Requalify,
)
from serving.repositories.events import Pair, pair_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The leads as they stand, and which of the pairs asked for are stored; `stored`
    has these events themselves, `told_wishes` what people said of their data, if the
    wish reads it."""

    leads: Mapping[str, LeadState]
    pairs: frozenset[Pair] = frozenset()
    stored: Mapping[Pair, Event] = field(default_factory=dict)
    told_wishes: Sequence[Event] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to write. Leads of `arrivals` and of `rescored` get a new score, and what
    follows from it: a priority, and what rules and exceptions do.

    Effects are audited of themselves; `entries` are what else the audit keeps.
    `settled_by`: by lead, the entry of a person's word on its priority. Arrivals that
    occurred by `history_until` are a history: nobody asks who did what. A new lead is
    one of `begun`, if it is there, as entries name it already.
    """

    arrivals: tuple[Event, ...] = ()
    effects: tuple[PlannedEffect, ...] = ()
    entries: tuple[tuple[str, AuditEntry], ...] = ()  # (lead_id, entry)
    settled_by: Mapping[str, UUID] = field(default_factory=dict)
    rescored: frozenset[str] = frozenset()
    history_until: datetime | None = None
    begun: tuple[LeadState, ...] = ()
    merged: tuple[str, str] | None = None  # a lead, and the one that it becomes part of
    is_tick: bool = False  # these leads were looked at because time passed

    @property
    def to_score(self) -> frozenset[str]:
        return self.rescored | {event.lead_id for event in self.arrivals}

    @property
    def touched(self) -> frozenset[str]:
        noted = {lead_id for lead_id, _ in self.entries}
        return self.to_score | noted | {planned.lead_id for planned in self.effects}

    def arrivals_of(self, lead_id: str) -> tuple[Event, ...]:
        return tuple(event for event in self.arrivals if event.lead_id == lead_id)

    def planned_on(self, lead_id: str) -> list[PlannedEffect]:
        return [planned for planned in self.effects if planned.lead_id == lead_id]

    def effects_on(self, lead_id: str) -> list[Effect]:
        return [planned.effect for planned in self.planned_on(lead_id)]

    def priority_given(self, lead_id: str) -> Requalify | None:
        """The priority that the lead is given in this very call."""
        effects = self.effects_on(lead_id)
        return next((e for e in effects if isinstance(e, Requalify)), None)

    def with_effects(self, effects: Iterable[PlannedEffect]) -> "Plan":
        """The plan, and these as well."""
        return replace(self, effects=(*self.effects, *effects))

    @property
    def ended(self) -> frozenset[UUID]:
        """The proposals that effects end, and the tasks that they end themselves: not
        with a proposal."""
        effects = [planned.effect for planned in self.effects]
        tasks = {e.task_id for e in effects if isinstance(e, CloseTask | EndTask)}
        closings = (e for e in effects if isinstance(e, CloseProposal))
        return frozenset(tasks | {closing.proposal_id for closing in closings})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A call that writes: the leads and pairs to look at, and how it plans.

    `plan` is called again each time something moved; what it raises ends the call.
    """

    lead_ids: frozenset[str]
    plan: Callable[[Seen], Plan]
    pairs: frozenset[Pair] = field(default_factory=frozenset)
    reads_told_wishes: bool = False


def pairs_of(events: Iterable[Event]) -> frozenset[Pair]:
    return frozenset(map(pair_of, events))
