"""The command line: where everything is put together.

Slow libraries are imported inside the commands, so that `frein --help` is quick.
"""

import os
import sys

import typer

from data.commands import data
from features.errors import FreinError
from features.shutdown import stop_when_told
from serving.cli.api_keys import keys
from serving.cli.audit import audit
from serving.cli.backup import backups
from serving.cli.leads import leads, retention
from serving.cli.persons import persons
from serving.cli.promotion import promoting
from serving.cli.proposals import proposals
from serving.cli.reports import overrides, reports
from serving.cli.rules import rules
from serving.cli.serve import export, serving
from serving.demo.command import demo
from training.cli.drift import drifting, features
from training.cli.evaluate import evaluating
from training.cli.mlflow_ui import pages
from training.cli.train import train
from training.cli.tune import tuning

STOPPED = 130  # the exit code of a command that was told to stop

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
app.add_typer(backups)
app.add_typer(leads, name="leads")
app.add_typer(retention, name="retention")
app.add_typer(keys, name="keys")
app.add_typer(overrides, name="overrides")
app.add_typer(persons, name="persons")
app.add_typer(proposals, name="proposals")
app.add_typer(audit, name="audit")
app.add_typer(rules, name="rules")
app.add_typer(reports, name="report")
app.command("demo")(demo)


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
        typer.echo(f"{error.code}: {_message(error)}", err=True)
        sys.exit(2)
    except SystemExit as ended:
        if ended.code == STOPPED:
            typer.echo("Stopped: nothing is left half-done.", err=True)
        raise


def _message(error: FreinError) -> str:
    """The error in words: in English where it says it whole."""
    room, _, _ = type(error).__module__.partition(".")
    if room not in {"governance", "serving"}:  # theirs are told in French
        return str(error)
    from serving.http.problems import detail_of

    return f"{detail_of(error)}\n{error}".rstrip()


if __name__ == "__main__":
    main()
