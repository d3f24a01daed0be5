"""Signing in at the command line: a password at the terminal, or a personal token."""

import os
import sys
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from governance.people.principal import Principal
    from governance.people.roles import Role
    from serving.repositories.persons import Person
    from serving.runtime.service import Service

TOKEN_VARIABLE = "FREIN_TOKEN"

Login = Annotated[
    str | None,
    typer.Option("--as", help="The login of who decides; asks for their password."),
]
Officer = Annotated[
    str | None,
    typer.Option("--as", help="Your login, an administrator's; asks your password."),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(help=f"A file with their own token; else {TOKEN_VARIABLE} has it."),
]


def person_signed_in(
    service: "Service", login: str | None, token_file: Path | None
) -> "Person":
    """The person who acts here: by their token, or by the password that they type.

    Raises SignInNeededError: neither a token, nor a terminal to ask at; or the token is
    another person's than `login`. KeyInvalidError, SignInRefusedError.
    """
    from governance.people.principal import Means
    from serving.auth.sessions import signed_in
    from serving.errors import SignInNeededError
    from serving.repositories.persons import PassKind

    if token := _token(token_file):
        now = datetime.now(UTC)
        person = signed_in(service.store, token, PassKind.TOKEN, now).person
        if login is not None and login.strip().lower() != person.login:
            raise SignInNeededError
    elif login is not None and login.strip():
        person = person_asked(service, login)
    else:
        raise SignInNeededError
    return replace(person, means=Means.COMMAND_LINE)


def officer_signed_in(
    service: "Service",
    login: str | None,
    token_file: Path | None,
    roles: "Collection[Role]",
) -> "Person":
    """Whoever signs in, if they have one of these roles and lately proved who they are.

    Raises RoleMissingError, ReauthenticationRequiredError, and as `person_signed_in`.
    """
    from serving.errors import ReauthenticationRequiredError, RoleMissingError

    person = person_signed_in(service, login, token_file)
    if person.role not in roles:
        raise RoleMissingError
    if not person.principal.is_proven(datetime.now(UTC)):
        raise ReauthenticationRequiredError
    return person


def accounts_officer(
    service: "Service", login: str | None, token_file: Path | None
) -> "Principal":
    """The administrator who signs in to change accounts and keys.

    While no administrator has a password there is nobody to ask: the first is made by
    whoever has the machine. Raises as `officer_signed_in` does.
    """
    from governance.audit.chain import SHELL
    from governance.people.roles import Role
    from serving.repositories.persons import has_administrator

    with service.store.reading() as session:
        may_ask = has_administrator(session)
    if not may_ask:
        return SHELL
    return officer_signed_in(service, login, token_file, {Role.ADMIN}).principal


def has_token(file: Path | None) -> bool:
    """Is there a token to sign in with?"""
    return bool(_token(file))


def person_asked(service: "Service", login: str) -> "Person":
    """The person, asked for their password, and for a one-time code if need be.

    Raises SignInNeededError: there is no terminal to ask at. SignInRefusedError.
    """
    from serving.auth.sessions import AT_THE_TERMINAL, proof_from, proven_person
    from serving.errors import SecondFactorError, SignInNeededError

    if not _is_terminal():
        raise SignInNeededError
    password = _secret(f"Password of {login}")
    try:
        return proven_person(service.store, login, password, datetime.now(UTC))
    except SecondFactorError:
        code = _secret("One-time code")
        proof = proof_from(service, AT_THE_TERMINAL.address, code)
        now = datetime.now(UTC)
        return proven_person(service.store, login, password, now, proof)


def _secret(what: str) -> str:
    """What somebody types, unseen; the question isn't in what the command prints."""
    return str(typer.prompt(what, hide_input=True, err=True))


def _is_terminal() -> bool:
    return sys.stdin.isatty()


def _token(file: Path | None) -> str:
    if file is None:
        return os.environ.get(TOKEN_VARIABLE, "").strip()
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file}: {error}") from error
