"""Effects that set rules off in their turn, to the end of the chain. Pure.

What an effect writes is told as an event of our own, and may set rules off as any
event does, one step deeper. The engine stops a chain; so this ends.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from features.event import ATTRIBUTES_KIND, Actor, Event
from governance.people.overrides import OWN_SOURCE
from governance.policy.actions import (
    Assign,
    OpenProposal,
    ProposePriority,
    SetPriority,
)
from governance.policy.task import OpenTask, TaskKind
from governance.rules.actions import Desk
from governance.rules.engine import Happening, decide, is_worth_writing
from governance.rules.facts import Facts
from governance.rules.history import PRIORITY_KIND, History, Write
from governance.rules.outcome import Effect, Fate, Outcome
from governance.rules.rule import Target
from governance.rules.ruleset import Rules

KEPT = timedelta(days=31)  # writes older than this are neither echoed nor counted


@dataclass(frozen=True, slots=True)
class Unfolded:
    """All the outcomes, in order, and how lead and history stand thereafter."""

    outcomes: tuple[Outcome, ...]
    facts: Facts
    history: History


def unfold(
    rules: Rules, happening: Happening, facts: Facts, history: History, desk: Desk
) -> Unfolded:
    """What a happening sets off, and what that sets off, until all is quiet."""
    waiting = deque([happening])
    outcomes: list[Outcome] = []
    while waiting:
        decided = decide(rules, waiting.popleft(), facts, history, desk)
        history = after(history, decided, facts.now)
        for outcome in decided:
            outcomes.append(replace(outcome, event=happening.event))
            if outcome.effect is not None:
                facts = written(facts, outcome.effect)
                told = told_as_event(outcome.effect, facts)
                if told is not None:
                    cause = outcome.cause.next(outcome.effect.id)
                    waiting.append(Happening(cause, told))
        if is_worth_writing(history.score_written, facts.score):
            history = replace(history, score_written=facts.score)
    return Unfolded(tuple(outcomes), facts, history)


def after(history: History, outcomes: Iterable[Outcome], now: datetime) -> History:
    """The history once these outcomes are recorded and their effects carried out."""
    fresh = tuple(write for write in history.writes if now - write.at < KEPT)
    history = replace(history, writes=fresh)
    for outcome in outcomes:
        if outcome.rule_id is not None:
            seen = {**history.last_set_off, outcome.rule_id: now}
            history = replace(history, last_set_off=seen)
        if outcome.effect is not None:
            history = _with_effect(history, outcome, outcome.effect, now)
    return history


def _with_effect(
    history: History, outcome: Outcome, effect: Effect, now: datetime
) -> History:
    assert outcome.target is not None
    acted = outcome.rule_id or OWN_SOURCE  # no rule: the score itself
    target, value = outcome.target, acted
    tasks, moves = history.open_tasks, history.waiting_moves
    match effect.action:
        case SetPriority(to=value) | Assign(to=value):
            pass
        case OpenProposal(to=to) | ProposePriority(to=to):
            moves |= {to}
        case OpenTask(kind=TaskKind.RULE):
            tasks |= {acted}
        case OpenTask(kind=kind):
            target, tasks = Target.TASK, tasks | {kind.value}
    write = Write(target, value, now, outcome.cause.next(effect.id))
    is_own = outcome.fate is Fate.FIRED and outcome.rule_id is not None
    return replace(
        history,
        writes=(*history.writes, write),
        last_acted={**history.last_acted, acted: now} if is_own else history.last_acted,
        open_tasks=tasks,
        waiting_moves=moves,
    )


def written(facts: Facts, effect: Effect | None) -> Facts:
    """The facts once the effect is carried out."""
    match effect and effect.action:
        case SetPriority(to=priority):
            return replace(facts, priority=priority)
        case Assign(to=owner):
            return replace(facts, owner=owner)
        case _:
            return facts


def told_as_event(effect: Effect, facts: Facts) -> Event | None:
    """What the effect's write is, told as an event of our own; None: it writes none."""
    match effect.action:
        case SetPriority(to=value):
            kind, data = PRIORITY_KIND, {"to": value.value}
        case Assign(to=value):
            kind, data = ATTRIBUTES_KIND, {"owner": value}
        case _:
            return None
    return Event(
        event_id=str(effect.id),
        source=OWN_SOURCE,
        lead_id=facts.lead_id,
        kind=kind,
        occurred_at=facts.now,
        received_at=facts.now,
        actor=Actor.AUTOMATION,
        data=data,
    )
