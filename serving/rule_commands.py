"""`frein rules`: list, check, simulate, explain. Nothing here writes to the store."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from governance.exceptions import EXCEPTIONS_FILE
from governance.rules import RULES_FILE

if TYPE_CHECKING:
    import polars as pl

    from explanations.explain import Explainer
    from governance.condition import Condition
    from governance.facts import Facts
    from governance.history import History
    from governance.replay import Replayed, Setting
    from governance.rules import Rules
    from governance.simulation import Simulation
    from governance.tally import Report

EVENTS_AT_ONCE = 60_000  # about a thousand leads

rules = typer.Typer(help="What automation does by itself.", no_args_is_help=True)
out = Console()
err = Console(stderr=True)

LogFolder = Annotated[Path, typer.Option("--log", help="The folder of a log.")]
RulesFile = Annotated[Path, typer.Option("--rules", help="The file of rules.")]
CasesFile = Annotated[
    Path, typer.Option("--exceptions", help="The file of exceptions.")
]
ModelVersion = Annotated[
    str | None, typer.Option("--model", help="A registered version; else the champion.")
]
WithoutModel = Annotated[
    bool, typer.Option("--without-model", help="No score is known, nor usual delay.")
]


@rules.command("list")
def list_rules(file: RulesFile = RULES_FILE) -> None:
    """List the rules, the first by priority first."""
    read = _read(file)
    table = Table("id", "priority", "title", "set off by", "writes", "owner", "state")
    for rule in read.by_priority:
        table.add_row(
            rule.id,
            str(rule.priority),
            rule.title,
            rule.on.kind,
            rule.target.value,
            rule.owner,
            rule.state.value,
        )
    out.print(table)
    out.print(f"version {read.version}, {read.digest[:12]}", highlight=False)


@rules.command("check")
def check_rules(
    file: Annotated[Path, typer.Argument(help="A file of rules.")] = RULES_FILE,
) -> None:
    """Check a file of rules; what is wrong is told with its line."""
    read = _read(file)
    out.print(f"{file}: version {read.version}, {len(read.rule)} rules, sound")


@rules.command("simulate")
def simulate(  # noqa: PLR0913, PLR0917 - each is an option
    log: LogFolder,
    since: Annotated[
        datetime | None, typer.Option(help="In UTC; else the log's beginning.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(help="In UTC; else the log's end.")
    ] = None,
    model: ModelVersion = None,
    without_model: WithoutModel = False,
    file: RulesFile = RULES_FILE,
    exceptions: CasesFile = EXCEPTIONS_FILE,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Replay a log and show what would have fired, won, lost, looped, and the tasks."""
    import orjson

    from features.log import log_parts
    from governance.tally import Tally

    explainer = None if without_model else _explainer(model)
    tally = Tally()
    with (
        Progress(console=err, transient=True) as bar,
        log_parts(log, events_at_once=EVENTS_AT_ONCE) as parts,
    ):
        simulation = _simulation(
            _setting(file, exceptions, explainer),
            explainer,
            (_in_utc(since), _in_utc(until) or parts.end),
        )
        task = bar.add_task("Replaying", total=parts.n_parts)
        for events in parts.parts:
            _refuse_another_log(explainer, events, parts.about.name)
            for _, moments in simulation.replayed(events, parts.about):
                tally.add(moments)
            bar.advance(task)
    report = tally.report()
    if as_json:
        typer.echo(orjson.dumps(report.as_json(), option=orjson.OPT_INDENT_2))
    else:
        _tell(report, simulation.setting.rules)


@rules.command("explain")
def explain_rules(
    lead: Annotated[str, typer.Argument(help="The lead's identifier.")],
    log: LogFolder,
    model: ModelVersion = None,
    without_model: WithoutModel = False,
    file: RulesFile = RULES_FILE,
    exceptions: CasesFile = EXCEPTIONS_FILE,
) -> None:
    """Say which rules would fire on a lead at the log's end, and why not the others."""
    import polars as pl

    from features.log import last_known_at, read_log
    from serving.errors import LeadUnknownError

    explainer = None if without_model else _explainer(model)
    read = read_log(log)
    events = read.events.filter(pl.col("lead_id") == lead)
    if events.is_empty():
        raise LeadUnknownError(lead)
    _refuse_another_log(explainer, events, read.about.name)
    simulation = _simulation(
        _setting(file, exceptions, explainer),
        explainer,
        (None, last_known_at(read.events.lazy())),
    )
    found = simulation.standing(events, read.about)
    if found is None:
        out.print("The lead has not lived through a day yet.")
        return
    standing, past = found
    for moment in past:
        for line in _recorded(moment):
            typer.echo(line)
    out.rule(f"{lead}, {standing.facts.now:%Y-%m-%d %H:%M} UTC")
    for line in _stands(simulation.setting, standing.facts, standing.history):
        typer.echo(line)


# --- What is put together ---------------------------------------------------


def _read(file: Path) -> "Rules":
    from governance.pipeline import read_pipeline
    from governance.rules import read_rules
    from serving.settings import Settings

    return read_rules(file, read_pipeline(Settings().pipeline_file))


def _explainer(version: str | None) -> "Explainer":
    from explanations.explain import Explainer
    from serving.commands import champion

    with err.status("Loading the model…"):
        loaded = champion(version)
    assert isinstance(loaded, Explainer)  # the registry's own
    return loaded


def _setting(
    rules_file: Path, cases_file: Path, explainer: "Explainer | None"
) -> "Setting":
    from governance.acting import Desk
    from governance.exceptions import read_cases
    from governance.pipeline import read_pipeline
    from governance.replay import Setting
    from serving.settings import Settings

    settings = Settings()
    return Setting(
        rules=_read(rules_file),
        cases=read_cases(cases_file),
        desk=Desk(
            pipeline=read_pipeline(settings.pipeline_file),
            fallback_owner=settings.fallback_owner,
        ),
        scorer=None if explainer is None else explainer.scorer.facts,
    )


def _simulation(
    setting: "Setting",
    explainer: "Explainer | None",
    period: tuple[datetime | None, datetime],
) -> "Simulation":
    from governance.simulation import Simulation

    since, until = period
    if since is not None and since > until:
        raise typer.BadParameter(f"--since {since:%Y-%m-%d} is after {until:%Y-%m-%d}")
    return Simulation(
        setting=setting,
        since=since or datetime.min.replace(tzinfo=UTC),
        until=until,
        explainer=explainer,
    )


def _refuse_another_log(
    explainer: "Explainer | None", events: "pl.DataFrame", name: str
) -> None:
    from features.errors import ModelUnavailableError

    if explainer is not None and not explainer.reads(events):
        raise ModelUnavailableError(
            f"model {explainer.model.name} {explainer.model.version} was trained on "
            f"another sort of log than {name!r}: name a version with --model, or say "
            "--without-model"
        )


def _in_utc(instant: datetime | None) -> datetime | None:
    return None if instant is None else instant.replace(tzinfo=UTC)


# --- What is told -----------------------------------------------------------


def _tell(report: "Report", read: "Rules") -> None:
    from governance.outcome import Fate

    fates = [fate for fate in Fate if any(fate in of for of in report.fates.values())]
    table = Table("rule", "title", *(fate.value for fate in fates), "tasks")
    for rule in read.by_priority:
        counts = report.fates.get(rule.id, {})
        numbers = [counts.get(fate, 0) for fate in fates]
        cells = [f"{n:,}" for n in (*numbers, report.tasks.get(rule.id, 0))]
        table.add_row(rule.id, rule.title, *cells)
    out.print(table)
    ids = {rule.id for rule in read.rule}
    raised = [f"{kind} {n:,}" for kind, n in report.tasks.items() if kind not in ids]
    lost = [
        f"{loser} to {winner} {n:,}"
        for loser, winners in report.lost.items()
        for winner, n in winners.items()
    ]
    looped = [f"{fate} {n:,}" for fate, n in report.looped.items()]
    for what, parts in (("exceptions", raised), ("lost", lost), ("loops", looped)):
        out.print(f"{what}: {', '.join(parts) or 'none'}", highlight=False)
    out.print(_rate(report), highlight=False)


def _rate(report: "Report") -> str:
    share = report.share_with_task()
    if share is None:
        return "No lead was open."
    busiest = max(report.weeks, key=lambda week: week.tasks / week.open_leads)
    return (
        f"{report.leads:,} leads, {len(report.weeks)} weeks: in a week {share:.1%} of "
        f"the open leads are given a task ({report.share_with_task('exceptions'):.1%} "
        f"by an exception, {report.share_with_task('rules'):.1%} by a rule); most in "
        f"the week of {busiest.monday}: {busiest.tasks / busiest.open_leads:.1%}"
    )


def _recorded(moment: "Replayed") -> Iterator[str]:
    from governance.sentences import told

    for outcome in moment.outcomes:
        yield f"{moment.at:%Y-%m-%d %H:%M}  {told(outcome)}"
    for task in moment.exceptions:
        yield f"{moment.at:%Y-%m-%d %H:%M}  {task.why}"


def _stands(setting: "Setting", facts: "Facts", history: "History") -> Iterator[str]:
    """Each rule: what becomes of it now, and what would, were it set off."""
    from governance.cause import Cause
    from governance.engine import Happening, explained
    from governance.outcome import Fate, Outcome
    from governance.sentences import IF_SET_OFF, told

    happening = Happening(Cause.first("tick"))
    found = explained(setting.rules, happening, facts, history, setting.desk)
    for rule, (outcome, supposed) in zip(setting.rules.by_priority, found, strict=True):
        yield told(outcome)
        if outcome.fate is Fate.NOT_SET_OFF:
            then = Outcome(fate=supposed, cause=outcome.cause, rule_id=rule.id)
            yield f"    {IF_SET_OFF} {told(then)}"
        for condition in rule.when:
            if not condition.truth(facts):
                yield f"    {described(condition, facts)}"


def described(condition: "Condition", facts: "Facts") -> str:
    """A condition as its file has it, and what is known instead."""
    import orjson

    written = condition.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    measure = written.pop("measure", {})
    asked = {k: v for k, v in measure.items() if k not in {"name", "idea"}} | written
    value = condition.value(facts)
    return f"{orjson.dumps(asked).decode()}: {value}"
