"""`frein persons`: add, list, change, disable, password, token, no-code."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from governance.people.roles import Role
from serving.cli.service import open_service, out
from serving.cli.sign_in import Officer, TokenFile, accounts_officer, person_asked

persons = typer.Typer(help="The people and their accounts.", no_args_is_help=True)

Password = Annotated[
    str | None,
    typer.Option(help="Asked for, if it isn't given: 12 characters or more."),
]


@persons.command("add")
def add(  # noqa: PLR0913, PLR0917 - each is an option
    name: Annotated[str, typer.Argument(help="As the CRM writes a lead's owner.")],
    login: Annotated[str, typer.Option(help="An e-mail address, or a short name.")],
    role: Annotated[Role, typer.Option(help="What the person may do.")],
    password: Password = None,
    team: Annotated[
        str | None, typer.Option(help="Whose leads a manager sees.")
    ] = None,
    elsewhere: Annotated[
        bool, typer.Option(help="No password: signs in with the company's account.")
    ] = False,
    by: Officer = None,
    token_file: TokenFile = None,
) -> None:
    """Add a person; an administrator signs in, once there is one."""
    from serving.auth.accounts import NewAccount, open_account

    with open_service() as service:
        who = accounts_officer(service, by, token_file)
        if password is None and not elsewhere:
            password = _new_password()
        wish = NewAccount(
            login=login, name=name, role=role, team=team, password=password
        )
        person = open_account(service.store, wish, datetime.now(UTC), who)
    out.print(f"{person.name} signs in as {person.login}.", highlight=False)


@persons.command("list")
def list_persons() -> None:
    """List the people; never their passwords."""
    from serving.repositories.persons import all_people

    with open_service() as service, service.store.reading() as session:
        people = all_people(session)
    table = Table("login", "name", "role", "team", "disabled")
    for person in people:
        ended = f"{person.disabled_at:%Y-%m-%d}" if person.disabled_at else ""
        table.add_row(
            person.login, person.name, person.role.value, person.team or "", ended
        )
    out.print(table)


@persons.command("change")
def change(
    login: str,
    role: Annotated[Role | None, typer.Option(help="Another role.")] = None,
    team: Annotated[str | None, typer.Option(help='Another team; "" for none.')] = None,
    by: Officer = None,
    token_file: TokenFile = None,
) -> None:
    """Give a person another role or team; it counts from the next call on."""
    from serving.auth.accounts import change_account

    with open_service() as service:
        who = accounts_officer(service, by, token_file)
        now = datetime.now(UTC)
        person = change_account(service.store, login, role, team, now, who)
    line = f"{person.name}: {person.role.value}, {person.team or 'no team'}."
    out.print(line, highlight=False)


@persons.command("bind")
def bind(
    login: str,
    subject: Annotated[
        str, typer.Argument(help='"ISSUER SUB", as the provider says; "" for none.')
    ],
    by: Officer = None,
    token_file: TokenFile = None,
) -> None:
    """Bind an account to an identity of the company's provider; sessions end."""
    from serving.auth.accounts import bind_account

    with open_service() as service:
        who = accounts_officer(service, by, token_file)
        now = datetime.now(UTC)
        person = bind_account(service.store, login, subject or None, now, who)
    state = f"bound to {subject}" if subject else "bound to no identity"
    out.print(f"{person.name} is {state}.", highlight=False)


@persons.command("disable")
def disable(
    login: str,
    by: Officer = None,
    token_file: TokenFile = None,
) -> None:
    """Disable a person; sessions and tokens end at once."""
    from serving.auth.accounts import close_account

    with open_service() as service:
        who = accounts_officer(service, by, token_file)
        close_account(service.store, login, datetime.now(UTC), who)
    out.print(f"{login} is disabled.", highlight=False)


@persons.command("password")
def set_password(
    login: str,
    password: Password = None,
    by: Officer = None,
    token_file: TokenFile = None,
) -> None:
    """Set a password; it unlocks the account, and ends its sessions and tokens.

    One's own is changed in the console, at Mon compte.
    """
    from serving.auth.accounts import change_password

    with open_service() as service:
        who = accounts_officer(service, by, token_file)
        new = _new_password() if password is None else password
        change_password(service.store, login, new, datetime.now(UTC), who)
    out.print(f"{login} has a new password.", highlight=False)


@persons.command("token")
def token(
    login: str,
    hours: Annotated[int, typer.Option(min=1, max=168, help="Its validity.")] = 8,
    unproven: Annotated[
        bool,
        typer.Option(help="Without their password: it signs nothing that is reserved."),
    ] = False,
    by: Officer = None,
    token_file: TokenFile = None,
) -> None:
    """Print a short-lived token of a person, this once: only its hash is kept.

    Their password is asked for; the token signs what is reserved within the hour.
    Without it (`--unproven`) an administrator signs in, once there is one.
    """
    from governance.audit.chain import SHELL
    from serving.auth.sessions import issue_token

    with open_service() as service:
        who, at = SHELL, None
        if unproven:
            who = accounts_officer(service, by, token_file)
        else:
            at = person_asked(service, login).proven_at
        length = timedelta(hours=hours)
        now = datetime.now(UTC)
        typer.echo(issue_token(service.store, login, length, now, at, who))


@persons.command("no-code")
def no_code(
    login: str,
    by: Officer = None,
    token_file: TokenFile = None,
) -> None:
    """Ask a person for one-time codes no longer, as when their phone is lost."""
    from serving.auth.second_factor import withdraw

    with open_service() as service:
        who = accounts_officer(service, by, token_file)
        withdraw(service.store, login, who, datetime.now(UTC))
    out.print(f"{login} signs in without a code.", highlight=False)


def _new_password() -> str:
    """What is typed twice, unseen; the question isn't in what the command prints."""
    return str(
        typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    )
