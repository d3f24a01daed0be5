"""Report on people's disagreement with the system, from the audit; never by whom.

Who suspends a rule says nothing of one of its doings: it isn't counted here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from governance.audit.chain import SYSTEM, Action
from governance.people.disagreement import By, Disagreement, Judged, disagreements
from governance.people.principal import Principal, PrincipalKind
from governance.policy.effects import ProposalStatus
from governance.rules.ruleset import Rules
from serving.database.engine import Store
from serving.repositories.audit import AuditSummary, audit_summaries, last_done
from serving.repositories.events import attribute_of_leads
from serving.repositories.principals import principals_named

_AGREES = {
    Action.PRIORITY_CONFIRMED: True,
    Action.PRIORITY_CONTESTED: False,
}
_DECIDED = {
    ProposalStatus.CONFIRMED.value: True,
    ProposalStatus.DISMISSED.value: False,
}
_READ = (
    Action.PRIORITY_CHANGED,
    Action.PROPOSAL_OPENED,
    Action.PROPOSAL_CLOSED,
    *_AGREES,
)
_ACTS = (
    Action.PRIORITY_CHANGED,
    Action.TASK_OPENED,
    Action.PROPOSAL_OPENED,
    Action.OWNER_CHANGED,
    Action.NOTICE_SENT,
)


@dataclass(frozen=True, slots=True)
class _Opinion:
    """A yes or no, on which lead, and on whose doing."""

    agrees: bool
    at: datetime
    lead: UUID | None
    rule: str | None
    ideas: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Reading:
    """The audit as it is read: who last set each lead's priority, and for what ideas;
    who opened each proposal."""

    session: Session
    priorities: dict[UUID | None, tuple[str | None, frozenset[str]]] = field(
        default_factory=dict
    )
    proposals: dict[str, str | None] = field(default_factory=dict)
    names: dict[UUID, str | None] = field(default_factory=dict)

    def opinions(self, entries: Iterable[AuditSummary]) -> Iterator[_Opinion]:
        for entry in entries:
            opinion = self._opinion(entry)
            if opinion is not None:
                yield opinion

    def _opinion(self, entry: AuditSummary) -> _Opinion | None:
        match entry.action:
            case Action.PRIORITY_CHANGED:
                reasons = orjson.loads(entry.why).get("reasons", ())
                ideas = frozenset(one["idea"] for one in reasons)
                self.priorities[entry.lead] = (self._rule(entry.who), ideas)
            case Action.PROPOSAL_OPENED:
                self.proposals[entry.subject] = self._rule(entry.who)
            case Action.PROPOSAL_CLOSED:
                return self._decided(entry)
            case _:
                rule, ideas = self.priorities.get(entry.lead, (None, frozenset()))
                agrees = _AGREES[Action(entry.action)]
                return _Opinion(agrees, entry.at, entry.lead, rule, ideas)
        return None

    def _decided(self, entry: AuditSummary) -> _Opinion | None:
        agrees = _DECIDED.get(orjson.loads(entry.after or "{}").get("status"))
        if agrees is None:
            return None
        return _Opinion(agrees, entry.at, entry.lead, self.proposals.get(entry.subject))

    def _rule(self, who: UUID) -> str | None:
        if who not in self.names:
            found = principals_named(self.session, [who]).get(who)
            self.names[who] = found.name if found and _is_rule(found) else None
        return self.names[who]


def disagreement(
    store: Store, segment: str | None, since: datetime | None = None
) -> list[Disagreement]:
    """Where people disagree most, by rule, idea and segment.

    `segment` is the attribute of leads that tells theirs; `since`: what was said from
    then on.
    """
    with store.reading() as session:
        opinions = [
            opinion
            for opinion in _Reading(session).opinions(audit_summaries(session, _READ))
            if since is None or opinion.at >= since
        ]
        leads = {one.lead for one in opinions if one.lead is not None}
        segments = attribute_of_leads(session, leads, segment) if segment else {}
    return disagreements(
        Judged(
            agrees=opinion.agrees,
            rule=opinion.rule,
            ideas=opinion.ideas,
            segment=None if opinion.lead is None else segments.get(opinion.lead),
        )
        for opinion in opinions
    )


def _is_rule(principal: Principal) -> bool:
    return principal.kind is PrincipalKind.AUTOMATION and principal != SYSTEM


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleUse:
    """`contested`: of the `judged` words of people on what it did, the noes."""

    last_fired: datetime | None
    contested: int
    judged: int


def rule_uses(store: Store, rules: Rules) -> dict[str, RuleUse]:
    """By the rule's id, of all rules in the file."""
    rule_ids = [rule.id for rule in rules.rule]
    doers = {Principal(PrincipalKind.AUTOMATION, rule_id) for rule_id in rule_ids}
    with store.reading() as session:
        fired = last_done(session, doers, _ACTS)
    opinions = {one.name: one for one in disagreement(store, None) if one.by is By.RULE}
    fired_by = {doer.name: at for doer, at in fired.items()}
    return {
        rule_id: RuleUse(
            last_fired=fired_by.get(rule_id),
            contested=opinions[rule_id].contested if rule_id in opinions else 0,
            judged=opinions[rule_id].judged if rule_id in opinions else 0,
        )
        for rule_id in rule_ids
    }
