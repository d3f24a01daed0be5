"""`frein evaluate` and `frein compare`."""

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

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
    log: Annotated[Path, typer.Option(help="The folder of a log.")],
    model: Annotated[
        str | None, typer.Option(help="A registered version; else the champion.")
    ] = None,
) -> None:
    """Measure a model, the champion and the baselines on the newest leads.

    Whole, by segment and by age, with 95 % intervals; logged to MLflow.
    """
    from features.log import EVENTS_FILE, read_log
    from training.evaluation.evaluation import evaluated
    from training.promotion.version_notes import record_evaluation
    from training.registry.candidates import candidate, loaded
    from training.registry.registry import current_champion
    from training.registry.training_run import file_digest

    with err.status("Loading the models…") as status:
        measured = candidate(model) if model else loaded(current_champion())
        champion = _other_champion(measured)
        read = read_log(log)
        evaluation = evaluated(
            read, measured, champion, phase=lambda name: status.update(f"{name}…")
        )
        status.update("Logging to MLflow…")
        run_id = record_evaluation(evaluation, measured, file_digest(log / EVENTS_FILE))
    _tell_evaluation(evaluation, measured)
    out.print(f"MLflow run {run_id}", highlight=False)


@evaluating.command("compare")
def compare_models(
    first: Annotated[str, typer.Argument(help="A run, or a registered version.")],
    second: Annotated[str, typer.Argument(help="Another: is it better?")],
    log: Annotated[
        Path | None, typer.Option(help="A log; else that of the second's training.")
    ] = None,
) -> None:
    """What changes from one model to another on the same leads, and what is noise."""
    from features.log import read_log
    from training.evaluation.comparison import compared
    from training.evaluation.evaluation import WHOLE
    from training.registry.candidates import candidate

    with err.status("Loading the models…") as status:
        one, other = candidate(first), candidate(second)
        read = read_log(log or other.log_folder)
        status.update("Comparing…")
        found = compared(read, one, other)
    out.print(
        f"version {other.version} less version {one.version}, on {found.n_leads:,} "
        f"leads that began since {found.begins:%Y-%m-%d}",
        highlight=False,
    )
    whole = [each for each in found.compared if each.group.dimension == WHOLE]
    parts = [
        each
        for each in found.compared
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
    same = champion.horizon_days == model.horizon_days
    if not same:
        err.print("The champion is left out: it foretells another horizon.")
    return champion if same else None


def _tell_evaluation(evaluation: "Evaluation", model: "Candidate") -> None:
    from training.evaluation.evaluation import CHAMPION, MODEL
    from training.metrics.metrics import METRICS

    out.print(
        f"version {model.version} on {evaluation.n_leads:,} leads that began since "
        f"{evaluation.begins:%Y-%m-%d} ({evaluation.n_moments:,} moments)",
        highlight=False,
    )
    table = Table("", "value", "95 % interval", title="on the whole, by lead")
    told = {name: evaluation.metrics(name) for name in evaluation.contestants}
    for metric in METRICS:
        _begin_section(table, metric)
        for name, metrics in told.items():
            table.add_row(name, *_value_and_interval(metrics.get(metric)))
    out.print(table)
    if not evaluation.taught_baselines:
        err.print("No baseline: the log has no lead from before the training.")
    for contestant in (MODEL, CHAMPION):
        if contestant in evaluation.contestants:
            out.print(_groups_table(evaluation, contestant))


def _groups_table(evaluation: "Evaluation", contestant: str) -> Table:
    from training.evaluation.evaluation import WHOLE
    from training.metrics.bootstrap import Interval

    table = Table(title=f"{contestant}, by segment and age")
    table.add_column("", overflow="fold")
    for name in ("leads", "won", *ON_SCREEN):
        table.add_column(name, no_wrap=True)
    theirs = evaluation.table.filter(contestant=contestant)
    begun = WHOLE
    for (dimension, label), rows in theirs.group_by(
        "dimension", "label", maintain_order=True
    ):
        if dimension == WHOLE:
            continue
        if dimension != begun:
            _begin_section(table, begun := str(dimension))
        found = {
            row["metric"]: Interval(row["value"], row["low"], row["high"])
            for row in rows.to_dicts()
        }
        share = rows["won"][0] / rows["moments"][0]
        table.add_row(
            str(label),
            f"{rows['leads'][0]:,}",
            f"{share:.1%}",
            *("\n".join(_value_and_interval(found.get(one))) for one in ON_SCREEN),
        )
    return table


def _changes_table(title: str, several: "list[Compared]") -> Table:
    table = Table(title=title)
    table.add_column("", overflow="fold")
    for name in ("change\n95 % interval", "reads as"):
        table.add_column(name, no_wrap=True)
    for name, changes in groupby(several, key=_name):
        _begin_section(table, name)
        for one in changes:
            found = one.change.interval
            table.add_row(
                one.metric,
                f"{found.value:+.4f}\n{found.low:+.4f} to {found.high:+.4f}",
                one.reading.value,
            )
    return table


def _name(one: "Compared") -> str:
    """Of the group; dimension and label of the whole are the same."""
    return ": ".join(dict.fromkeys((one.group.dimension, one.group.label)))


def _begin_section(table: Table, name: str) -> None:
    table.add_section()
    table.add_row(f"[bold]{escape(name)}")


def _value_and_interval(found: "Interval | None") -> tuple[str, str]:
    if found is None:
        return "–", ""
    return f"{found.value:.3f}", f"{found.low:.3f}–{found.high:.3f}"
