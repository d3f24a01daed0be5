"""Activity of each rule so far: when it last acted, and people's opinion of it."""

from dataclasses import dataclass
from datetime import datetime

from governance.audit.chain import Action
from governance.people.disagreement import By
from governance.people.principal import Principal, PrincipalKind
from governance.rules.ruleset import Rules
from serving.automation.override_report import disagreement
from serving.database.engine import Store
from serving.repositories.audit import last_done

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
