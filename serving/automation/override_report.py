"""Report on people's disagreement with the system, from the audit; never by whom.

Who suspends a rule says nothing of one of its doings: it isn't counted here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
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


def disagreement(
    store: Store, segment: str | None, since: datetime | None = None
) -> list[Disagreement]:
    """Where people disagree most, by rule, idea and segment.

    `segment` is the attribute of leads that tells theirs; `since`: what was said from
    then on.
    """
    with store.reading() as session:
        opinions = [
            (entry.lead, opinion)
            for entry, opinion in _opinions(session)
            if since is None or entry.at >= since
        ]
        leads = {lead for lead, _ in opinions if lead is not None}
        segments = attribute_of_leads(session, leads, segment) if segment else {}
    return disagreements(
        replace(opinion, segment=segments.get(lead) if lead else None)
        for lead, opinion in opinions
    )


def _opinions(session: Session) -> Iterator[tuple[AuditSummary, Judged]]:
    """Each yes or no in the audit, on the doing of a rule or of none."""
    priorities: dict[UUID | None, tuple[str | None, frozenset[str]]] = {}
    proposals: dict[str, str | None] = {}

    @cache
    def rule_of(who: UUID) -> str | None:
        principal = principals_named(session, [who]).get(who)
        return principal.name if principal and _is_rule(principal) else None

    for entry in audit_summaries(session, _READ):
        agrees: bool | None = None
        rule, ideas = priorities.get(entry.lead, (None, frozenset()))
        match entry.action:
            case Action.PRIORITY_CHANGED:
                reasons = orjson.loads(entry.why).get("reasons", ())
                ideas = frozenset(reason["idea"] for reason in reasons)
                priorities[entry.lead] = (rule_of(entry.who), ideas)
            case Action.PROPOSAL_OPENED:
                proposals[entry.subject] = rule_of(entry.who)
            case Action.PROPOSAL_CLOSED:
                agrees = _DECIDED.get(orjson.loads(entry.after or "{}").get("status"))
                rule, ideas = proposals.get(entry.subject), frozenset()
            case _:
                agrees = _AGREES[Action(entry.action)]
        if agrees is not None:
            yield entry, Judged(agrees=agrees, rule=rule, ideas=ideas, segment=None)


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
    opinions = {
        group.name: group for group in disagreement(store, None) if group.by is By.RULE
    }
    fired_by = {doer.name: at for doer, at in fired.items()}
    return {
        rule_id: RuleUse(
            last_fired=fired_by.get(rule_id),
            contested=opinions[rule_id].contested if rule_id in opinions else 0,
            judged=opinions[rule_id].judged if rule_id in opinions else 0,
        )
        for rule_id in rule_ids
    }
