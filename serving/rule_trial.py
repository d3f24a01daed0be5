"""A rule tried on the last days of the service's own log, before it acts (again)."""

from dataclasses import dataclass, replace
from datetime import timedelta

from explanations.explain import Explainer
from governance.rules import Rules
from governance.simulation import Simulation
from governance.tally import Report, Tally
from serving.ahead import Made
from serving.errors import RuleUnknownError
from serving.exporting import stored_log
from serving.service import Service
from serving.suspensions import suspended_rules

TRIED_ON = timedelta(days=30)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Trial:
    """What would have come of a rule, beside the others that are active."""

    rule_id: str
    report: Report

    @property
    def fates(self) -> dict[str, int]:
        """How often each, by the value of the fate."""
        return self.report.fates.get(self.rule_id, {})

    @property
    def lost(self) -> dict[str, int]:
        """How often to each other rule."""
        return self.report.lost.get(self.rule_id, {})

    @property
    def won(self) -> dict[str, int]:
        """How often over each other rule."""
        return {
            loser: winners[self.rule_id]
            for loser, winners in self.report.lost.items()
            if self.rule_id in winners
        }

    @property
    def tasks_per_week(self) -> float:
        return self.report.tasks.get(self.rule_id, 0) * (_WEEK / TRIED_ON)


def trial_ahead(service: Service, rule_id: str) -> Made[Trial] | None:
    """The last trial of a rule; None: the first one is under way.

    Raises
    ------
    RuleUnknownError
    RulesError
        If the rule, once active, could fight with another.
    """
    now = service.clock()
    with service.store.reading() as session:
        suspended = suspended_rules(session, now)
    if rule_id not in {rule.id for rule in service.rules.rule}:
        raise RuleUnknownError(rule_id)
    rules = service.rules.trying(rule_id, suspended)
    key = (rule_id, suspended, rules.digest)
    return service.trials.get(key, now, lambda: _tried(service, rule_id, rules))


def _tried(service: Service, rule_id: str, rules: Rules) -> Trial:
    now, tally = service.clock(), Tally()
    loaded = service.models.loaded
    explainer = loaded if isinstance(loaded, Explainer) else None
    simulation = Simulation(
        setting=replace(
            service.setting,
            rules=rules,
            scorer=explainer.scorer.facts if explainer else None,
        ),
        since=now - TRIED_ON,
        until=now,
        explainer=explainer,
    )
    log = stored_log(service, now)
    if log is not None:
        for _, moments in simulation.replayed(log.events, log.about):
            tally.add(moments)
    return Trial(rule_id, tally.report())
