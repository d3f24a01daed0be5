"""What is reserved for people, as tests ask for it: by a call, a rule, SQL."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from starlette.testclient import TestClient

from governance.people.roles import Role
from serving.runtime.service import Service
from tests.serving.builders import make_event, send

Headers = dict[str, str]


def nothing(*_: object) -> None:
    """Nothing comes before."""


@dataclass(frozen=True, kw_only=True)
class Reserved:
    """A change of L-1: the call that asks for it, and the row that tells it was made.

    `then` is what a rule may say of it, which only proposes it; None: nothing at all.
    `columns` are the row's, and those of the signer are written beside them.
    """

    call: str
    sent: dict[str, Any]
    table: str
    columns: dict[str, str]
    override: dict[str, Any] | None = None
    why: dict[str, str] = field(default_factory=dict)  # that a person gives with it
    too_much_for: frozenset[Role] = frozenset()
    then: str | None = None
    before: Callable[[TestClient, Headers], None] = field(default=nothing)

    def ask(self, client: TestClient, headers: Headers) -> Any:
        path = f"/v1/leads/L-1/{self.call}"
        return client.post(path, json=self.sent, headers=headers)

    def insert(self, signer_kind: str, signer: str = "Awa Diallo") -> str:
        """SQL that makes it, signed."""
        given = {
            "id": f"'{uuid4().hex}'",
            **self.columns,
            "clause": "'P-01'",
            "signer_kind": f"'{signer_kind}'",
            "signer": f"'{signer}'",
            "decided_at": "(SELECT created_at FROM lead)",
            "lead_id": "(SELECT id FROM lead)",
        }
        return (
            f"INSERT INTO {self.table} ({', '.join(given)})"
            f" VALUES ({', '.join(given.values())})"
        )

    def made(self, service: Service) -> list[tuple[str, str]]:
        """Who made it, of all who did: kind and name."""
        wanted = {
            name: value
            for name, value in self.columns.items()
            if name in {"to_stage", "to_priority", "percent"}
        }
        where = "".join(f" AND {name} = {value}" for name, value in wanted.items())
        asked = f"SELECT signer_kind, signer FROM {self.table} WHERE 1 = 1{where}"
        with service.store.reading() as session:
            return [tuple(row) for row in session.execute(text(asked))]


def object_to_the_price(client: TestClient, headers: Headers) -> None:
    """L-1 has had a complex exchange."""
    noted = {"type": "note_added", "data": {"objections": ["prix"]}}
    send(client, headers, make_event(id="objection", **noted))


def qualify_then_object(client: TestClient, headers: Headers) -> None:
    moved = {"type": "stage_changed", "data": {"to": "qualifie"}}
    send(client, headers, make_event(id="qualified", actor="automation", **moved))
    object_to_the_price(client, headers)


def concede_6(client: TestClient, headers: Headers) -> None:
    path = "/v1/leads/L-1/concessions"
    assert client.post(path, json={"percent": 6}, headers=headers).is_success


def move(to: str, **why: str) -> Reserved:
    return Reserved(
        call="stage-moves",
        sent={"to": to, **why},
        why=why,
        table="decision",
        columns={
            "from_stage": "'nouveau'",
            "to_stage": f"'{to}'",
            "reserved": "true",
        },
        override={
            "kind": "status_adjusted",
            "stage": to,
            "reason": "donnee_erronee",
            "text": "Perdue hier",
            "lost_reason": why.get("lost_reason"),
        },
        then=f'{{ propose_move = "{to}" }}',
    )


def concession(percent: float, *, reserved: str, **more: Any) -> Reserved:
    return Reserved(
        call="concessions",
        sent={"percent": percent, "reason": "Premier contrat"},
        table="concession",
        columns={"percent": str(percent), "reserved": reserved},
        too_much_for=frozenset({Role.SALES}),
        **more,
    )


LOST = {"lost_reason": "prix", "reason": "Trop cher pour eux"}
RESERVED = {
    "negociation_finale": move("negociation_finale"),
    "perdu": move("perdu", **LOST),
    "large concession": concession(11, reserved="true"),
    "concessions that add up": concession(5, reserved="false", before=concede_6),
    "requalification": Reserved(
        call="requalifications",
        sent={"priority": "elevee", "reason": "Accord verbal"},
        table="requalification",
        columns={"from_priority": "'normale'", "to_priority": "'elevee'"},
        override={
            "kind": "priority_contested",
            "priority": "elevee",
            "reason": "information_absente",
        },
        then='{ set_priority = "elevee" }',
        before=object_to_the_price,
    ),
    "step back": Reserved(
        call="stage-moves",
        sent={"to": "contacte"},
        table="decision",
        columns={
            "from_stage": "'qualifie'",
            "to_stage": "'contacte'",
            "reserved": "false",
        },
        override={
            "kind": "status_adjusted",
            "stage": "contacte",
            "reason": "donnee_erronee",
        },
        then='{ propose_move = "contacte" }',
        before=qualify_then_object,
    ),
}
