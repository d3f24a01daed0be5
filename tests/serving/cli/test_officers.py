"""Who takes the log out, applies retention or changes the champion signs in."""

from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner, Result

import frein
from features.errors import FreinError
from governance.people.roles import Role
from serving.database.tables import AuditRow
from serving.errors import (
    ReauthenticationRequiredError,
    RoleMissingError,
    SignInNeededError,
)
from serving.runtime.service import Service
from tests.serving.builders import (
    as_the_command_line_has_it,
    make_event,
    make_person,
    send,
)
from tests.serving.reserved import Headers
from training.promotion.promotion import Signed
from training.registry.champion_history import Change, How

pytestmark = pytest.mark.usefixtures("command_line")
CALLED: list[Signed] = []


@pytest.fixture(autouse=True)
def rolled_back(
    client: TestClient,
    service: Service,
    headers: Headers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A lead is there, and the registry is a fake."""
    monkeypatch.delenv("FREIN_TOKEN", raising=False)
    send(client, headers, make_event())
    as_the_command_line_has_it(service)
    CALLED.clear()

    def roll_back(signed: Signed, *, now: object) -> Change:
        CALLED.append(signed)
        return Change(
            at=service.clock(),
            how=How.ROLLED_BACK,
            version="1",
            previous="2",
            by=signed.by,
            reason=signed.reason,
            findings={},
            is_signed=signed.is_signed,
        )

    monkeypatch.setattr("training.promotion.promotion.roll_back", roll_back)


ROLL_BACK = ["rollback", "--reason", "trop de faux espoirs"]
RETENTION = ["retention", "run"]


def run(command: list[str], headers: Headers | None = None) -> Result:
    token = {} if headers is None else {"FREIN_TOKEN": headers["Authorization"][7:]}
    return CliRunner().invoke(frein.app, command, env=token)


def refusal(command: list[str], headers: Headers | None = None) -> type[object]:
    error = run(command, headers).exception
    assert isinstance(error, FreinError), error
    return type(error)


def noted(service: Service, action: str) -> list[tuple[str, str | None]]:
    with service.store.reading() as session:
        rows = session.query(AuditRow).filter(AuditRow.action == action)
        return [(row.who_kind, row.means) for row in rows]


def test_each_asks_who_it_is_and_the_audit_has_it(
    service: Service, tmp_path: Path
) -> None:
    export = ["data", "export", "--out", str(tmp_path / "log")]
    _, rep = make_person(service, Role.SALES, login="rep", name="Léo Roux")
    _, analyst = make_person(service, Role.ANALYST, login="ana", name="Ana Analyste")
    _, admin = make_person(service)
    for command, who, action in (
        (export, analyst, "events_exported"),
        (ROLL_BACK, analyst, "model_promoted"),
        (RETENTION, admin, "lead_forgotten"),
    ):
        assert refusal(command) is SignInNeededError
        assert refusal([*command, "--as", "Awa Diallo"]) is SignInNeededError
        assert refusal(command, rep) is RoleMissingError
        assert not (tmp_path / "log").exists() or command is not export
        done = run(command, who)
        assert done.exit_code == 0, done.output
        if action != "lead_forgotten":
            assert noted(service, action) == [("person", "command_line")]
    assert [(each.by, each.is_signed) for each in CALLED] == [("Ana Analyste", True)]
    counted = run([*RETENTION, "--dry-run"])  # it changes nothing
    assert counted.exit_code == 0, counted.output


def test_a_proof_of_long_ago_signs_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, admin = make_person(service)
    monkeypatch.setattr(
        "governance.people.principal.PROOF_LASTS", timedelta(days=-10_000)
    )
    for command in (ROLL_BACK, RETENTION):
        assert refusal(command, admin) is ReauthenticationRequiredError
    assert CALLED == []


def test_where_nobody_has_an_account_a_name_is_no_signature(service: Service) -> None:
    assert refusal(ROLL_BACK) is SignInNeededError
    done = run([*ROLL_BACK, "--by", "Nadia Benali"])
    assert done.exit_code == 0, done.output
    assert "by Nadia Benali (nobody signed in)" in done.output
    assert [(each.by, each.is_signed) for each in CALLED] == [("Nadia Benali", False)]
    assert noted(service, "model_promoted") == []
