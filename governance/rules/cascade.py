"""Effects that set rules off in their turn, to the end of the chain. Pure.

What an effect writes is told as an event of our own, and may set rules off as any
event does, one step deeper. The engine stops a chain; so this ends.
"""

from collections import deque
from dataclasses import dataclass, replace

from features.event import ATTRIBUTES_KIND, Actor, Event
from governance.audit.chain import SYSTEM
from governance.people.overrides import OWN_SOURCE, own_event
from governance.policy.actions import Assign, SetPriority
from governance.rules.actions import Assignees
from governance.rules.engine import Decision, Occurrence, is_worth_writing
from governance.rules.facts import Facts
from governance.rules.history import PRIORITY_KIND, History, facts_after, history_after
from governance.rules.outcome import AutomaticEffect, Outcome
from governance.rules.ruleset import Rules


@dataclass(frozen=True, slots=True)
class Cascaded:
    """All the outcomes, in order, and how lead and history stand thereafter."""

    outcomes: tuple[Outcome, ...]
    facts: Facts
    history: History


def cascade(
    rules: Rules,
    occurrence: Occurrence,
    facts: Facts,
    history: History,
    assignees: Assignees,
) -> Cascaded:
    """What an occurrence sets off, and what that sets off, until all is quiet."""
    waiting = deque([occurrence])
    outcomes: list[Outcome] = []
    while waiting:
        decision = Decision(rules, waiting.popleft(), facts, history, assignees)
        decided = decision.outcomes()
        history = history_after(history, decided, facts.now)
        for outcome in decided:
            outcomes.append(replace(outcome, event=occurrence.event))
            if outcome.effect is not None:
                facts = facts_after(facts, outcome.effect)
                write = own_write(outcome.effect, facts)
                if write is not None:
                    cause = outcome.cause.next(outcome.effect.id)
                    waiting.append(Occurrence(cause, write))
        if is_worth_writing(history.score_written, facts.score):
            history = replace(history, score_written=facts.score)
    return Cascaded(tuple(outcomes), facts, history)


def is_own_write(event: Event) -> bool:
    """Is it a rule's write, as `own_write` has it?"""
    is_ours = event.source == OWN_SOURCE and event.actor is Actor.AUTOMATION
    return is_ours and event.kind in {PRIORITY_KIND, ATTRIBUTES_KIND}


def own_write(effect: AutomaticEffect, facts: Facts) -> Event | None:
    """What the effect's write is, told as an event of our own; None: it writes none."""
    match effect.action:
        case SetPriority(to=value):
            kind, data = PRIORITY_KIND, {"to": value.value}
        case Assign(to=value):
            kind, data = ATTRIBUTES_KIND, {"owner": value}
        case _:
            return None
    return own_event(effect.id, facts.lead_id, kind, SYSTEM, data, facts.now)
