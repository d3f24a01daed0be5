"""History of what automation did to a lead lately, and what an effect adds to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from features.event import ATTRIBUTES_KIND, Actor, Event
from governance.people.overrides import OWN_SOURCE
from governance.policy.actions import (
    Assign,
    OpenProposal,
    ProposePriority,
    SetPriority,
)
from governance.policy.task import EXCEPTION_KINDS, OpenTask, TaskKind
from governance.rules.facts import Facts
from governance.rules.outcome import AutomaticEffect, Cause, Outcome, RuleResult
from governance.rules.rule import Target

PRIORITY_KIND = "priority_set"  # the event that tells an own write of the priority
# By kind of event, the fields that say what a field of the lead now holds.
_FIELDS = {
    "stage_changed": ((Target.STAGE, "to"),),
    PRIORITY_KIND: ((Target.PRIORITY, "to"),),
    ATTRIBUTES_KIND: ((Target.OWNER, "owner"), (Target.PRIORITY, "priority")),
}
KEPT = timedelta(days=31)  # writes older than this are neither echoed nor counted


@dataclass(frozen=True, slots=True)
class Write:
    """A value that automation wrote, and its place in the causal chain."""

    target: Target
    value: str
    at: datetime
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """`last_set_off`, `last_acted` and `open_tasks` go by rule id, or kind of task.

    `score_written` is in points: under 3 points from it nothing is written.
    `waiting_moves` are the stages and priorities that open proposals are about.
    `suspended_rules` and `is_suspended`: what a person suspended.
    """

    writes: tuple[Write, ...] = ()
    last_set_off: Mapping[str, datetime] = field(default_factory=dict)
    last_acted: Mapping[str, datetime] = field(default_factory=dict)
    score_written: float | None = None
    open_tasks: frozenset[str] = frozenset()
    waiting_moves: frozenset[str] = frozenset()
    suspended_rules: frozenset[str] = frozenset()
    is_suspended: bool = False

    @property
    def is_held(self) -> bool:
        """Does an exception wait for a person?"""
        return not EXCEPTION_KINDS.isdisjoint(self.open_tasks)

    @property
    def stopped_by(self) -> RuleResult | None:
        """What stops all automation on the lead: a person's word, or an exception."""
        if self.is_suspended:
            return RuleResult.LEAD_SUSPENDED
        return RuleResult.HELD if self.is_held else None

    def writes_since(self, instant: datetime) -> int:
        return sum(write.at > instant for write in self.writes)

    def is_echo(self, event: Event, window: timedelta) -> bool:
        """Is the event an own write that comes back from another system?

        What a person did elsewhere is news, though it be the same value.
        """
        if event.source == OWN_SOURCE or event.actor is Actor.PERSON:
            return False
        fields = _FIELDS.get(event.kind, ())
        values = {target: event.data.get(field) for target, field in fields}
        return any(
            values.get(write.target) == write.value
            and event.received_at - write.at <= window
            for write in self.writes
        )


def history_after(
    history: History, outcomes: Iterable[Outcome], now: datetime
) -> History:
    """The history once these outcomes are recorded and their effects carried out."""
    fresh = tuple(write for write in history.writes if now - write.at < KEPT)
    history = replace(history, writes=fresh)
    for outcome in outcomes:
        if outcome.rule_id is not None:
            set_off = {**history.last_set_off, outcome.rule_id: now}
            history = replace(history, last_set_off=set_off)
        if outcome.effect is not None:
            history = _with_effect(history, outcome, outcome.effect, now)
    return history


def _with_effect(
    history: History, outcome: Outcome, effect: AutomaticEffect, now: datetime
) -> History:
    assert outcome.target is not None
    doer = outcome.rule_id or OWN_SOURCE  # no rule: the score itself
    target, value = outcome.target, doer
    tasks, moves = history.open_tasks, history.waiting_moves
    match effect.action:
        case SetPriority(to=value) | Assign(to=value):
            pass
        case OpenProposal(to=to) | ProposePriority(to=to):
            moves |= {to}
        case OpenTask(kind=TaskKind.RULE):
            tasks |= {doer}
        case OpenTask(kind=kind):
            target, tasks = Target.TASK, tasks | {kind.value}
    write = Write(target, value, now, outcome.cause.next(effect.id))
    is_own = outcome.result is RuleResult.FIRED and outcome.rule_id is not None
    return replace(
        history,
        writes=(*history.writes, write),
        last_acted={**history.last_acted, doer: now} if is_own else history.last_acted,
        open_tasks=tasks,
        waiting_moves=moves,
    )


def facts_after(facts: Facts, effect: AutomaticEffect | None) -> Facts:
    """The facts once the effect is carried out."""
    match effect and effect.action:
        case SetPriority(to=priority):
            return replace(facts, priority=priority)
        case Assign(to=owner):
            return replace(facts, owner=owner)
        case _:
            return facts
