"""What a winning rule does: its effect, ruled on by the policy; or why it has none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from explanations.score import Priority
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
from governance.rules.rule import Recipient, Rule, TaskWanted

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


@dataclass(frozen=True, slots=True)
class RuleAction:
    """The action of a rule that wins, on a lead as it stands."""

    rule: Rule
    cause: Cause
    facts: Facts
    history: History
    assignees: Assignees

    def effect(self) -> AutomaticEffect | RuleResult:
        """The rule's effect, or the result that spares it: NO_CHANGE, REFUSED."""
        then = self.rule.then
        if then.set_priority is not None:
            return self._priority(then.set_priority)
        if then.create_task is not None:
            return self._task(then.create_task)
        if then.propose_move is not None:
            return self._proposal(then.propose_move)
        return self._notice() if then.notify is not None else self._assignment()

    def chain_task(self) -> AutomaticEffect | None:
        """The task that calls a person to a chain of effects; None if one is open."""
        kind = TaskKind.CHAIN_TOO_DEEP
        if kind in self.history.open_tasks:
            return None
        task = OpenTask(
            id=self.cause.effect_id(self.facts.lead_id, kind),
            kind=kind,
            owner=self.assignees.owner(self.facts),
            expected=ExpectedAction.ARBITRATE,
            due_on=due_date(self.facts.now, DAYS_TO_ARBITRATE),
            why=CHAIN_TOO_DEEP.format(rule=self.rule.id),
        )
        return AutomaticEffect(id=task.id, action=task, ruling=_FREE)

    @property
    def _id(self) -> UUID:
        return self.cause.effect_id(self.facts.lead_id, self.rule.id)

    @property
    def _by(self) -> Principal:
        return Principal(PrincipalKind.AUTOMATION, self.rule.id)

    def _priority(self, to: Priority) -> AutomaticEffect | RuleResult:
        if to is self.facts.priority or to in self.history.waiting_moves:
            return RuleResult.NO_CHANGE
        change = PriorityChange(
            after_complex_exchange=self.facts.after_complex_exchange,
            standing=self.facts.standing,
        )
        return priority_effect(
            self._id, self._by, change, to, self.facts, self.assignees
        )

    def _task(self, wanted: TaskWanted) -> AutomaticEffect | RuleResult:
        if self.rule.id in self.history.open_tasks:
            return RuleResult.NO_CHANGE
        task = OpenTask(
            id=self._id,
            kind=TaskKind.RULE,
            owner=self.assignees.owner(self.facts),
            expected=wanted.expected,
            due_on=due_date(self.facts.now, wanted.working_days),
            why=self.rule.why,
            rule_id=self.rule.id,
        )
        return self._admitted(task)

    def _proposal(self, to: str) -> AutomaticEffect | RuleResult:
        """Proposed, though the policy would let it be made: that is what it says."""
        if to in self.history.waiting_moves:
            return RuleResult.NO_CHANGE
        origin, brake = self.facts.stage, self.assignees.brake
        try:
            ruling = brake.judge(
                self._by, StageMove(origin, to), self.assignees.pipeline
            )
        except StageAlreadyHeldError:
            return RuleResult.NO_CHANGE
        if ruling.verdict is Verdict.REFUSE:
            return RuleResult.REFUSED
        proposal = OpenProposal(
            id=self._id,
            origin=origin,
            to=to,
            clause=ruling.clause,
            reason=self.rule.why,
            asked_by=self._by,
        )
        return self._admitted(proposal, Ruling(Verdict.PROPOSE, ruling.clause))

    def _notice(self) -> AutomaticEffect:
        to = self.assignees.owner(self.facts)
        if self.rule.then.notify is Recipient.MANAGER:
            to = self.assignees.manager_or_fallback
        return self._admitted(Notify(to, self.rule.why))

    def _assignment(self) -> AutomaticEffect | RuleResult:
        to = self.rule.then.assign
        if to == Recipient.MANAGER:
            to = self.assignees.manager_or_fallback
        assert to is not None
        if to == self.facts.owner:
            return RuleResult.NO_CHANGE
        return self._admitted(Assign(to, self.facts.owner))

    def _admitted(
        self, action: AutomaticAction, ruling: Ruling = _FREE
    ) -> AutomaticEffect:
        """What passes lock 2; it raises what would not."""
        self.assignees.brake.admit(action, self.assignees.pipeline)
        return AutomaticEffect(id=self._id, action=action, ruling=ruling)


def priority_effect(
    effect_id: UUID,
    by: Principal,
    change: PriorityChange,
    to: Priority,
    facts: Facts,
    assignees: Assignees,
) -> AutomaticEffect | RuleResult:
    """Another priority band, or its proposal, past both locks; or REFUSED."""
    ruling = assignees.brake.judge(by, change, assignees.pipeline)
    if ruling.verdict is Verdict.REFUSE:
        return RuleResult.REFUSED
    action: AutomaticAction = ProposePriority(
        id=effect_id, origin=facts.priority, to=to, clause=ruling.clause, asked_by=by
    )
    if ruling.verdict is Verdict.APPLY:
        action = SetPriority(to, facts.priority, facts.after_complex_exchange)
    assignees.brake.admit(action, assignees.pipeline)
    return AutomaticEffect(id=effect_id, action=action, ruling=ruling)
