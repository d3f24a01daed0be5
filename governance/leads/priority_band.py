"""The priority that a score calls for, and whether it may be written. Pure.

A score lies in a band; the priority follows when the band changes. In between it stays
as a rule or a person set it.
"""

from explanations.score import Priority
from governance.audit.chain import SYSTEM
from governance.leads.automation_context import AutomationContext
from governance.policy.policy import PriorityChange
from governance.rules.actions import priority_effect
from governance.rules.engine import AN_HOUR
from governance.rules.facts import Facts
from governance.rules.history import History
from governance.rules.outcome import Cause, Outcome, RuleResult
from governance.rules.rule import Target


def band_transition(
    context: AutomationContext,
    cause: Cause,
    facts: Facts,
    history: History,
    *,
    before: Priority | None,
    to: Priority,
) -> Outcome | None:
    """What becomes of the priority as the score goes from band `before` to `to`.

    None: nothing changes, or a person is asked about that priority already. A lead's
    first priority is always written.
    """
    if facts.priority is not None and (to is before or to is facts.priority):
        return None
    if to in history.waiting_moves:
        return None
    is_first = facts.priority is None
    change = PriorityChange(
        after_complex_exchange=not is_first and facts.after_complex_exchange,
        standing=facts.standing,
    )
    effect_id = cause.effect_id(facts.lead_id, SYSTEM.name)
    written = history.writes_since(facts.now - AN_HOUR)
    is_too_many = written >= context.rules.most_writes_per_hour
    stopped = history.stopped_by or (RuleResult.TOO_MANY if is_too_many else None)
    effect = (None if is_first else stopped) or priority_effect(
        effect_id, SYSTEM, change, to, facts, context.assignees
    )
    if isinstance(effect, RuleResult):
        return Outcome(result=effect, cause=cause, target=Target.PRIORITY)
    return Outcome(
        result=RuleResult.FIRED, cause=cause, target=Target.PRIORITY, effect=effect
    )
