"""A rule tried on the last days of the service's own log, before it acts (again)."""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from heapq import nlargest

from explanations.explain import Explainer
from explanations.score import ModelId
from governance.leads.automation_context import AutomationContext
from governance.rules.outcome import RuleResult
from governance.rules.ruleset import Rules
from governance.simulation.replay import Replayed
from governance.simulation.report import Tally
from governance.simulation.simulation import Simulation
from governance.simulation.trial import MOST_TOUCHES, TRIED_ON, Touch, Trial
from serving.database.engine import Store
from serving.errors import RuleUnknownError
from serving.events.export_log import stored_log
from serving.repositories.suspensions import suspended_rules
from serving.runtime.background_cache import Cached, Failed
from serving.runtime.service import Service
from serving.runtime.worker_process import in_subprocess


def trial_ahead(service: Service, rule_id: str) -> Cached[Trial] | Failed | None:
    """The last trial of a rule; None: the first one is under way.

    Raises
    ------
    RuleUnknownError
    RulesError
        If the rule, once active, could fight with another.
    """
    key, rules = _trial_key(service, rule_id)
    now = service.clock()
    return service.trials.get(key, now, lambda: _dry_run(service, rule_id, rules))


def try_again(service: Service, rule_id: str) -> None:
    """A trial that failed is begun anew by who next asks for it; raises as above."""
    key, _ = _trial_key(service, rule_id)
    service.trials.retry(key)


def _trial_key(service: Service, rule_id: str) -> tuple[Hashable, Rules]:
    """What a trial depends on, and the rules as they would be."""
    with service.store.reading() as session:
        suspended = suspended_rules(session, service.clock())
    if rule_id not in {rule.id for rule in service.rules.rule}:
        raise RuleUnknownError(rule_id)
    rules = service.rules.trying(rule_id, suspended)
    return (rule_id, suspended, rules.digest), rules


def _dry_run(service: Service, rule_id: str, rules: Rules) -> Trial:
    now = service.clock()
    context = replace(service.automation, rules=rules, is_stopped=False)
    loaded = service.models.loaded
    explainer = loaded if isinstance(loaded, Explainer) else None
    if service.trials.in_subprocess:
        model = explainer.model if explainer else None
        return in_subprocess(
            service.store, dry_run_in_subprocess, context, model, rule_id, now
        )
    return dry_run(service.store, context, explainer, rule_id, now)


def dry_run_in_subprocess(
    store: Store,
    context: AutomationContext,
    model: ModelId | None,
    rule_id: str,
    now: datetime,
) -> Trial:
    """As `dry_run`, where no model is loaded yet; raises ModelUnavailableError."""
    from serving.scoring.model_registry import mlflow_registry  # loads MLflow

    explainer = mlflow_registry().load(model) if model else None
    assert explainer is None or isinstance(explainer, Explainer)
    return dry_run(store, context, explainer, rule_id, now)


def dry_run(
    store: Store,
    context: AutomationContext,
    explainer: Explainer | None,
    rule_id: str,
    now: datetime,
) -> Trial:
    """What a rule of the context would have done until now; without a model, rules that
    ask for a score do nothing."""
    tally, touches = Tally(), list[Touch]()
    simulation = Simulation(
        context=replace(context, scorer=explainer.scorer.facts if explainer else None),
        since=now - TRIED_ON,
        until=now,
        explainer=explainer,
    )
    log = stored_log(store, context.assignees.pipeline, now)
    if log is not None:
        for _, moments in simulation.replayed(log.events, log.about):
            tally.add(moments)
            touches += _touches(rule_id, moments)
            if len(touches) > 2 * MOST_TOUCHES:  # memory doesn't grow with the log
                touches = _latest(touches)
    return Trial(rule_id, tally.report(), _latest(touches))


def _touches(rule_id: str, moments: Iterable[Replayed]) -> Iterator[Touch]:
    for moment in moments:
        for outcome in moment.outcomes:
            effect = outcome.effect if outcome.result is RuleResult.FIRED else None
            if outcome.rule_id == rule_id and effect:
                yield Touch(moment.lead_id, moment.at, effect.action)


def _latest(touches: list[Touch]) -> list[Touch]:
    return nlargest(MOST_TOUCHES, touches, key=lambda touch: touch.at)
