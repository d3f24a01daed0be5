"""Who may call: keys, scopes, and what needs none."""

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from features.event import Actor
from serving.app.application import create_app
from serving.auth.api_keys import issue_key, rotate_key
from serving.database.engine import Store
from serving.database.tables import Base
from serving.errors import KeyInvalidError, RequestInvalidError
from serving.http.problems import detail_of
from serving.repositories.api_keys import (
    Scope,
    all_keys,
    find_key,
    revoke_key,
    split_token,
)
from serving.runtime.service import Service
from tests.serving.builders import NOW, make_key, make_wish
from tests.serving.fakes import SetClock

OPEN = {"/health/live", "/health/ready"}


@pytest.mark.parametrize("path", sorted(OPEN))
def test_these_need_none(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        "Bearer nothing",
        "Bearer frein_00000000_xxxx",
        "Bearer frein__",
        "Bearer other_00000000_xxxx",
        "Bearer frein_\u00e9_x",
    ],
)
def test_a_wrong_key_is_a_401(client: TestClient, given: str) -> None:
    answer = client.get("/v1/leads", headers={b"Authorization": given.encode()})
    assert (answer.status_code, answer.json()["code"]) == (401, "key_invalid")


@pytest.mark.parametrize("given", ["Basic YTpi", "Bearer", ""])
def test_another_scheme_is_no_key(client: TestClient, given: str) -> None:
    answer = client.get("/v1/leads", headers={"Authorization": given})
    assert (answer.status_code, answer.json()["code"]) == (401, "key_missing")


def test_a_known_id_with_another_secret_is_a_401(
    client: TestClient, headers: dict[str, str]
) -> None:
    altered = {"Authorization": headers["Authorization"][:-1] + "!"}
    assert client.get("/v1/leads", headers=altered).status_code == 401


def test_a_revoked_key_is_a_401_at_once(client: TestClient, service: Service) -> None:
    key, headers = make_key(service)
    assert client.get("/v1/leads", headers=headers).status_code == 200
    with service.store.writing() as session:
        revoke_key(session, key.id, NOW)
    assert client.get("/v1/leads", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("left", "status"),
    [
        pytest.param(timedelta(seconds=1), 200, id="last-second"),
        pytest.param(timedelta(0), 401, id="at-expiry"),
    ],
)
def test_a_key_expires(
    client: TestClient, service: Service, left: timedelta, status: int
) -> None:
    _, headers = make_key(service, expires_at=NOW + left)
    assert client.get("/v1/leads", headers=headers).status_code == status


def test_the_secret_is_not_stored(store: Store) -> None:
    token = issue_key(store, make_wish(), NOW)
    _, secret = split_token(token)

    assert len(secret) == 43
    with store.reading() as session:
        assert [key.name for key in all_keys(session)] == ["CRM"]
        for table in Base.metadata.sorted_tables:
            assert secret not in str(session.execute(table.select()).all())


@pytest.mark.parametrize(
    ("wrong", "allowed"),
    [
        ({"source": "frein"}, "autre que «\u00a0frein\u00a0»"),
        ({"source": "Frein"}, "une source en minuscules"),
        ({"source": ""}, "une source en minuscules"),
        ({"name": " "}, "il est vide"),
        ({"scopes": frozenset({"everything"})}, "events, scores, leads, moves"),
        ({"scopes": frozenset({"privacy", "moves"})}, "créez une clé pour chacune"),
        ({"max_actor": Actor.LEAD, "default_actor": Actor.PERSON}, ": lead."),
        ({"max_actor": Actor.AUTOMATION, "scopes": frozenset({"vouch"})}, "person"),
    ],
)
def test_an_odd_key_is_not_issued_and_what_may_be_is_told(
    store: Store, wrong: dict[str, object], allowed: str
) -> None:
    with pytest.raises(RequestInvalidError) as refused:
        issue_key(store, make_wish(**wrong), NOW)
    assert allowed in detail_of(refused.value)


def test_a_new_key_may_neither_move_a_stage_nor_tell_of_one(store: Store) -> None:
    issue_key(store, make_wish(), NOW)
    with store.reading() as session:
        (key,) = all_keys(session)
    assert key.scopes == {Scope.EVENTS, Scope.SCORES, Scope.LEADS}


def test_a_token_of_another_sort_is_invalid() -> None:
    with pytest.raises(KeyInvalidError):
        split_token("sk_live_x")


def test_a_key_opens_from_its_networks_alone(service: Service) -> None:
    networks = ("192.0.2.0/24", "2001:db8::/32")
    _, headers = make_key(service, addresses=networks)
    told = {
        address: TestClient(create_app(service), client=(address, 1))
        .get("/v1/leads", headers=headers)
        .status_code
        for address in (
            *("192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1"),
            *("198.51.100.1", "2001:db9::1", "testclient"),
        )
    }
    assert list(told.values()) == [200, 200, 200, 401, 401, 401]


def test_a_network_that_is_none_is_refused(store: Store) -> None:
    with pytest.raises(RequestInvalidError):
        issue_key(store, make_wish(addresses=("192.0.2.0/33",)), NOW)


def test_a_key_is_replaced_with_an_overlap(
    client: TestClient, service: Service
) -> None:
    old, before = make_key(service, expires_at=NOW + timedelta(days=90))
    week = timedelta(days=7)
    token = rotate_key(service.store, old.id, week, NOW)
    after = {"Authorization": f"Bearer {token}"}
    assert [
        client.get("/v1/leads", headers=headers).status_code
        for headers in (before, after)
    ] == [200, 200]
    with service.store.reading() as session:
        new = find_key(session, split_token(token)[0])
    assert new is not None
    assert (new.name, new.source, new.scopes) == (old.name, old.source, old.scopes)
    assert new.expires_at == NOW + timedelta(days=90)
    assert isinstance(service.clock, SetClock)
    service.clock.advance(week)
    assert [
        client.get("/v1/leads", headers=headers).status_code
        for headers in (before, after)
    ] == [401, 200]
    with pytest.raises(KeyInvalidError):
        rotate_key(service.store, old.id, week, service.clock())
