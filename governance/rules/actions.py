"""What a winning rule does: its effect, ruled on by the policy; or why it has none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from governance.errors import StageAlreadyHeldError
from governance.people.principal import Principal, PrincipalKind
from governance.policy.actions import (
    Assign,
    AutomaticAction,
    Notify,
    OpenProposal,
    ProposePriority,
    SetPriority,
)
from governance.policy.business_days import due_date
from governance.policy.locks import Brake
from governance.policy.pipeline import Pipeline
from governance.policy.policy import Clause, PriorityChange, Ruling, StageMove, Verdict
from governance.policy.task import ExpectedAction, OpenTask, TaskKind, owner_of
from governance.rules.facts import Facts
from governance.rules.history import History
from governance.rules.messages_fr import CHAIN_TOO_DEEP
from governance.rules.outcome import AutomaticEffect, Cause, RuleResult
from governance.rules.rule import Recipient, Rule

DAYS_TO_ARBITRATE = 2  # working days, as for a proposal (settings of the service)
_FREE = Ruling(Verdict.APPLY, Clause.ACTION_FREE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignees:
    """Whom rules answer to: the brake, the pipeline, and the people there are.

    `substitutes`: who answers for the leads of those who left, by name; "" for nobody.
    """

    pipeline: Pipeline
    fallback_owner: str
    manager: str | None = None
    brake: Brake = field(default_factory=Brake)
    substitutes: Mapping[str, str] = field(default_factory=dict)

    def owner(self, facts: Facts) -> str:
        return self.owner_of(facts.owner)

    def owner_of(self, lead_owner: str | None) -> str:
        """Who answers for a lead: never nobody."""
        named = (lead_owner or "").strip()
        there = self.substitutes.get(named, named)
        return owner_of(there, self.fallback_owner, self.manager)

    @property
    def manager_or_fallback(self) -> str:
        return owner_of(None, self.fallback_owner, self.manager)


def effect_of(
    rule: Rule, cause: Cause, facts: Facts, history: History, assignees: Assignees
) -> AutomaticEffect | RuleResult:
    """The rule's effect, or the result that spares it: NO_CHANGE, REFUSED."""
    doing = _Doing(
        rule, cause.effect_id(facts.lead_id, rule.id), facts, history, assignees
    )
    then = rule.then
    if then.set_priority is not None:
        return doing.priority()
    if then.create_task is not None:
        return doing.task()
    if then.propose_move is not None:
        return doing.proposal(then.propose_move)
    return doing.notice() if then.notify is not None else doing.assignment()


def task_for_chain(
    rule: Rule, cause: Cause, facts: Facts, history: History, assignees: Assignees
) -> AutomaticEffect | None:
    """The task that calls a person to a chain of effects; None if one is open."""
    kind = TaskKind.CHAIN_TOO_DEEP
    if kind in history.open_tasks:
        return None
    task = OpenTask(
        id=cause.effect_id(facts.lead_id, kind),
        kind=kind,
        owner=assignees.owner(facts),
        expected=ExpectedAction.ARBITRATE,
        due_on=due_date(facts.now, DAYS_TO_ARBITRATE),
        why=CHAIN_TOO_DEEP.format(rule=rule.id),
    )
    return AutomaticEffect(id=task.id, action=task, ruling=_FREE)


@dataclass(frozen=True, slots=True)
class _Doing:
    rule: Rule
    id: UUID
    facts: Facts
    history: History
    assignees: Assignees

    @property
    def _by(self) -> Principal:
        return Principal(PrincipalKind.AUTOMATION, self.rule.id)

    def priority(self) -> AutomaticEffect | RuleResult:
        to = self.rule.then.set_priority
        assert to is not None
        if to is self.facts.priority or to in self.history.waiting_moves:
            return RuleResult.NO_CHANGE
        change = PriorityChange(
            after_complex_exchange=self.facts.after_complex_exchange,
            standing=self.facts.standing,
        )
        ruling = self.assignees.brake.judge(self._by, change, self.assignees.pipeline)
        if ruling.verdict is Verdict.REFUSE:
            return RuleResult.REFUSED
        if ruling.verdict is Verdict.APPLY:
            origin, is_complex = self.facts.priority, self.facts.after_complex_exchange
            return self._effect(SetPriority(to, origin, is_complex), ruling)
        proposal = ProposePriority(
            id=self.id,
            origin=self.facts.priority,
            to=to,
            clause=ruling.clause,
            asked_by=self._by,
        )
        return self._effect(proposal, ruling)

    def task(self) -> AutomaticEffect | RuleResult:
        wanted = self.rule.then.create_task
        assert wanted is not None
        if self.rule.id in self.history.open_tasks:
            return RuleResult.NO_CHANGE
        task = OpenTask(
            id=self.id,
            kind=TaskKind.RULE,
            owner=self.assignees.owner(self.facts),
            expected=wanted.expected,
            due_on=due_date(self.facts.now, wanted.working_days),
            why=self.rule.why,
            rule_id=self.rule.id,
        )
        return self._effect(task, _FREE)

    def proposal(self, to: str) -> AutomaticEffect | RuleResult:
        """Proposed, though the policy would let it be made: that is what it says."""
        if to in self.history.waiting_moves:
            return RuleResult.NO_CHANGE
        move = StageMove(origin=self.facts.stage, to=to)
        try:
            ruling = self.assignees.brake.judge(self._by, move, self.assignees.pipeline)
        except StageAlreadyHeldError:
            return RuleResult.NO_CHANGE
        if ruling.verdict is Verdict.REFUSE:
            return RuleResult.REFUSED
        proposal = OpenProposal(
            id=self.id,
            origin=move.origin,
            to=to,
            clause=ruling.clause,
            reason=self.rule.why,
            asked_by=self._by,
        )
        return self._effect(proposal, Ruling(Verdict.PROPOSE, ruling.clause))

    def notice(self) -> AutomaticEffect:
        is_boss = self.rule.then.notify is Recipient.MANAGER
        to = (
            self.assignees.manager_or_fallback
            if is_boss
            else self.assignees.owner(self.facts)
        )
        return self._effect(Notify(to, self.rule.why), _FREE)

    def assignment(self) -> AutomaticEffect | RuleResult:
        named = self.rule.then.assign
        assert named is not None
        to = self.assignees.manager_or_fallback if named == Recipient.MANAGER else named
        if to == self.facts.owner:
            return RuleResult.NO_CHANGE
        return self._effect(Assign(to, self.facts.owner), _FREE)

    def _effect(self, action: AutomaticAction, ruling: Ruling) -> AutomaticEffect:
        """What passes lock 2; it raises what would not."""
        self.assignees.brake.admit(action, self.assignees.pipeline)
        return AutomaticEffect(id=self.id, action=action, ruling=ruling)
