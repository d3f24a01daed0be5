"""`frein evaluate` and `frein compare`."""

from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from training.cli.train import LogPlace

if TYPE_CHECKING:
    from training.evaluation.comparison import Compared
    from training.evaluation.evaluation import Evaluation
    from training.metrics.bootstrap import Interval
    from training.registry.candidates import Candidate

evaluating = typer.Typer()
out = Console()
err = Console(stderr=True)

ON_SCREEN = ("auc", "log_loss")  # of a group; MLflow has the rest


@evaluating.command("evaluate")
def evaluate_model(
    log: LogPlace,
    model: Annotated[
        str | None, typer.Option(help="A registered version; else the champion.")
    ] = None,
) -> None:
    """Measure a model, the champion and the baselines on the newest leads.

    Whole, by segment and by age, with 95 % intervals; logged to MLflow.
    """
    from features.log import log_digest, log_in_parts
    from training.evaluation.evaluation import evaluated, record_evaluation
    from training.registry.candidates import candidate, loaded
    from training.registry.registry import current_champion

    with err.status("Loading the models…") as status:
        measured = candidate(model) if model else loaded(current_champion())
        champion = _other_champion(measured)
        read = log_in_parts(log)
        evaluation = evaluated(
            read, measured, champion, phase=lambda name: status.update(f"{name}…")
        )
        status.update("Logging to MLflow…")
        run_id = record_evaluation(evaluation, measured, log_digest(log))
    _print_evaluation(evaluation, measured)
    out.print(f"MLflow run {run_id}", highlight=False)


@evaluating.command("compare")
def compare_models(
    first: Annotated[str, typer.Argument(help="A run, or a registered version.")],
    second: Annotated[str, typer.Argument(help="Another: is it better?")],
    log: Annotated[
        str | None, typer.Option(help="A log; else that of the second's training.")
    ] = None,
) -> None:
    """What changes from one model to another on the same leads, and what is noise."""
    from features.log import log_in_parts
    from training.dataset.groups import WHOLE
    from training.evaluation.comparison import compared
    from training.registry.candidates import candidate

    with err.status("Loading the models…") as status:
        former, latter = candidate(first), candidate(second)
        read = log_in_parts(log or latter.log)
        status.update("Comparing…")
        result = compared(read, former, latter)
    out.print(
        f"version {latter.version} less version {former.version}, on "
        f"{result.n_leads:,} leads that began since {result.begins:%Y-%m-%d}",
        highlight=False,
    )
    whole = [each for each in result.compared if each.group.dimension == WHOLE]
    parts = [
        each
        for each in result.compared
        if each.group.dimension != WHOLE and each.metric in ON_SCREEN
    ]
    out.print(_changes_table("on the whole", whole))
    out.print(_changes_table("by segment and age", parts))


def _other_champion(model: "Candidate") -> "Candidate | None":
    """The champion, where it is another model that foretells the same."""
    from explanations.errors import ModelRejectedError
    from training.registry.candidates import loaded
    from training.registry.registry import current_champion, has_champion

    if not has_champion() or current_champion().version == model.version:
        return None
    try:
        champion = loaded(current_champion())
    except ModelRejectedError as error:
        err.print(f"The champion is left out: {error}", markup=False, highlight=False)
        return None
    if champion.horizon_days != model.horizon_days:
        err.print("The champion is left out: it foretells another horizon.")
        return None
    return champion


def _print_evaluation(evaluation: "Evaluation", model: "Candidate") -> None:
    from training.evaluation.evaluation import CHAMPION, MODEL
    from training.metrics.metrics import METRICS

    out.print(
        f"version {model.version} on {evaluation.n_leads:,} leads that began since "
        f"{evaluation.begins:%Y-%m-%d} ({evaluation.n_moments:,} moments)",
        highlight=False,
    )
    table = Table("", "value", "95 % interval", title="on the whole, by lead")
    figures = {name: evaluation.metrics(name) for name in evaluation.contestants}
    for metric in METRICS:
        _begin_section(table, metric)
        for name, metrics in figures.items():
            table.add_row(name, *_value_and_interval(metrics.get(metric)))
    out.print(table)
    if not evaluation.taught_baselines:
        err.print("No baseline: the log has no lead from before the training.")
    for contestant in (MODEL, CHAMPION):
        if contestant in evaluation.contestants:
            out.print(_groups_table(evaluation, contestant))


def _groups_table(evaluation: "Evaluation", contestant: str) -> Table:
    from training.dataset.groups import WHOLE
    from training.metrics.bootstrap import Interval

    table = Table(title=f"{contestant}, by segment and age")
    table.add_column("", overflow="fold")
    for name in ("leads", "won", *ON_SCREEN):
        table.add_column(name, no_wrap=True)
    theirs = evaluation.table.filter(contestant=contestant)
    parts = theirs.filter(theirs["dimension"] != WHOLE)
    begun = ""
    for (dimension, label), rows in parts.group_by(
        "dimension", "label", maintain_order=True
    ):
        if dimension != begun:
            _begin_section(table, begun := str(dimension))
        figures = rows.select("metric", "value", "low", "high").iter_rows()
        intervals = {metric: Interval(*bounds) for metric, *bounds in figures}
        table.add_row(
            str(label),
            f"{rows['leads'][0]:,}",
            f"{rows['won'][0] / rows['moments'][0]:.1%}",
            *("\n".join(_value_and_interval(intervals.get(m))) for m in ON_SCREEN),
        )
    return table


def _changes_table(title: str, several: "list[Compared]") -> Table:
    table = Table(title=title)
    table.add_column("", overflow="fold")
    for name in ("change\n95 % interval", "reads as"):
        table.add_column(name, no_wrap=True)
    for name, changes in groupby(several, key=_group_name):
        _begin_section(table, name)
        for compared in changes:
            change = compared.change.interval
            table.add_row(
                compared.metric,
                f"{change.value:+.4f}\n{change.low:+.4f} to {change.high:+.4f}",
                compared.reading.value,
            )
    return table


def _group_name(compared: "Compared") -> str:
    """Dimension and label, which of the whole are the same."""
    return ": ".join(dict.fromkeys((compared.group.dimension, compared.group.label)))


def _begin_section(table: Table, name: str) -> None:
    table.add_section()
    table.add_row(f"[bold]{escape(name)}")


def _value_and_interval(figure: "Interval | None") -> tuple[str, str]:
    if figure is None:
        return "–", ""
    return f"{figure.value:.3f}", f"{figure.low:.3f}–{figure.high:.3f}"
