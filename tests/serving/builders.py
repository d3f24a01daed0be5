"""Builders, valid by default."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from starlette.testclient import TestClient

from features.event import Actor
from governance.people.principal import Principal, PrincipalKind
from governance.people.roles import Role
from serving.audit.trace import StatedReason
from serving.auth.accounts import NewAccount, open_account
from serving.auth.api_keys import NewApiKey, created_entry
from serving.auth.sessions import issue_token
from serving.database.engine import Store
from serving.repositories.api_keys import (
    ApiKey,
    Scope,
    add_key,
    digest,
    new_secret,
    token_of,
)
from serving.repositories.audit import append
from serving.repositories.persons import Person
from serving.runtime.service import Service

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # a Tuesday
LOSS = StatedReason(reason="prix", text="Trop cher pour eux")
AWA = Principal(PrincipalKind.PERSON, "Awa Diallo")
# Of a CRM that tells stages and asks for changes, and vouches for nobody.
CRM_SCOPES = frozenset(Scope) - {Scope.BACKFILL, Scope.VOUCH}
ONE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


def url_of(store: Store) -> str:
    return store.engine.url.render_as_string(hide_password=False)


def write(store: Store, *statements: str) -> None:
    """Carry out SQL in one transaction."""
    with store.writing() as session:
        for statement in statements:
            session.execute(text(statement))


def make_key(
    service: Service, *, in_audit: bool = False, **overrides: Any
) -> tuple[ApiKey, dict[str, str]]:
    """A stored key, and the headers that carry it; `in_audit`: with its row."""
    key_id, secret = new_secret()
    fields: dict[str, Any] = {
        "id": key_id,
        "name": "CRM",
        "secret_sha256": digest(secret),
        "source": "crm",
        "max_actor": Actor.PERSON,
        "default_actor": Actor.LEAD,
        "scopes": CRM_SCOPES,
        "created_at": NOW,
    }
    key = ApiKey(**fields | overrides)
    with service.store.writing() as session:
        add_key(session, key)
        append(session, [created_entry(key)] if in_audit else [], NOW)
    return key, {"Authorization": f"Bearer {token_of(key_id, secret)}"}


def make_wish(**overrides: Any) -> NewApiKey:
    """The wish for a key that speaks for `crm`."""
    fields: dict[str, Any] = {
        "name": "CRM",
        "source": "crm",
        "max_actor": Actor.PERSON,
        "default_actor": Actor.LEAD,
        "scopes": None,
        "expires_at": None,
    }
    return NewApiKey(**fields | overrides)


def make_event(**overrides: Any) -> dict[str, Any]:
    """A CloudEvent that the default key may send; None leaves a field out."""
    fields = {
        "specversion": "1.0",
        "id": "1",
        "source": "crm",
        "type": "page_viewed",
        "time": (NOW - timedelta(hours=1)).isoformat(),
        "subject": "L-1",
        "data": {"page": "tarifs"},
    } | overrides
    return {name: value for name, value in fields.items() if value is not None}


def send(
    client: TestClient, headers: dict[str, str], *events: dict[str, Any]
) -> dict[str, Any]:
    """Send a batch; every event of it must be well formed."""
    answer = client.post(
        "/v1/events", json=list(events), headers=headers | {"Content-Type": BATCH}
    )
    assert answer.status_code == 200, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


def make_person(
    service: Service, role: Role = Role.ADMIN, **overrides: Any
) -> tuple[Person, dict[str, str]]:
    """A person without a password, and the headers that carry their token."""
    fields: dict[str, Any] = {"name": AWA.name, "login": role.value, "team": None}
    wish = NewAccount(role=role, **fields | overrides)
    now = service.clock()
    person = open_account(service.store, wish, now)
    proven = now + timedelta(days=365)  # tests that let time pass sign as well
    token = issue_token(
        service.store, person.login, timedelta(days=7), now, authenticated_at=proven
    )
    return person, {"Authorization": f"Bearer {token}"}


def as_the_command_line_has_it(service: Service) -> None:
    """Set the service's clock to today, as commands read it; not before NOW."""
    service.clock.now = max(NOW, datetime.now(UTC))  # type: ignore[attr-defined]  # a SetClock
