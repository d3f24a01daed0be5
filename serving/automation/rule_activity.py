"""What became of each rule so far: when it last acted, and what people said of it."""

from dataclasses import dataclass
from datetime import datetime

from governance.audit.chain import Action
from governance.people.disagreement import By
from governance.people.principal import Principal, PrincipalKind
from serving.automation.override_report import report
from serving.repositories.audit import last_done
from serving.runtime.service import Service

_ACTS = (
    Action.PRIORITY_CHANGED,
    Action.TASK_OPENED,
    Action.PROPOSAL_OPENED,
    Action.OWNER_CHANGED,
    Action.NOTICE_SENT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleUse:
    """`contested`: of the `judged` words of people on what it did, the noes."""

    last_fired: datetime | None
    contested: int
    judged: int


def rule_uses(service: Service) -> dict[str, RuleUse]:
    """By the rule's id, of all rules in the file."""
    rules = [rule.id for rule in service.rules.rule]
    doers = {Principal(PrincipalKind.AUTOMATION, rule_id) for rule_id in rules}
    with service.store.reading() as session:
        fired = last_done(session, doers, _ACTS)
    said = {one.name: one for one in report(service.store, None) if one.by is By.RULE}
    fired_by = {doer.name: at for doer, at in fired.items()}
    return {
        rule_id: RuleUse(
            last_fired=fired_by.get(rule_id),
            contested=said[rule_id].contested if rule_id in said else 0,
            judged=said[rule_id].judged if rule_id in said else 0,
        )
        for rule_id in rules
    }
