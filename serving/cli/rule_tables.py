"""Tables and lines of `frein rules`: a simulation's figures, the state of each rule."""

from collections.abc import Iterator
from dataclasses import replace

import orjson
from rich.table import Table

from governance.leads.automation_context import AutomationContext
from governance.rules.condition import Condition
from governance.rules.engine import Decision, Occurrence
from governance.rules.facts import Facts
from governance.rules.history import History
from governance.rules.messages_fr import IF_SET_OFF, WOULD_ACT, sentence_of
from governance.rules.outcome import Cause, Outcome, RuleResult
from governance.rules.ruleset import Rules
from governance.simulation.replay import Replayed
from governance.simulation.report import Report


def simulation_tables(report: Report, read: Rules) -> Iterator[Table | str]:
    """Figures of a simulation, as tables and sentences."""
    fates = [
        result
        for result in RuleResult
        if any(result in counts for counts in report.fates.values())
    ]
    table = Table("rule", "title", *(result.value for result in fates), "tasks")
    for rule in read.by_priority:
        counts = report.fates.get(rule.id, {})
        numbers = [counts.get(result, 0) for result in fates]
        cells = [f"{n:,}" for n in (*numbers, report.tasks.get(rule.id, 0))]
        table.add_row(rule.id, rule.title, *cells)
    yield table
    ids = {rule.id for rule in read.rule}
    raised = [f"{kind} {n:,}" for kind, n in report.tasks.items() if kind not in ids]
    lost = [
        f"{loser} to {winner} {n:,}"
        for loser, winners in report.lost.items()
        for winner, n in winners.items()
    ]
    looped = [f"{result} {n:,}" for result, n in report.looped.items()]
    for what, parts in (("other tasks", raised), ("lost", lost), ("loops", looped)):
        yield f"{what}: {', '.join(parts) or 'none'}"
    yield _rate(report)


def _rate(report: Report) -> str:
    share = report.share_with_task()
    if share is None:
        return "No lead was open."
    busiest = max(report.weeks, key=lambda week: week.tasks / week.open_leads)
    return (
        f"{report.leads:,} leads, {len(report.weeks)} weeks: in a week {share:.1%} of "
        f"the open leads are given a task ({report.share_with_task('exceptions'):.1%} "
        f"by an exception, {report.share_with_task('rules'):.1%} by a rule, "
        f"{report.share_with_task('decisions'):.1%} to decide on a proposal); most in "
        f"the week of {busiest.monday}: {busiest.tasks / busiest.open_leads:.1%}"
    )


def moment_lines(moment: Replayed) -> Iterator[str]:
    """Outcomes and tasks of a moment, a line each."""
    for outcome in moment.outcomes:
        yield f"{moment.at:%Y-%m-%d %H:%M}  {sentence_of(outcome)}"
    for task in moment.exceptions:
        yield f"{moment.at:%Y-%m-%d %H:%M}  {task.why}"


def rule_lines(
    context: AutomationContext, facts: Facts, history: History
) -> Iterator[str]:
    """Each rule: what becomes of it now, and what would, were it set off."""
    occurrence = Occurrence(Cause.first("tick"))
    decision = Decision(context.rules, occurrence, facts, history, context.assignees)
    for rule, outcome, supposed in decision.explanations():
        yield sentence_of(outcome)
        if outcome.result is RuleResult.NOT_SET_OFF:
            yield f"    {_supposed(supposed, outcome)}"
        for condition in rule.when:
            if not condition.truth(facts):
                yield f"    {described(condition, facts)}"


def _supposed(result: RuleResult, outcome: Outcome) -> str:
    if result is RuleResult.FIRED:
        return WOULD_ACT
    return f"{IF_SET_OFF} {sentence_of(replace(outcome, result=result))}"


def described(condition: Condition, facts: Facts) -> str:
    """A condition as its file has it, and what is known instead."""
    written = condition.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    measure = written.pop("measure", {})
    asks = {k: v for k, v in measure.items() if k not in {"name", "idea"}} | written
    value = condition.value(facts)
    known = round(value, 1) if isinstance(value, float) else value
    return f"{_json(asks)}: {_json(known)}"


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
