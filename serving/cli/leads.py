"""`frein leads`: the list, and the rights of the person whom a lead is: `forget`,
`export`, `object`; and `frein retention`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.people.privacy import ForgetReason
from serving.cli.serve import list_leads
from serving.cli.service import Lead, LogPlace, ModelVersion, open_service
from serving.cli.sign_in import (
    TokenFile,
    officer_signed_in,
    person_signed_in,
)

if TYPE_CHECKING:
    from serving.repositories.persons import Person
    from serving.runtime.service import Service

leads = typer.Typer(invoke_without_command=True)
retention = typer.Typer(help="What is kept for how long.", no_args_is_help=True)

By = Annotated[
    str | None,
    typer.Option(
        "--by",
        "--as",
        help="Your login, a manager's or an administrator's; asks for your password.",
    ),
]

_ON_POSTGRESQL = """\
The rows are gone; their bytes leave the server's files once the database's owner runs:
  VACUUM (FULL) lead, event, score, task, notice, suspension, proposal, decision,
    concession, requalification, statement, break_glass, idempotent_call;
  VACUUM (FULL) pg_catalog.pg_statistic;
and a superuser, with wal_recycle = off:
  SELECT pg_switch_wal(); CHECKPOINT;"""
_ON_SQLITE = (
    "The rows are gone; a service that reads now keeps their bytes in the file for a "
    "moment: the next tick sees to it."
)


@leads.callback()
def list_or_act(
    context: typer.Context,
    top: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    log: LogPlace = None,
    model: ModelVersion = None,
) -> None:
    """The leads to call first; those of the store, as they were last scored."""
    if context.invoked_subcommand is None:
        list_leads(top, log, model)


@leads.command("forget")
def forget_lead(
    lead: Lead,
    reason: Annotated[ForgetReason, typer.Option(help="Why; of this list.")],
    by: By = None,
    token_file: TokenFile = None,
) -> None:
    """Forget a lead: all that is held of it, for good, signed by who signs in."""
    from serving.database.engine import SQLITE
    from serving.privacy.forget import forget

    now = datetime.now(UTC)
    with open_service() as service:
        who = _officer(service, lead, by, token_file).principal
        done = forget(service, lead, reason, who, now, may_rewrite=True)
        is_sqlite = service.store.engine.dialect.name == SQLITE
    typer.echo(f"{lead} is forgotten.")
    if not done.is_scrubbed:
        typer.echo(_ON_SQLITE if is_sqlite else _ON_POSTGRESQL)


@leads.command("object")
def object_to_profiling(
    lead: Lead,
    by: By = None,
    token_file: TokenFile = None,
    withdrawn: Annotated[
        bool, typer.Option("--withdrawn", help="The objection is taken back.")
    ] = False,
) -> None:
    """Note that the person objects to being profiled: no score, no automation."""
    from serving.privacy.objection import note_objection

    now = datetime.now(UTC)
    with open_service() as service:
        person = _officer(service, lead, by, token_file)
        objects = not withdrawn
        note_objection(service, lead, person.principal, now, objects=objects)
    typer.echo(
        f"{lead} may be scored again."
        if withdrawn
        else f"{lead} is scored no more, and no automation acts on it."
    )


@leads.command("export")
def export_lead(
    lead: Lead,
    out_file: Annotated[
        Path, typer.Option("--out", help="A file: .html to read, or .json.")
    ],
    by: By = None,
    token_file: TokenFile = None,
) -> None:
    """Write all that is held of a lead, for the person whom it is."""
    import orjson

    from serving.console.lead.personal_data import personal_data_page
    from serving.privacy.export import exported

    now = datetime.now(UTC)
    with open_service() as service:
        person = _officer(service, lead, by, token_file)
        export = exported(service, lead, person, now)
        if out_file.suffix == ".html":
            content = personal_data_page(service, export)
        else:
            content = orjson.dumps(export.content(), option=orjson.OPT_INDENT_2)
        out_file.touch(mode=0o600)
        out_file.write_bytes(content)
    typer.echo(f"All that is held of {lead}: {out_file}")


@retention.command("run")
def run_retention(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would go; nothing goes.")
    ] = False,
    by: By = None,
    token_file: TokenFile = None,
) -> None:
    """Let go what was kept for long enough: prospects, explanations, sessions. An
    administrator signs in, unless all is only counted."""
    from governance.audit.chain import SHELL
    from governance.people.roles import Role
    from serving.privacy.retention import apply_retention

    with open_service() as service:
        who = SHELL
        if not dry_run:
            who = officer_signed_in(service, by, token_file, {Role.ADMIN}).principal
        report = apply_retention(service, datetime.now(UTC), who, is_dry=dry_run)
    typer.echo(f"{'Would go' if dry_run else 'Gone'}: {report}.")


def _officer(
    service: "Service", lead: str, login: str | None, token_file: Path | None
) -> "Person":
    """A manager or an administrator, who signs in, and sees the lead.

    Raises RoleMissingError, LeadUnknownError, and as `person_signed_in` does.
    """
    from governance.people.roles import Role
    from serving.auth.visibility import require_visible
    from serving.errors import RoleMissingError

    person = person_signed_in(service, login, token_file)
    if person.role not in {Role.MANAGER, Role.ADMIN}:
        raise RoleMissingError
    require_visible(service.store, person, lead)
    return person
