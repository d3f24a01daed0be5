"""The command line: where everything is put together.

Slow libraries are imported inside the commands, so that `frein --help` is quick.
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from data.commands import data, generate_log
from features.errors import FreinError
from features.stopping import stop_when_told
from serving.cli.api_keys import keys
from serving.cli.audit import audit
from serving.cli.export import export
from serving.cli.persons import persons
from serving.cli.proposals import proposals
from serving.cli.reports import overrides, reports
from serving.cli.rules import rules
from serving.cli.serve import champion, serving
from training.cli.drift import drifting, features
from training.cli.evaluate import evaluating
from training.cli.mlflow_ui import pages
from training.cli.promote import promoting
from training.cli.train import train, train_model
from training.cli.tune import tuning

DEMO_LOG = Path("logs/demo")
KEY_TO_KEEP, KEY_OF_A_LOOK = "demo CRM", "demo, first look"
STOPPED = 130  # the exit code of a command that was told to stop
out = Console()
err = Console(stderr=True)

app = typer.Typer(
    help="Frein: scores that explain themselves, and a brake.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(data, name="data")
data.command("export")(export)
app.add_typer(train)
app.add_typer(tuning)
app.add_typer(pages)
app.add_typer(evaluating)
app.add_typer(promoting)
app.add_typer(drifting)
app.add_typer(features, name="features")
app.add_typer(serving)
app.add_typer(keys, name="keys")
app.add_typer(overrides, name="overrides")
app.add_typer(persons, name="persons")
app.add_typer(proposals, name="proposals")
app.add_typer(audit, name="audit")
app.add_typer(rules, name="rules")
app.add_typer(reports, name="report")


@app.command("demo")
def demo(
    prepare_only: Annotated[
        bool, typer.Option("--prepare-only", help="Stop before the service starts.")
    ] = False,
) -> None:
    """Demo log, model and leads; then five leads to call first, and the brake.

    What is there already is kept: the log, the champion, the leads in the store.
    """
    if not DEMO_LOG.exists():
        yesterday = datetime.now(UTC) - timedelta(days=1)
        generate_log(DEMO_LOG, end=yesterday)
    _have_a_champion()
    key = _have_the_leads(KEY_TO_KEEP if prepare_only else KEY_OF_A_LOOK)
    if prepare_only:
        out.print(f"API key of the demo CRM: {key}", highlight=False, soft_wrap=True)
        _have_the_people()
    else:
        _show(key)


def _have_a_champion() -> None:
    from explanations.errors import ModelRejectedError
    from training.promotion.promotion import install
    from training.registry.registry import has_champion

    if has_champion():
        try:
            champion()
        except ModelRejectedError as error:
            err.print(f"The champion is refused ({error}): training another.")
        else:
            return
        reason = "the champion before it was refused"
        install(train_model(DEMO_LOG), reason, now=datetime.now(UTC))
    else:
        train_model(DEMO_LOG)


def _have_the_leads(key_name: str) -> str:
    """Load the demo's open leads where they are missing; a new key of that name.

    They come in two strokes, as of yesterday and of now, so that something changed
    since; then what the CRM may not do waits for a person.
    """
    from features.event import Actor
    from features.log import read_log
    from serving.app.startup import opened
    from serving.auth.api_keys import KeyWish, replace_key
    from serving.demo.pending_decisions import answer_late, leave_decisions
    from serving.demo.people import OWNERS
    from serving.events.import_log import (
        known_between,
        load_leads,
        missing_leads,
        open_leads,
    )
    from serving.runtime.settings import Settings

    now = datetime.now(UTC)
    with opened(Settings()) as service:
        log = read_log(DEMO_LOG)
        missing = missing_leads(service, open_leads(log))
        if missing:
            service.models.replace(champion())
            yesterday = now - timedelta(days=1)
            for since, until in ((None, yesterday), (yesterday, now)):
                with Progress(console=err, transient=True) as bar:
                    task = bar.add_task("Scoring the open leads", total=len(missing))
                    load_leads(
                        service,
                        known_between(log, since, until),
                        missing,
                        until,
                        partial(_note_done, bar, task),
                    )
            for owner in OWNERS:
                leave_decisions(service, owner, now)
                answer_late(service, owner, now)
        wish = KeyWish(
            name=key_name,
            source="crm",
            max_actor=Actor.PERSON,
            default_actor=Actor.LEAD,
            scopes=None,
            expires_at=None,
        )
        return replace_key(service.store, wish, now)


def _note_done(bar: Progress, task: TaskID, done: int) -> None:
    bar.update(task, completed=done)


def _have_the_people() -> None:
    from serving.app.startup import opened
    from serving.demo.people import PASSWORD, have_people
    from serving.runtime.settings import Settings

    with opened(Settings()) as service:
        logins = have_people(service.store, datetime.now(UTC))
    out.print(
        f"The console: {service.settings.address}, as {', '.join(logins)}; "
        f"password {PASSWORD}",
        highlight=False,
        soft_wrap=True,
    )


def _show(key: str) -> None:
    from serving.demo.client import RESERVED, look, running_service
    from serving.runtime.settings import Settings

    with running_service() as address:
        seen = look(address, key, top=5)
    for lead in seen.leads:
        score = lead["score"]
        out.rule(f"{lead['lead_id']} · {score['score']:.0f}/100 · {lead['owner']}")
        out.print(score["narrative"]["text"], highlight=False, markup=False)
    out.rule("the brake")
    out.print(
        f"POST /v1/leads/{seen.tried_on}/stage-moves "
        f'{{"to": "{RESERVED}"}}, with the key:\n'
        f"{seen.refusal_status} {seen.refusal['code']}",
        highlight=False,
        markup=False,
    )
    out.print(seen.refusal["detail"], highlight=False, markup=False)
    if seen.refusal["code"] != "reserved_for_people":
        raise typer.Exit(1)
    address = Settings().address
    out.print(f"\n`make serve` stays up, on {address}.", highlight=False)


def main() -> None:
    """Run a command. An error of ours is told, and exits 2; a stop exits 130."""
    stop_when_told()
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as in the Makefile
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    # A server that doesn't answer is told within seconds, not after seven tries.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    try:
        app()
    except FreinError as error:
        typer.echo(f"{error.code}: {_told(error)}", err=True)
        sys.exit(2)
    except SystemExit as ended:
        if ended.code == STOPPED:
            typer.echo("Stopped: nothing is left half-done.", err=True)
        raise


def _told(error: FreinError) -> str:
    """What went wrong, in English where the error says it whole."""
    room, _, _ = type(error).__module__.partition(".")
    if room not in {"governance", "serving"}:  # theirs are told in French
        return str(error)
    from serving.http.problems import detail_of

    return f"{detail_of(error)}\n{error}".rstrip()


if __name__ == "__main__":
    main()
