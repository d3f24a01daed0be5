"""`frein rules`: list, check, simulate, explain. Nothing here writes to the store."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress
from rich.table import Table

from serving.cli.service import Lead, ModelVersion, champion, err, in_utc, out

if TYPE_CHECKING:
    import polars as pl

    from explanations.explain import Explainer
    from governance.rules.ruleset import Rules
    from governance.simulation.simulation import Simulation

rules = typer.Typer(help="What automation does by itself.", no_args_is_help=True)

LogPlace = Annotated[
    str, typer.Option("--log", help="A log: a folder, or s3://bucket/prefix.")
]
RulesFile = Annotated[
    Path | None, typer.Option("--rules", help="The rules; else those shipped.")
]
CasesFile = Annotated[
    Path | None, typer.Option("--exceptions", help="The cases; else those shipped.")
]
WithoutModel = Annotated[
    bool, typer.Option("--without-model", help="No score is known, nor usual delay.")
]


@rules.command("list")
def list_rules(file: RulesFile = None) -> None:
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
    file: Annotated[Path, typer.Argument(help="A file of rules.")],
) -> None:
    """Check a file of rules; what is wrong is told with its line."""
    read = _read(file)
    out.print(f"{file}: version {read.version}, {len(read.rule)} rules, sound")


@rules.command("simulate")
def simulate(  # noqa: PLR0913, PLR0917 - each is an option
    log: LogPlace,
    since: Annotated[
        datetime | None, typer.Option(help="In UTC; else the log's beginning.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(help="In UTC; else the log's end.")
    ] = None,
    model: ModelVersion = None,
    without_model: WithoutModel = False,
    file: RulesFile = None,
    exceptions: CasesFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Replay a log and show what would have fired, won, lost, looped, and the tasks."""
    import orjson

    from features.log import open_log
    from governance.simulation.report import Tally
    from serving.cli.rule_tables import simulation_tables

    explainer = None if without_model else _explainer(model)
    tally = Tally()
    dataset = open_log(log)
    period = in_utc(since), in_utc(until) or dataset.end
    simulation = _simulation(file, exceptions, explainer, period)
    with Progress(console=err, transient=True) as bar:
        task = bar.add_task("Replaying", total=len(dataset.buckets))
        for bucket in dataset.buckets:
            events = bucket.read()
            _refuse_another_log(explainer, events, dataset.about.name)
            for _, moments in simulation.replayed(events, dataset.about):
                tally.add(moments)
            bar.advance(task)
    report = tally.report()
    if as_json:
        typer.echo(orjson.dumps(report.as_json(), option=orjson.OPT_INDENT_2))
    else:
        for table in simulation_tables(report, simulation.context.rules):
            out.print(table, highlight=False)


@rules.command("explain")
def explain_rules(
    lead: Lead,
    log: LogPlace,
    model: ModelVersion = None,
    without_model: WithoutModel = False,
    file: RulesFile = None,
    exceptions: CasesFile = None,
) -> None:
    """Say which rules would fire on a lead at the log's end, and why not the others."""
    import polars as pl

    from features.log import last_known_at, read_log
    from serving.cli.rule_tables import moment_lines, rule_lines
    from serving.errors import LeadUnknownError

    explainer = None if without_model else _explainer(model)
    read = read_log(log)
    events = read.events.filter(pl.col("lead_id") == lead)
    if events.is_empty():
        raise LeadUnknownError(lead)
    _refuse_another_log(explainer, events, read.about.name)
    period = None, last_known_at(read.events.lazy())
    simulation = _simulation(file, exceptions, explainer, period)
    state = simulation.standing(events, read.about)
    if state is None:
        out.print("The lead has not lived through a day yet.")
        return
    facts, history, past = state
    for moment in past:
        for line in moment_lines(moment):
            typer.echo(line)
    out.rule(f"{lead}, {facts.now:%Y-%m-%d %H:%M} UTC")
    for line in rule_lines(simulation.context, facts, history):
        typer.echo(line)


# --- What is put together ---------------------------------------------------


def _read(file: Path | None) -> "Rules":
    from governance.policy.pipeline import read_pipeline
    from governance.rules.ruleset import RULES_FILE, read_rules
    from serving.runtime.settings import Settings

    return read_rules(file or RULES_FILE, read_pipeline(Settings().pipeline_file))


def _explainer(version: str | None) -> "Explainer":
    from explanations.explain import Explainer

    with err.status("Loading the model…"):
        loaded = champion(version)
    assert isinstance(loaded, Explainer)  # the registry's own
    return loaded


def _simulation(
    rules_file: Path | None,
    cases_file: Path | None,
    explainer: "Explainer | None",
    period: tuple[datetime | None, datetime],
) -> "Simulation":
    from governance.leads.automation_context import AutomationContext
    from governance.people.feedback import read_judgement
    from governance.policy.pipeline import read_pipeline
    from governance.rules.actions import Assignees
    from governance.rules.exception_cases import EXCEPTIONS_FILE, read_cases
    from governance.simulation.simulation import Simulation
    from serving.runtime.settings import Settings

    since, until = period
    settings = Settings()
    context = AutomationContext(
        rules=_read(rules_file),
        cases=read_cases(cases_file or EXCEPTIONS_FILE),
        assignees=Assignees(
            pipeline=read_pipeline(settings.pipeline_file),
            fallback_owner=settings.fallback_owner,
        ),
        scorer=None if explainer is None else explainer.scorer.facts,
        judgement=read_judgement(),
    )
    if since is not None and since > until:
        raise typer.BadParameter(f"--since {since:%Y-%m-%d} is after {until:%Y-%m-%d}")
    return Simulation(
        context=context,
        since=since or datetime.min.replace(tzinfo=UTC),
        until=until,
        explainer=explainer,
    )


def _refuse_another_log(
    explainer: "Explainer | None", events: "pl.DataFrame", name: str
) -> None:
    from training.errors import ModelUnavailableError

    if explainer is not None and not explainer.reads(events):
        raise ModelUnavailableError(
            f"model {explainer.model.name} {explainer.model.version} was trained on "
            f"another sort of log than {name!r}: name a version with --model, or say "
            "--without-model"
        )
