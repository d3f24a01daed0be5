"""Two leads that are one: what belongs to the person is of both, in one step."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from features.log import read_log, write_log
from governance.people.privacy import ForgetReason
from governance.people.roles import Role
from serving.app.application import create_app
from serving.audit.reconciliation import reconcile
from serving.privacy.export import export_of
from serving.privacy.forget import forget
from serving.privacy.retention import apply_retention
from serving.repositories.api_keys import Scope
from serving.repositories.lead_states import lock_every_lead
from serving.repositories.leads import find_lead
from serving.repositories.privacy.personal_data import erase_lead
from serving.runtime.service import Service
from tests.factories import make_event as make_logged
from tests.factories import make_log
from tests.serving.builders import NOW, make_event, make_key, make_person, send

OLD = (NOW - timedelta(days=4 * 365)).isoformat()


@pytest.fixture
def service(service: Service, tmp_path: Path) -> Service:
    logged = [make_logged(lead_id=f"L-{n}", event_id=f"h-{n}") for n in (1, 2, 3)]
    write_log(tmp_path / "history", make_log(*logged))
    history = {"history_log": tmp_path / "history"}
    return replace(service, settings=service.settings.model_copy(update=history))


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    """L-1 was merged into L-2, which is of Zoé's."""
    _, headers = make_key(service, in_audit=True, scopes=frozenset(Scope))
    owned = {"type": "attributes_set", "time": OLD}
    into = make_event(
        id="m", subject="L-1", type="lead_merged", time=OLD, data={"into": "L-2"}
    )
    with TestClient(create_app(service)) as client:
        send(
            client,
            headers,
            make_event(id="1", subject="L-1", data={"owner": "Awa Diallo"}, **owned),
            make_event(id="2", subject="L-2", data={"owner": "Zoé Le Gall"}, **owned),
        )
        send(client, headers, into)
        yield client


def there(service: Service) -> set[str]:
    with service.store.reading() as session:
        named = "SELECT external_id FROM lead WHERE forgotten_at IS NULL"
        return set(session.scalars(text(named)))


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("asked", ["L-1", "L-2"])
def test_a_forgetting_that_is_cut_off_forgets_neither(
    service: Service, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = make_person(service)[0].principal
    erased: list[object] = []

    def cut_off(*arguments: object) -> None:
        if erased:
            raise OSError("the disk is full")
        erase_lead(*arguments)  # type: ignore[arg-type]  # as they came
        erased.append(arguments)

    with monkeypatch.context() as patch:
        patch.setattr("serving.privacy.forget.erase_lead", cut_off)
        with pytest.raises(OSError, match="full"):
            forget(service, asked, ForgetReason.REQUEST, who, NOW)
    assert there(service) == {"L-1", "L-2"}

    forget(service, asked, ForgetReason.REQUEST, who, NOW)
    assert there(service) == set()
    assert service.settings.history_log is not None
    assert set(read_log(service.settings.history_log).events["lead_id"]) == {"L-3"}
    assert reconcile(service.store).differences == []


def test_who_sees_the_one_that_stays_acts_for_both(
    client: TestClient, service: Service
) -> None:
    _, zoe = make_person(service, Role.MANAGER, name="Zoé Le Gall", team="nord")
    other = {"login": "autre", "name": "Awa Diallo", "team": "sud"}
    _, awa = make_person(service, Role.MANAGER, **other)
    assert client.get("/v1/leads/L-1", headers=awa).status_code == 404
    assert client.get("/v1/leads/L-1", headers=zoe).status_code == 200
    objection = "/v1/leads/L-1/objection"
    assert client.post(objection, headers=awa).status_code == 404
    assert client.delete("/v1/leads/L-1", headers=awa).status_code == 404
    assert there(service) == {"L-1", "L-2"}
    assert client.delete("/v1/leads/L-1", headers=zoe).status_code == 200
    assert there(service) == set()


@pytest.mark.usefixtures("client")
def test_what_is_held_of_both_is_exported(service: Service) -> None:
    for lead in ("L-1", "L-2"):
        history = export_of(service, lead, NOW).content()["history"]
        assert {event["id"] for event in history} == {"h-1", "h-2"}


@pytest.mark.usefixtures("client")
def test_what_is_left_of_a_merged_lead_goes_in_its_time(service: Service) -> None:
    """As an earlier version may have left it, cut off between the two."""
    with service.store.writing() as session:
        lock_every_lead(session)
        stays = find_lead(session, "L-2")
        assert stays is not None
        erase_lead(session, stays.id, "L-2", NOW)
    assert apply_retention(service, NOW).prospects == 1
    assert there(service) == set()
