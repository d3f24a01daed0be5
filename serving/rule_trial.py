"""A rule tried on the last days of the service's own log, before it acts (again)."""

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import nlargest

from explanations.explain import Explainer
from explanations.score import ModelId
from governance.executor import AutomaticAction
from governance.outcome import Fate
from governance.replay import Replayed
from governance.rules import Rules
from governance.setting import Setting
from governance.simulation import Simulation
from governance.tally import Report, Tally
from serving.ahead import Failed, Made
from serving.apart import apart
from serving.database import Store
from serving.errors import RuleUnknownError
from serving.exporting import stored_log
from serving.service import Service
from serving.suspensions import suspended_rules

TRIED_ON = timedelta(days=30)
MOST_TOUCHES = 2_000  # kept of a trial: some hundred kilobytes
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Touch:
    """What a rule would have done to a lead, and when."""

    lead_id: str
    at: datetime
    action: AutomaticAction


@dataclass(frozen=True, slots=True)
class Trial:
    """What would have come of a rule, beside the others that are active.

    `touches`: the latest MOST_TOUCHES, the latest first.
    """

    rule_id: str
    report: Report
    touches: Sequence[Touch] = ()

    def touches_on(self, leads: Collection[str]) -> list[Touch]:
        """Those on some leads, the latest first."""
        return [one for one in self.touches if one.lead_id in leads]

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


def trial_ahead(service: Service, rule_id: str) -> Made[Trial] | Failed | None:
    """The last trial of a rule; None: the first one is under way.

    Raises
    ------
    RuleUnknownError
    RulesError
        If the rule, once active, could fight with another.
    """
    key, rules = _asked(service, rule_id)
    now = service.clock()
    return service.trials.get(key, now, lambda: _tried(service, rule_id, rules))


def try_again(service: Service, rule_id: str) -> None:
    """A trial that failed is begun anew by who next asks for it; raises as above."""
    key, _ = _asked(service, rule_id)
    service.trials.retry(key)


def _asked(service: Service, rule_id: str) -> tuple[Hashable, Rules]:
    """What a trial depends on, and the rules as they would be."""
    with service.store.reading() as session:
        suspended = suspended_rules(session, service.clock())
    if rule_id not in {rule.id for rule in service.rules.rule}:
        raise RuleUnknownError(rule_id)
    rules = service.rules.trying(rule_id, suspended)
    return (rule_id, suspended, rules.digest), rules


def _tried(service: Service, rule_id: str, rules: Rules) -> Trial:
    setting, now = replace(service.setting, rules=rules), service.clock()
    loaded = service.models.loaded
    explainer = loaded if isinstance(loaded, Explainer) else None
    if service.trials.apart:
        model = explainer.model if explainer else None
        return apart(service.store, tried_apart, setting, model, rule_id, now)
    return tried(service.store, setting, explainer, rule_id, now)


def tried_apart(
    store: Store, setting: Setting, model: ModelId | None, rule_id: str, now: datetime
) -> Trial:
    """As `tried`, where no model is loaded yet; raises ModelUnavailableError."""
    from serving.registry import mlflow_registry  # loads MLflow

    explainer = mlflow_registry().load(model) if model else None
    assert explainer is None or isinstance(explainer, Explainer)
    return tried(store, setting, explainer, rule_id, now)


def tried(
    store: Store,
    setting: Setting,
    explainer: Explainer | None,
    rule_id: str,
    now: datetime,
) -> Trial:
    """What a rule of the setting would have done until now; without a model, rules that
    ask for a score do nothing."""
    tally, touches = Tally(), list[Touch]()
    simulation = Simulation(
        setting=replace(setting, scorer=explainer.scorer.facts if explainer else None),
        since=now - TRIED_ON,
        until=now,
        explainer=explainer,
    )
    log = stored_log(store, setting.desk.pipeline, now)
    if log is not None:
        for _, moments in simulation.replayed(log.events, log.about):
            tally.add(moments)
            touches += _touches(rule_id, moments)
            if len(touches) > 2 * MOST_TOUCHES:  # memory doesn't grow with the log
                touches = _latest(touches)
    return Trial(rule_id, tally.report(), _latest(touches))


def _touches(rule_id: str, moments: Iterable[Replayed]) -> Iterator[Touch]:
    for moment in moments:
        for one in moment.outcomes:
            if one.rule_id == rule_id and one.fate is Fate.FIRED and one.effect:
                yield Touch(moment.lead_id, moment.at, one.effect.action)


def _latest(touches: list[Touch]) -> list[Touch]:
    return nlargest(MOST_TOUCHES, touches, key=lambda one: one.at)
