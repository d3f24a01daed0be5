"""Who forgets a lead at the command line signs in, and what can't be is told."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from typer.testing import CliRunner, Result

import frein
from governance.people.roles import Role
from serving.auth.accounts import NewAccount, open_account
from serving.auth.sessions import issue_token
from serving.errors import (
    KeyInvalidError,
    LeadForgottenError,
    LeadUnknownError,
    ReauthenticationRequiredError,
    RoleMissingError,
    SignInNeededError,
    SignInRefusedError,
)
from serving.runtime.service import Service
from tests.serving.builders import (
    as_the_command_line_has_it,
    make_event,
    make_person,
    send,
    url_of,
)

PASSWORD = "une phrase assez longue"
FORGET = ("leads", "forget", "L-1", "--reason", "demande")


@pytest.fixture(autouse=True)
def environment(
    service: Service,
    client: TestClient,
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A service runs, and knows L-1, of Awa Diallo's."""
    as_the_command_line_has_it(service)
    monkeypatch.setenv("FREIN_DATABASE_URL", url_of(service.store))
    monkeypatch.setenv("FREIN_AUDIT_FOLDER", str(service.settings.anchors_folder))
    monkeypatch.delenv("FREIN_TOKEN", raising=False)
    monkeypatch.setattr("serving.cli.sign_in._is_terminal", lambda: True)
    owned = make_event(id="o", type="attributes_set", data={"owner": "Awa Diallo"})
    send(client, headers, make_event(), owned)
    for role in (Role.ADMIN, Role.SALES, Role.MANAGER):
        wish = NewAccount(
            login=role.value,
            name=f"Une {role.value}",
            role=role,
            team="une autre" if role is Role.MANAGER else None,
            password=PASSWORD,
        )
        open_account(service.store, wish, service.clock())


def run(*arguments: str, typed: str = f"{PASSWORD}\n") -> Result:
    return CliRunner().invoke(frein.app, [*arguments], input=typed)


def is_there(service: Service) -> bool:
    with service.store.reading() as session:
        named = "SELECT count(*) FROM lead WHERE external_id = 'L-1'"
        return bool(session.scalar(text(named)))


@pytest.mark.parametrize(
    ("arguments", "typed", "error"),
    [
        ((), "", SignInNeededError),
        (("--by", " "), "", SignInNeededError),
        (("--by", "admin"), "un autre mot de passe\n", SignInRefusedError),
        (("--by", "commercial"), f"{PASSWORD}\n", RoleMissingError),
        (("--by", "manager"), f"{PASSWORD}\n", LeadUnknownError),
    ],
    ids=["nobody", "no name", "wrong password", "a salesperson", "of another team"],
)
def test_who_may_not_forgets_nothing(
    service: Service, arguments: tuple[str, ...], typed: str, error: type[Exception]
) -> None:
    done = run(*FORGET, *arguments, typed=typed)
    assert isinstance(done.exception, error), done.output
    assert is_there(service)


def test_a_script_forgets_as_nobody(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.cli.sign_in._is_terminal", lambda: False)
    assert isinstance(run(*FORGET, "--by", "admin").exception, SignInNeededError)
    assert is_there(service)


def test_a_token_forgets_within_an_hour_of_the_password(
    service: Service, tmp_path: Path
) -> None:
    boss, _ = make_person(service, login="lea", name="Léa Roc")
    now, file = service.clock(), tmp_path / "token"
    for at, error in (
        (None, ReauthenticationRequiredError),
        (now - timedelta(hours=2), ReauthenticationRequiredError),
        (now + timedelta(hours=1), None),
    ):
        token = issue_token(service.store, boss.login, timedelta(hours=8), now, at)
        file.write_text(token, encoding="utf-8")
        done = run(*FORGET, "--token-file", str(file))
        if error is not None:
            assert isinstance(done.exception, error), done.output
        assert is_there(service) is (error is not None)
    file.write_text("freinp_0_0", encoding="utf-8")
    done = run(*FORGET, "--token-file", str(file))
    assert isinstance(done.exception, KeyInvalidError)


def test_the_audit_says_who_by_what_means(service: Service) -> None:
    done = run(*FORGET, "--by", "admin")
    assert done.exit_code == 0, done.output
    with service.store.reading() as session:
        row = session.execute(
            text(
                "SELECT who_kind, means, name FROM audit JOIN principal"
                " ON replace(CAST(principal.id AS text), '-', '')"
                " = replace(who_id, '-', '') WHERE action = 'lead_forgotten'"
            )
        ).one()
    assert tuple(row) == ("person", "command_line", "Une admin")


def test_one_that_is_unknown_and_one_that_is_forgotten_are_told_apart() -> None:
    unknown = run("leads", "forget", "L-9", "--reason", "erreur", "--by", "admin")
    assert isinstance(unknown.exception, LeadUnknownError)
    assert run(*FORGET, "--by", "admin").exit_code == 0
    assert isinstance(run(*FORGET, "--by", "admin").exception, LeadForgottenError)


def test_a_reason_of_ones_own_is_refused(service: Service) -> None:
    command = ("leads", "forget", "L-1", "--by", "admin", "--reason", "car Awa le dit")
    done = run(*command)
    assert done.exit_code == 2
    assert "consentement_retire" in done.output
    assert is_there(service)
