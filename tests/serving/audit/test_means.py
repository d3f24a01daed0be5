"""The audit tells by what means each act was done; older rows verify without."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from typer.testing import CliRunner

import frein
from governance.audit.chain import BreakKind, Head, chained
from governance.people.roles import Role
from serving.audit.verification import find_break
from serving.auth.sessions import begin_session
from serving.database.engine import Store
from serving.database.migrate import upgrade
from serving.runtime.service import Service
from tests.serving.builders import make_event, make_person, send, url_of

COLUMNS = (
    *("id", "at", "who_kind", "who_id", "action", "lead_id", "subject_kind"),
    *("subject_id", "state_before", "state_after", "why", "correlation_id"),
    *("causation_id", "event_id", "depth"),
)


def act(client: TestClient, headers: dict[str, str], to: str) -> None:
    move = client.post("/v1/leads/L-1/stage-moves", json={"to": to}, headers=headers)
    assert move.status_code == 200, move.text


@pytest.fixture
def story(client: TestClient, headers: dict[str, str], service: Service) -> None:
    """L-1 was scored, and moved with a key, a token and a session."""
    send(client, headers, make_event())
    act(client, headers, "qualifie")
    person, token = make_person(service, Role.ADMIN)
    act(client, token, "negociation_finale")
    begun = begin_session(service.store, person, service.clock())
    client.cookies.set("frein_session", begun.cookie)
    act(client, {"X-CSRF-Token": begun.csrf}, "qualifie")


@pytest.mark.usefixtures("story")
def test_each_row_tells_its_means(
    client: TestClient, headers: dict[str, str], service: Service
) -> None:
    told = client.get("/v1/audit", params={"lead_id": "L-1"}, headers=headers).json()
    means = [
        (entry["action"], entry["means"])
        for entry in told["entries"]
        if entry["action"] in {"priority_changed", "stage_moved"}
    ]
    assert means == [
        ("priority_changed", "service"),
        ("stage_moved", "api_key"),
        ("stage_moved", "api_token"),
        ("stage_moved", "console"),
    ]


@pytest.mark.usefixtures("story")
def test_people_read_it(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = client.get("/console/opportunites/L-1/journal").text
    for words in ("avec une clé d’API", "avec un jeton personnel", "par la console"):
        assert words in page
    table = client.get("/console/opportunites/L-1/journal.csv").text
    assert "moyen" in table
    assert "avec un jeton personnel" in table
    assert (
        '"means":"console"' in client.get("/console/opportunites/L-1/journal.json").text
    )
    monkeypatch.setenv("FREIN_DATABASE_URL", url_of(service.store))
    tree = CliRunner().invoke(frein.app, ["audit", "trace", "L-1"]).output
    assert "(api token)" in tree


@pytest.mark.usefixtures("story")
def test_means_are_in_the_chain(
    service: Service, store: Store, tamper: Callable[[str], None]
) -> None:
    folder = service.settings.anchors_folder
    assert find_break(store, folder, whole=True) is None
    tamper("UPDATE audit SET means = 'console' WHERE means = 'api_token'")
    broken = find_break(store, folder, whole=True)
    assert broken is not None
    assert broken.kind is BreakKind.ROW_CHANGED


def test_a_row_of_before_is_hashed_without_means(tmp_path: Path) -> None:
    """As version 0.2 wrote it: the revision changes no hash."""
    store = Store(f"sqlite:///{tmp_path}/frein.db")
    upgrade(store, "0012")
    row = dict.fromkeys(COLUMNS, "") | {"event_id": None, "depth": 0}
    (link,) = chained([row], Head())
    values = row | {"seq": link.seq, "previous": link.previous, "hash": link.hash}
    names = ", ".join(values)
    with store.writing() as session:
        asked = f"INSERT INTO audit ({names}) VALUES (:{', :'.join(values)})"
        session.execute(text(asked), values)
    upgrade(store)
    assert find_break(store, tmp_path / "audit", whole=True) is None
    store.close()
