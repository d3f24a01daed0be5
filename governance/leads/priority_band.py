"""The priority that a score calls for, and whether it may be written. Pure.

A score lies in a band; the priority follows when the band changes. In between it stays
as a rule or a person set it.
"""

from explanations.score import Priority
from governance.audit.chain import SYSTEM
from governance.leads.automation_context import Setting
from governance.policy.actions import ProposePriority, SetPriority
from governance.policy.policy import PriorityChange, Verdict
from governance.rules.actions import Desk
from governance.rules.engine import AN_HOUR
from governance.rules.facts import Facts
from governance.rules.history import History
from governance.rules.outcome import Cause, Effect, Fate, Outcome
from governance.rules.rule import Target


def band_transition(
    setting: Setting,
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
    stopped = None if is_first else _stopped(setting, facts, history)
    found = stopped or _effect(cause, facts, to, setting.desk)
    if isinstance(found, Fate):
        return Outcome(fate=found, cause=cause, target=Target.PRIORITY)
    return Outcome(fate=Fate.FIRED, cause=cause, target=Target.PRIORITY, effect=found)


def _stopped(setting: Setting, facts: Facts, history: History) -> Fate | None:
    if history.is_suspended:
        return Fate.LEAD_SUSPENDED
    if history.is_held:
        return Fate.HELD
    written = history.writes_since(facts.now - AN_HOUR)
    return Fate.TOO_MANY if written >= setting.rules.most_writes_per_hour else None


def _effect(cause: Cause, facts: Facts, to: Priority, desk: Desk) -> Effect | Fate:
    effect_id = cause.effect_id(facts.lead_id, SYSTEM.name)
    is_first = facts.priority is None
    change = PriorityChange(
        after_complex_exchange=not is_first and facts.after_complex_exchange,
        standing=facts.standing,
    )
    ruling = desk.brake.judge(SYSTEM, change, desk.pipeline)
    if ruling.verdict is Verdict.REFUSE:
        return Fate.REFUSED
    if ruling.verdict is Verdict.APPLY:
        action = SetPriority(to, facts.priority, facts.after_complex_exchange)
        desk.brake.admit(action, desk.pipeline)
        return Effect(id=effect_id, action=action, ruling=ruling)
    proposal = ProposePriority(
        id=effect_id,
        origin=facts.priority,
        to=to,
        clause=ruling.clause,
        asked_by=SYSTEM,
    )
    return Effect(id=effect_id, action=proposal, ruling=ruling)
