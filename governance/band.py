"""The priority that a score calls for, and whether it may be written. Pure.

A score lies in a band; the priority follows when the band changes. In between it stays
as a rule or a person set it.
"""

from explanations.score import Priority
from governance.acting import Desk
from governance.audit import SYSTEM
from governance.cause import Cause
from governance.engine import AN_HOUR
from governance.executor import ProposePriority, SetPriority
from governance.facts import Facts
from governance.history import History
from governance.judgement import Standing
from governance.outcome import Effect, Fate, Outcome
from governance.policy import Verdict, judge_priority
from governance.rule import Target
from governance.setting import Setting


def banded(
    setting: Setting,
    cause: Cause,
    facts: Facts,
    history: History,
    *,
    before: Priority | None,
    to: Priority,
) -> Outcome | None:
    """What becomes of the priority as the score goes from band `before` to `to`.

    None: nothing changes. A lead's first priority is always written.
    """
    if facts.priority is not None and (to is before or to is facts.priority):
        return None
    fate = None if facts.priority is None else _stopped(setting, facts, history)
    if fate is None and facts.standing is Standing.STANDS:
        fate = Fate.REFUSED
    effect = None if fate else _effect(cause, facts, to, setting.desk)
    is_proposed = effect is not None and isinstance(effect.action, ProposePriority)
    if is_proposed and to in history.waiting_moves:
        return None
    return Outcome(
        fate=fate or Fate.FIRED, cause=cause, target=Target.PRIORITY, effect=effect
    )


def _stopped(setting: Setting, facts: Facts, history: History) -> Fate | None:
    if history.is_suspended:
        return Fate.LEAD_SUSPENDED
    if history.is_held:
        return Fate.HELD
    written = history.writes_since(facts.now - AN_HOUR)
    return Fate.TOO_MANY if written >= setting.rules.most_writes_per_hour else None


def _effect(cause: Cause, facts: Facts, to: Priority, desk: Desk) -> Effect:
    effect_id = cause.effect_id(facts.lead_id, SYSTEM.name)
    is_requalifying = facts.priority is not None and facts.after_complex_exchange
    ruling = judge_priority(
        SYSTEM, after_complex_exchange=is_requalifying, standing=facts.standing
    )
    if ruling.verdict is Verdict.APPLY:
        desk.brake.admit(SetPriority(to), desk.pipeline)
        return Effect(id=effect_id, action=SetPriority(to), ruling=ruling)
    proposal = ProposePriority(
        id=effect_id,
        origin=facts.priority,
        to=to,
        clause=ruling.clause,
        asked_by=SYSTEM,
    )
    return Effect(id=effect_id, action=proposal, ruling=ruling)
