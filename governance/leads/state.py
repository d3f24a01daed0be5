"""A lead as the service knows it, and how an observed event changes that."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self
from uuid import UUID, uuid4

from explanations.reason import Past
from explanations.score import Ending, Priority
from features.event import Event
from governance.leads.sign_of_life import is_sign_of_life
from governance.people.overrides import OWN_SOURCE
from governance.policy.pipeline import Pipeline, StageRole
from governance.rules.history import History

# Kinds that say where an opportunity ended, in the words of `features.log`.
_OUTCOMES = {"won": StageRole.WON, "lost": StageRole.ABANDONED}
_MAX_OWNER = 200


@dataclass(frozen=True, slots=True)
class WaitingProposal:
    """An open proposal, of a stage, a priority or a concession, and the task that calls
    for its decision."""

    id: UUID
    to: str
    task_id: UUID | None
    is_priority: bool = False
    percent: float | None = None  # of a concession


@dataclass(frozen=True, slots=True)
class PastScore:
    """The latest score of a lead, and the digest of the model that gave it."""

    past: Past
    model_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadState:
    """`version` 0: not stored yet. `stage_at`: when the stage was last seen to change.

    An older observation that arrives late changes neither stage nor owner. `band` is
    the priority that the last score called for, `priority` the one that stands.
    `looked_at`: by the tick, last. `last_sign_at`: the last sign of the lead's life.
    `entered_at`: when its first event occurred.
    """

    id: UUID
    lead_id: str
    version: int
    stage: str
    stage_at: datetime | None = None
    owner: str | None = None
    owner_at: datetime | None = None
    priority: Priority | None = None
    band: Priority | None = None
    looked_at: datetime | None = None
    last_sign_at: datetime | None = None
    entered_at: datetime | None = None
    past: PastScore | None = None
    history: History = field(default_factory=History)
    waiting: tuple[WaitingProposal, ...] = ()

    @classmethod
    def unknown(cls, lead_id: str, pipeline: Pipeline) -> Self:
        """A lead of which nothing is stored."""
        return cls(id=uuid4(), lead_id=lead_id, version=0, stage=pipeline.entry)

    def proposal_to(self, stage: str) -> WaitingProposal | None:
        moves = (
            proposal
            for proposal in self.waiting
            if not proposal.is_priority and proposal.percent is None
        )
        return next((move for move in moves if move.to == stage), None)

    def priority_of(self, priority: Priority) -> WaitingProposal | None:
        bands = (proposal for proposal in self.waiting if proposal.is_priority)
        return next((band for band in bands if band.to == priority), None)

    def concession_of(self, percent: float) -> WaitingProposal | None:
        known = (proposal for proposal in self.waiting if proposal.percent == percent)
        return next(known, None)


def state_after(
    state: LeadState, events: Iterable[Event], pipeline: Pipeline
) -> LeadState:
    """The state once these events are known, in any order."""
    for event in events:
        stage = stage_told(event, pipeline)
        if stage and _is_news(event, state.stage_at):
            state = replace(state, stage=stage, stage_at=_told_at(event))
        owner = owner_told(event)
        if owner and _is_news(event, state.owner_at):
            state = replace(state, owner=owner, owner_at=event.occurred_at)
        if is_sign_of_life(event) and _is_news(event, state.last_sign_at):
            state = replace(state, last_sign_at=event.occurred_at)
        if state.entered_at is None or event.occurred_at < state.entered_at:
            state = replace(state, entered_at=event.occurred_at)
    return state


def moves_seen(
    state: LeadState, events: Iterable[Event], pipeline: Pipeline
) -> Iterator[tuple[Event, LeadState]]:
    """Each event that brings the lead to another stage, in the order they occurred, and
    the lead then; even if another came after in the same call."""
    for event in sorted(events, key=lambda event: event.occurred_at):
        before, state = state, state_after(state, [event], pipeline)
        if state.stage != before.stage:
            yield event, state


def endings(leads: Iterable[LeadState], pipeline: Pipeline) -> dict[str, Ending]:
    """How each of the leads ended that did, by the CRM's identifier."""
    ended = ((lead.lead_id, ending_of(lead, pipeline)) for lead in leads)
    return {name: ending for name, ending in ended if ending is not None}


def ending_of(state: LeadState, pipeline: Pipeline) -> Ending | None:
    """How the lead ended; None: it is open."""
    if state.stage == pipeline.of_role(StageRole.WON):
        return Ending.WON
    return Ending.LOST if state.stage == pipeline.of_role(StageRole.ABANDONED) else None


def read_by_model(
    events: Mapping[str, Iterable[Event]], ended: Container[str], pipeline: Pipeline
) -> list[Event]:
    """The events of some leads; of those that `ended`, all but their end: no model has
    learnt from one, it explains nothing, and the score stays what it was."""
    return [
        event
        for name, known in events.items()
        for event in known
        if name not in ended or not _ends(event, pipeline)
    ]


def _ends(event: Event, pipeline: Pipeline) -> bool:
    stage = stage_told(event, pipeline)
    return stage is not None and pipeline.by_name[stage].closes


def stage_told(event: Event, pipeline: Pipeline) -> str | None:
    """The stage that an event says the lead now has; None: it says none we know."""
    if event.kind in _OUTCOMES:
        return pipeline.of_role(_OUTCOMES[event.kind])
    to = event.data.get("to") if event.kind == "stage_changed" else None
    return to if isinstance(to, str) and to in pipeline.by_name else None


def _told_at(event: Event) -> datetime:
    """Until when older observations are none: what people say here counts from then,
    though it be of an earlier time."""
    if event.source != OWN_SOURCE:
        return event.occurred_at
    return max(event.occurred_at, event.received_at)


def owner_told(event: Event) -> str | None:
    """The owner that an event says the lead now has; None: it says none."""
    owner = event.data.get("owner") if event.kind == "attributes_set" else None
    return owner.strip()[:_MAX_OWNER] if isinstance(owner, str) else None


def _is_news(event: Event, since: datetime | None) -> bool:
    return since is None or event.occurred_at >= since
