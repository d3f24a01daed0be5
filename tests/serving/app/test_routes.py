"""Every route, as every principal: who comes in, and who is told no."""

from collections.abc import Iterable
from dataclasses import dataclass

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from governance.people.roles import DECIDERS, Role
from serving.app.application import ROUTERS
from serving.app.console import ROUTERS as CONSOLE_ROUTERS
from serving.auth.dependencies import COOKIE
from serving.auth.sessions import begin_session
from serving.console.page.format_fr import FORM_IS_STALE, SESSION_OVER
from serving.errors import CsrfMissingError, RoleMissingError
from serving.http.problems import detail_of
from serving.repositories.api_keys import Scope
from serving.runtime.service import Service
from tests.serving.builders import make_event, make_key, make_person, send

ALL = frozenset(Role)
MANAGERS = frozenset({Role.MANAGER, Role.ADMIN})
NOBODY: frozenset[Role] = frozenset()


@dataclass(frozen=True)
class Door:
    """Who may pass. `key` None: no key at all; `open`: anyone, signed in or not."""

    roles: frozenset[Role] = NOBODY
    key: Scope | None = None
    open: bool = False


OPEN = Door(open=True)
DOORS = {
    "GET /health/live": OPEN,
    "GET /health/ready": OPEN,
    "GET /docs": Door(ALL, Scope.LEADS),
    "GET /openapi.json": Door(ALL, Scope.LEADS),
    "GET /metrics": Door(frozenset({Role.ADMIN}), Scope.METRICS),
    "POST /v1/session": OPEN,
    "GET /v1/session": Door(ALL),
    "DELETE /v1/session": Door(ALL),
    "POST /v1/session/proof": Door(ALL),
    "OPTIONS /v1/events": Door(NOBODY, Scope.EVENTS),
    "POST /v1/events": Door(NOBODY, Scope.EVENTS),
    "POST /v1/scores": Door(ALL, Scope.SCORES),
    "GET /v1/leads": Door(ALL, Scope.LEADS),
    "GET /v1/leads/{lead_id}": Door(ALL, Scope.LEADS),
    "GET /v1/leads/{lead_id}/export": Door(frozenset({Role.ADMIN}), Scope.PRIVACY),
    "POST /v1/leads/{lead_id}/objection": Door(DECIDERS, Scope.PRIVACY),
    "DELETE /v1/leads/{lead_id}/objection": Door(DECIDERS, Scope.PRIVACY),
    # last, as nothing is left of the lead then
    "DELETE /v1/leads/{lead_id}": Door(MANAGERS, Scope.PRIVACY),
    "GET /v1/leads/{lead_id}/scores": Door(ALL, Scope.LEADS),
    "POST /v1/leads/{lead_id}/score": Door(DECIDERS, Scope.SCORES),
    "POST /v1/leads/{lead_id}/stage-moves": Door(DECIDERS, Scope.MOVES),
    "POST /v1/proposals/{proposal_id}/confirm": Door(DECIDERS),
    "POST /v1/proposals/{proposal_id}/dismiss": Door(DECIDERS),
    "GET /v1/choices": Door(ALL, Scope.LEADS),
    "POST /v1/leads/{lead_id}/notes": Door(DECIDERS),
    "POST /v1/leads/{lead_id}/overrides": Door(DECIDERS),
    "POST /v1/leads/{lead_id}/suspensions": Door(DECIDERS),
    "DELETE /v1/leads/{lead_id}/suspensions": Door(DECIDERS),
    "POST /v1/rules/{rule_id}/suspensions": Door(MANAGERS),
    "DELETE /v1/rules/{rule_id}/suspensions": Door(MANAGERS),
    "GET /v1/rules": Door(ALL, Scope.LEADS),
    "POST /v1/tasks/{task_id}/close": Door(DECIDERS),
    "POST /v1/leads/{lead_id}/concessions": Door(DECIDERS, Scope.MOVES),
    "POST /v1/leads/{lead_id}/requalifications": Door(DECIDERS, Scope.MOVES),
    "GET /v1/tasks": Door(ALL, Scope.LEADS),
    "GET /v1/audit": Door(ALL, Scope.LEADS),
}
OF_THE_CONSOLE = {
    "GET /connexion": OPEN,
    "POST /connexion": OPEN,
    "GET /connexion/entreprise": OPEN,
    "GET /connexion/entreprise/retour": OPEN,
    "POST /deconnexion": Door(ALL),
    "GET /compte": Door(ALL),
    "POST /compte/deconnexion": Door(ALL),
    "POST /compte/sessions/{pass_id}/fin": Door(ALL),
    "POST /compte/preuve": Door(ALL),
    "POST /compte/mot-de-passe": Door(ALL),
    "POST /compte/code": Door(ALL),
    "POST /compte/code/confirmation": Door(ALL),
    "POST /compte/code/retrait": Door(ALL),
    "GET /": Door(ALL),
    "GET /note": Door(ALL),
    "GET /opportunites/{lead_id}": Door(ALL),
    "GET /opportunites/{lead_id}/donnees": Door(frozenset({Role.ADMIN})),
    "GET /opportunites/{lead_id}/donnees.json": Door(frozenset({Role.ADMIN})),
    "GET /opportunites/{lead_id}/note": Door(DECIDERS),
    "GET /opportunites/{lead_id}/journal": Door(ALL),
    "GET /opportunites/{lead_id}/journal.csv": Door(ALL),
    "GET /opportunites/{lead_id}/journal.json": Door(ALL),
    "POST /opportunites/{lead_id}/raisons/{idea}": Door(ALL),
    "POST /opportunites/{lead_id}/{act}": Door(DECIDERS),
    "POST /opportunites/{lead_id}/propositions/{proposal_id}/{act}": Door(DECIDERS),
    "GET /taches": Door(ALL),
    "POST /taches/{task_id}/clore": Door(DECIDERS),
    "GET /regles": Door(ALL),
    "GET /regles/{rule_id}/simulation": Door(MANAGERS | {Role.ANALYST}),
    "POST /regles/{rule_id}/simulation": Door(MANAGERS | {Role.ANALYST}),
    "POST /regles/{rule_id}/suspension": Door(MANAGERS),
    "POST /regles/{rule_id}/reprise": Door(MANAGERS),
    "GET /automatisation": Door(MANAGERS),
    "POST /automatisation": Door(MANAGERS),
    "GET /adoption": Door(ALL - {Role.SALES}),
    "GET /modele": Door(frozenset({Role.ANALYST, Role.ADMIN})),
}
NONE = "00000000-0000-0000-0000-000000000000"
NAMED = {
    "lead_id": "L-1",
    "rule_id": "R-01",
    "idea": "x",
    "act": "x",
    "pass_id": "0",
} | dict.fromkeys(("proposal_id", "task_id"), NONE)
REFUSALS = {"role_missing", "scope_missing", "person_required", "key_missing"}


def visit(
    client: TestClient, route: str, headers: dict[str, str], **form: str
) -> str | None:
    """Where the console refuses at its door, why; None: it lets in."""
    method, path = route.split()
    answer = client.request(
        method,
        f"/console{path.format_map(NAMED)}",
        headers=headers,
        data=form or None,
        follow_redirects=False,
    )
    assert answer.status_code != 500, answer.text
    if answer.headers.get("location", "").startswith("/console/connexion"):
        return "signed_out"
    told = {
        SESSION_OVER: "signed_out",
        detail_of(RoleMissingError()): RoleMissingError.code,
        FORM_IS_STALE: CsrfMissingError.code,
    }
    return next((code for text, code in told.items() if text in answer.text), None)


def call(client: TestClient, route: str, headers: dict[str, str]) -> str | None:
    """The code of the refusal at the door, if there is one."""
    method, path = route.split()
    answer = client.request(method, path.format_map(NAMED), headers=headers)
    assert answer.status_code != 500, answer.text
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    code = answer.json()["code"] if is_problem else None
    return code if code in REFUSALS else None


def routes_of(routers: Iterable[APIRouter]) -> set[str]:
    return {
        f"{method} {route.path}"
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


def test_every_route_has_a_line() -> None:
    assert routes_of(ROUTERS) == set(DOORS)
    assert routes_of(CONSOLE_ROUTERS) == set(OF_THE_CONSOLE)


@pytest.fixture
def known(client: TestClient, headers: dict[str, str]) -> TestClient:
    """A client of a service that knows the lead L-1."""
    send(client, headers, make_event())
    return client


def test_nobody_comes_in_unknown(known: TestClient) -> None:
    for route, door in DOORS.items():
        expected = None if door.open else "key_missing"
        assert call(known, route, {}) == expected, route


@pytest.mark.parametrize("role", Role)
def test_a_person_comes_in_by_role(
    known: TestClient, service: Service, role: Role
) -> None:
    for route, door in DOORS.items():
        _, headers = make_person(service, role, login=route, name=route)
        may = door.open or role in door.roles
        assert call(known, route, headers) == (None if may else "role_missing"), route


@pytest.mark.parametrize("scope", Scope)
def test_a_key_comes_in_by_scope(
    known: TestClient, service: Service, scope: Scope
) -> None:
    _, headers = make_key(service, scopes=frozenset({scope}))
    for route, door in DOORS.items():
        missing = "person_required" if door.key is None else "scope_missing"
        may = door.open or door.key is scope
        assert call(known, route, headers) == (None if may else missing), route


def test_nobody_comes_into_the_console_unknown(
    known: TestClient, headers: dict[str, str]
) -> None:
    for route, door in OF_THE_CONSOLE.items():
        for who in ({}, headers):  # a key opens nothing there
            expected = None if door.open else "signed_out"
            assert visit(known, route, who) == expected, route


@pytest.mark.parametrize("role", Role)
def test_a_person_comes_into_the_console_by_role_and_with_its_own_forms(
    known: TestClient, headers: dict[str, str], service: Service, role: Role
) -> None:
    owner = make_event(id="o", type="attributes_set", data={"owner": "Awa Diallo"})
    send(known, headers, owner)
    person, _ = make_person(service, role)
    for route, door in OF_THE_CONSOLE.items():
        begun = begin_session(service.store, person, service.clock())
        cookie = {"Cookie": f"{COOKIE}={begun.cookie}"}
        may = door.open or role in door.roles
        if route.startswith("POST") and not door.open:
            assert visit(known, route, cookie) in {"csrf_missing", "role_missing"}
        passed = "signed_out" if route.endswith("/deconnexion") else None
        came = visit(known, route, cookie, csrf=begun.csrf)
        assert came == (passed if may else "role_missing"), route
    service.reports.wait()


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        (Role.SALES, {"L-mine"}),
        (Role.MANAGER, {"L-mine", "L-mate", "L-nobody"}),
        (Role.ANALYST, {"L-mine", "L-mate", "L-nobody", "L-other"}),
        (Role.ADMIN, {"L-mine", "L-mate", "L-nobody", "L-other"}),
    ],
)
def test_leads_are_seen_by_owner_and_team(
    client: TestClient,
    headers: dict[str, str],
    service: Service,
    role: Role,
    seen: set[str],
) -> None:
    owners = {"L-mine": "Awa Diallo", "L-mate": "Léo Roux", "L-other": "Zoé Blanc"}
    send(client, headers, make_event(subject="L-nobody"))
    for lead, owner in owners.items():
        about = make_event(
            id=lead, subject=lead, type="attributes_set", data={"owner": owner}
        )
        send(client, headers, about)
        client.post(
            f"/v1/leads/{lead}/stage-moves", json={"to": "perdu"}, headers=headers
        )
    _, mine = make_person(service, role, team="Nord")
    make_person(service, Role.SALES, name="Léo Roux", login="leo", team="Nord")
    make_person(service, Role.SALES, name="Zoé Blanc", login="zoe", team="Sud")

    listed = client.get("/v1/leads", headers=mine).json()
    assert {one["lead_id"] for one in listed["leads"]} == seen
    assert listed["total"] == len(seen)
    tasks = client.get("/v1/tasks", headers=mine).json()["tasks"]
    assert {one["lead_id"] for one in tasks} == seen - {"L-nobody"}
    for lead in ("L-nobody", *owners):
        status = 200 if lead in seen else 404
        for path in (
            f"/v1/leads/{lead}",
            f"/v1/leads/{lead}/scores",
            f"/v1/audit?lead_id={lead}",
        ):
            assert client.get(path, headers=mine).status_code == status, path
        if role in DECIDERS:
            moved = client.post(
                f"/v1/leads/{lead}/stage-moves", json={"to": "contacte"}, headers=mine
            )
            assert moved.status_code == status
