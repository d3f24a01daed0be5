"""`frein promote`, `frein rollback`, `frein champion`.

Who decides signs in. Where the service has no store, or no account yet, nobody can:
then a name is taken as it is told, and the record says that nobody signed in.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from serving.cli.service import err, open_service, open_store, out
from serving.cli.sign_in import TokenFile, has_token, officer_signed_in

if TYPE_CHECKING:
    from serving.repositories.persons import Person
    from serving.runtime.service import Service
    from training.promotion.promotion import Signed
    from training.promotion.verdict import Verdict
    from training.registry.champion_history import Change

promoting = typer.Typer()

AS_WRITTEN: "dict[str, Any]" = {"highlight": False, "markup": False, "soft_wrap": True}
By = Annotated[
    str | None,
    typer.Option(
        "--by",
        "--as",
        help="Your login; asks for your password. Where there are no accounts, a name.",
    ),
]
Reason = Annotated[str, typer.Option("--reason", help="Why.")]


@promoting.command("promote")
def promote_version(
    version: Annotated[str, typer.Argument(help="A registered version, or its run.")],
    reason: Reason,
    by: By = None,
    token_file: TokenFile = None,
    against_the_gate: Annotated[
        bool, typer.Option("--against-the-gate", help="Even if the gate refuses.")
    ] = False,
    log: Annotated[
        str | None, typer.Option(help="A log; else that of the training.")
    ] = None,
) -> None:
    """Hold a version to the champion; if the gate lets it pass, it takes the place.

    Exits 1 where the gate refuses. The verdict is logged to MLflow either way.
    """
    from features.log import log_digest, read_log
    from training.promotion.promotion import judge, promote, record_verdict
    from training.registry.candidates import candidate
    from training.registry.registry import current_champion

    with (
        _decider(by, token_file, reason) as decider,
        err.status("Loading the models…") as status,
    ):
        champion, challenger = current_champion(), candidate(version)
        if champion.version == challenger.version:
            raise typer.BadParameter(f"version {version} is the champion already")
        location = log or challenger.log
        verdict = judge(
            champion,
            challenger,
            read_log(location),
            log_digest(location),
            phase=lambda name: status.update(f"{name}…"),
        )
        now = datetime.now(UTC)
        record_verdict(verdict, challenger.run_id, now)
        signed = decider.signed
        change = promote(verdict, signed, against_the_gate=against_the_gate, now=now)
        decider.note(change)
    out.print(_findings_table(verdict))
    if change is None:
        out.print(
            f"The gate refuses version {verdict.challenger}: version "
            f"{verdict.champion} stays champion.",
            highlight=False,
        )
        raise typer.Exit(1)
    _print_change(change)


@promoting.command("rollback")
def roll_back_champion(
    reason: Reason, by: By = None, token_file: TokenFile = None
) -> None:
    """Make the champion before this one champion again."""
    from training.promotion.promotion import roll_back

    with (
        _decider(by, token_file, reason) as decider,
        err.status("Rolling back…"),
    ):
        change = roll_back(decider.signed, now=datetime.now(UTC))
        decider.note(change)
    _print_change(change)


@promoting.command("champion")
def champion_on(
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="A day, in Paris; else now."),
    ] = None,
) -> None:
    """Which version is champion, or was on a day, and who put it there."""
    from training.errors import ModelUnavailableError
    from training.registry.champion_history import PARIS, live_on, recorded

    if on is None:
        _print_current()
        return
    if on.date() > datetime.now(PARIS).date():
        raise typer.BadParameter(f"--on: {on.date()} is still to come")
    changes = recorded()
    lives = live_on(on.date(), changes)
    if not lives:
        begins = f"begins on {changes[0].at.astimezone(PARIS):%Y-%m-%d}"
        raise ModelUnavailableError(
            f"no champion is recorded for {on.date()}: the record "
            f"{begins if changes else 'is empty'}"
        )
    for live in lives:
        _print_change(live.change, live.until)


def _print_current() -> None:
    from training.registry.champion_history import recorded
    from training.registry.registry import current_champion

    champion, changes = current_champion(), recorded()
    if changes and changes[-1].version == champion.version:
        _print_change(changes[-1])
        return
    out.print(
        f"version {champion.version}; the record doesn't say who put it there: the "
        "alias was moved by other means, or a promotion was cut short",
        **AS_WRITTEN,
    )


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides, and why; `session`: the service, and the person who signed in."""

    signed: "Signed"
    session: "tuple[Service, Person] | None" = None

    def note(self, change: "Change | None") -> None:
        """Have the audit keep what a person signed."""
        from serving.audit.officers import note_promotion

        if change is not None and self.session is not None:
            service, person = self.session
            told = {
                "version": change.version,
                "previous": change.previous,
                "how": change.how.value,
            }
            note_promotion(service.store, person.principal, told, change.at)


@contextmanager
def _decider(by: str | None, token_file: Path | None, reason: str) -> Iterator[Decider]:
    """Raises as `officer_signed_in` does."""
    from governance.people.roles import Role
    from serving.errors import SignInNeededError

    if not has_token(token_file) and not _has_accounts():
        if by is None:
            raise SignInNeededError
        yield Decider(_signed(by, reason, is_signed=False))
        return
    roles = {Role.ADMIN, Role.ANALYST, Role.MANAGER}
    with open_service() as service:
        person = officer_signed_in(service, by, token_file, roles)
        signed = _signed(person.name, reason, is_signed=True)
        yield Decider(signed, (service, person))


def _has_accounts() -> bool:
    """Does the service have a store here, with people in it?"""
    from sqlalchemy import make_url

    from serving.database.engine import SQLITE
    from serving.repositories.persons import all_people
    from serving.runtime.settings import Settings

    url = make_url(Settings().database_url)
    is_file = url.get_backend_name() == SQLITE
    if is_file and not Path(str(url.database)).exists():
        return False
    with open_store() as (_, store), store.reading() as session:
        return bool(all_people(session))


def _signed(by: str, reason: str, *, is_signed: bool) -> "Signed":
    from training.promotion.promotion import Signed

    try:
        return Signed(by=by, reason=reason, is_signed=is_signed)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _findings_table(verdict: "Verdict") -> Table:
    table = Table(title="the gate")
    for name in ("rule", "finding", "figure", "bound", ""):
        table.add_column(name, overflow="fold")
    for finding in verdict.findings:
        numbers = (finding.figure, finding.bound)
        table.add_row(
            finding.rule.value,
            finding.outcome.value,
            *("" if number is None else f"{number:.4f}" for number in numbers),
            finding.why,
        )
    return table


def _print_change(change: "Change", until: datetime | None = None) -> None:
    from training.registry.champion_history import PARIS

    since = f"since {change.at.astimezone(PARIS):%Y-%m-%d %H:%M}"
    if until is not None:
        since += f" until {until.astimezone(PARIS):%Y-%m-%d %H:%M}"
    unsigned = "" if change.is_signed is not False else " (nobody signed in)"
    before = f", after version {change.previous}" if change.previous else ""
    out.print(
        f"version {change.version}, champion {since}{before}: "
        f"{change.how.value} by {change.by}{unsigned}: {change.reason}",
        **AS_WRITTEN,
    )
