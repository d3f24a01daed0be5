"""`frein serve`, `tick`, `score`, `explain` and `data export`."""

import os
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from serving.cli.service import (
    Lead,
    LogPlace,
    ModelVersion,
    champion,
    champion_if_any,
    err,
    in_utc,
    open_service,
    out,
)
from serving.cli.sign_in import Login, TokenFile, officer_signed_in

if TYPE_CHECKING:
    from explanations.score import Score

serving = typer.Typer()


@serving.command("serve")
def serve(
    host: Annotated[str | None, typer.Option(help="Else FREIN_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Else FREIN_PORT.")] = None,
) -> None:
    """Serve the HTTP interface, on 127.0.0.1:8000 unless told otherwise."""
    import uvicorn

    from serving.app.access_log import configure_logging
    from serving.app.application import create_app
    from serving.app.http_protocol import server_options
    from serving.app.scheduler import Ticker
    from serving.audit.verification import check_audit
    from serving.automation.impact_report import report_ahead
    from serving.runtime.periodic import PeriodicThread
    from serving.runtime.served_model import ModelWatch
    from serving.scoring.model_registry import mlflow_registry

    os.umask(0o077)  # what the service writes is for itself
    configure_logging()
    with open_service() as service:
        settings = service.settings
        check_audit(service.audit_status, service.store, settings.anchors_folder)
        for state in (service.audit_status, service.trials, service.reports):
            state.in_subprocess = True
        watch = ModelWatch(
            mlflow_registry(), service.models, settings.model_poll_seconds
        )
        reports = PeriodicThread(
            "reports", settings.tick_seconds, lambda: report_ahead(service, None)
        )
        uvicorn.run(
            create_app(service, watch, Ticker(service), reports, host=host),
            host=host or settings.host,
            port=settings.port if port is None else port,
            **server_options(settings),
        )


@serving.command("tick")
def tick_once(
    now: Annotated[
        datetime | None, typer.Option(help="In UTC; else the clock's time.")
    ] = None,
) -> None:
    """Let time act once: what the service does by itself each minute."""
    from serving.app.scheduler import tick
    from serving.runtime.settings import Settings

    settings, clock = Settings(), datetime.now(UTC)
    at = in_utc(now) or clock
    if at > clock + settings.clock_tolerance:
        raise typer.BadParameter(
            f"the clock is at {clock:%Y-%m-%dT%H:%M:%S}; until it came to such a time, "
            "no service would tick again",
            param_hint="--now",
        )
    with open_service(champion_if_any()) as service:
        report = tick(service, at)
    if report is None:
        typer.echo("Nothing was done: another service ticks, or it is before its time.")
        raise typer.Exit(1)
    typer.echo(str(report))


@serving.command("score")
def score_lead(lead: Lead, log: LogPlace = None, model: ModelVersion = None) -> None:
    """Score a lead now (of a log: at its end), and say why; writes nothing."""
    from serving.scoring.scoring import log_scores, previewed

    with err.status("Loading the model…"):
        explainer = champion(model)
        if log is not None:
            (score,) = log_scores(log, explainer, [lead])
        else:
            with open_service(explainer) as service:
                score = previewed(service, lead, datetime.now(UTC))
    _tell(score)


def list_leads(top: int, log: str | None, model: str | None) -> None:
    """The leads to call first; those of the store, as they were last scored."""
    table = Table("score", "lead", "in short")
    for score, lead, short in (
        _of_store(top) if log is None else _of_log(log, top, model)
    ):
        table.add_row(_points(score), lead, _wrapped(short, out.width - 30))
    out.print(table)


@serving.command("explain")
def explain(
    log: Annotated[str, typer.Option(help="A log: a folder, or s3://bucket/prefix.")],
    out_file: Annotated[Path, typer.Option("--out", help="The Parquet file to write.")],
    moment: Annotated[
        datetime | None, typer.Option(help="In UTC; else the log's end.")
    ] = None,
    model: ModelVersion = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; else one a core.")
    ] = None,
) -> None:
    """Explain every lead of a log that is open at a moment, however many there are."""
    from tempfile import TemporaryDirectory

    from rich.progress import Progress

    from serving.scoring.batch import explain_log, prepare_to_explain

    prepare_to_explain()
    from features.log import is_one_file
    from serving.scoring.model_registry import champion_id, fetched, model_of

    with (
        TemporaryDirectory(prefix="frein-model-") as folder,
        Progress(console=err, transient=True) as bar,
    ):
        task = bar.add_task("Loading the model", total=None)
        chosen = model_of(model) if model else champion_id()
        files = fetched(chosen, Path(folder))
        bar.update(task, description="Explaining")
        n_leads = explain_log(
            log,
            in_utc(moment),
            out_file,
            (files, chosen),
            workers=workers or len(os.sched_getaffinity(0)),
            progress=lambda done, of: bar.update(task, completed=done, total=of),
        )
    out.print(f"{n_leads:,} leads explained: {out_file}", highlight=False)
    if is_one_file(log):
        err.print(f"one file is read by one process: `frein data partition {log}`")


def export(
    folder: Annotated[
        str,
        typer.Option("--out", help="A new log: a folder, or s3://bucket/prefix."),
    ],
    until: Annotated[
        datetime | None, typer.Option(help="Received by then, in UTC; else now.")
    ] = None,
    login: Login = None,
    token_file: TokenFile = None,
) -> None:
    """Write the service's events as a log that `frein train` reads; an administrator or
    an analyst signs in."""
    from governance.people.roles import Role
    from serving.audit.officers import note_export
    from serving.events.export_log import export_log

    instant = in_utc(until) or datetime.now(UTC)
    roles = {Role.ADMIN, Role.ANALYST}
    with open_service() as service:
        by = officer_signed_in(service, login, token_file, roles).principal
        n_events = export_log(service.store, service.pipeline, instant, folder)
        note_export(service.store, by, n_events, instant, datetime.now(UTC))
    out.print(f"{n_events:,} events: {folder}", highlight=False)


Row = tuple[float | None, str, str]


def _of_store(top: int) -> list[Row]:
    from serving.repositories.leads import LeadFilter, listed_leads

    with open_service() as service, service.store.reading() as session:
        leads = listed_leads(session, LeadFilter(), limit=top, offset=0)
    return [(lead.score, lead.lead_id, lead.short or "") for lead in leads]


def _of_log(log: str, top: int, model: str | None) -> list[Row]:
    from serving.scoring.scoring import log_scores

    with err.status("Scoring the log…"):
        scores = log_scores(log, champion(model))
    return [
        (score.score, score.lead_id, score.narrative.short) for score in scores[:top]
    ]


def _tell(score: "Score") -> None:
    out.print(
        f"{score.lead_id} · {_points(score.score)} / 100 · {score.grade.value}\n",
        markup=False,
        highlight=False,
        style="bold",
    )
    typer.echo(_wrapped(score.narrative.text, out.width))
    for doubt in score.doubts:
        typer.echo(_wrapped(f"\n⚠ {doubt.text}", out.width))


def _wrapped(text: str, width: int) -> str:
    """Lines of at most `width`; Rich would break at a no-break space."""
    return "\n".join(
        textwrap.fill(line, max(width, 20), break_long_words=False)
        for line in text.splitlines()
    )


def _points(score: float | None) -> str:
    return "" if score is None else f"{score:.1f}".replace(".", ",")
