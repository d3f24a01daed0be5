"""Ids of leads at the doors of HTTP: one form, and any sign in an address."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text
from starlette.testclient import TestClient
from typer.testing import CliRunner

import frein
from features.errors import LeadIdError
from serving.app.application import ROUTERS
from serving.app.console import ROUTERS as CONSOLE_ROUTERS
from serving.auth.dependencies import COOKIE
from serving.auth.sessions import begin_session
from serving.console.page.rendering import address_of
from serving.database.engine import Store
from serving.formats.lead_id import LeadInPath
from serving.repositories.leads import stored_lead_ids
from serving.runtime.service import Service
from tests.serving.builders import make_event, make_person, send

Headers = dict[str, str]
ODD = "OPP/2026/1 é%2F?#"


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    return sqlite_store


@pytest.fixture
def known(client: TestClient, headers: Headers) -> TestClient:
    """A client of a service that knows the lead, as its CRM wrote the id."""
    send(client, headers, make_event(subject=f" {ODD}\u00a0"))
    return client


def with_lead_in_path() -> Iterator[APIRoute]:
    for router in (*ROUTERS, *CONSOLE_ROUTERS):
        for route in router.routes:
            if isinstance(route, APIRoute) and "{lead_id}" in route.path:
                yield route


def test_every_route_of_a_lead_reads_its_id_in_one_way() -> None:
    routes = list(with_lead_in_path())
    assert len(routes) > 20
    reader = LeadInPath.__metadata__[0]  # type: ignore[attr-defined]  # it is Annotated
    for route in routes:
        (param,) = (p for p in route.dependant.path_params if p.name == "lead_id")
        assert reader in param.field_info.metadata, route.path


@pytest.mark.parametrize("segment", [quote(ODD, safe=""), f"%20{quote(ODD, safe='')}"])
def test_any_sign_may_stand_in_an_address(
    known: TestClient, headers: Headers, service: Service, segment: str
) -> None:
    _, admin = make_person(service)
    lead = known.get(f"/v1/leads/{segment}", headers=headers)
    assert (lead.status_code, lead.json()["lead_id"]) == (200, ODD)
    move = f"/v1/leads/{segment}/stage-moves"
    repeated = admin | {"Idempotency-Key": "once"}
    for _ in range(2):
        moved = known.post(move, json={"to": "contacte"}, headers=repeated)
        assert moved.status_code == 200, moved.text
    audit = known.get("/v1/audit", params={"lead_id": f"{ODD} "}, headers=headers)
    assert "stage_moved" in audit.text
    gone = known.delete(f"/v1/leads/{segment}?reason=demande", headers=admin)
    assert gone.status_code == 200, gone.text
    with service.store.reading() as session:
        assert stored_lead_ids(session) == frozenset()
        assert session.scalar(text("SELECT count(*) FROM idempotent_call")) == 0


@pytest.mark.parametrize(
    ("segment", "code"),
    [
        ("OPP/2026/1", "route_unknown"),  # a slash that isn't encoded parts an address
        ("OPP%252F2026%252F1", "lead_unknown"),  # encoded twice, it is another id
        ("L%E2%80%8B1", "lead_id_malformed"),
        ("%20", "request_invalid"),
    ],
)
def test_another_address_is_not_the_leads(
    known: TestClient, headers: Headers, segment: str, code: str
) -> None:
    answer = known.get(f"/v1/leads/{segment}", headers=headers)
    assert answer.json()["code"] == code
    if segment.startswith("L"):
        told = "il contient un caractère invisible, U+200B ZERO WIDTH SPACE."
        assert answer.json()["detail"].endswith(told)


def test_links_and_forms_of_the_console_lead_to_it(
    known: TestClient, service: Service
) -> None:
    boss, _ = make_person(service)
    begun = begin_session(service.store, boss, service.clock())
    known.cookies.set(COOKIE, begun.cookie)
    page = address_of(ODD)
    assert f'href="{page}"' in known.get("/console/").text
    shown = known.get(page).text
    linked = set(re.findall(f'href="({page}[^"?]*)', shown))
    assert {f"{page}/journal", f"{page}/note"} <= linked
    assert {known.get(address).status_code for address in linked} == {200}
    form = f"{page}/etape"
    assert f'action="{form}"' in shown
    said = {"csrf": begun.csrf or "", "to": "contacte"}
    moved = known.post(form, data=said, follow_redirects=False)
    assert moved.headers["location"] == f"{page}?fait=1"
    assert "Erreur 422" in known.get("/console/opportunites/L%E2%80%8B1").text


@pytest.mark.parametrize("owner", ["Zoé Roy", "Zoe\u0301\u00a0 Roy "])
def test_leads_and_tasks_of_an_owner_are_found_in_any_form_of_the_name(
    known: TestClient, headers: Headers, owner: str
) -> None:
    told = {"type": "attributes_set", "data": {"owner": "Zoé Roy"}}
    send(known, headers, make_event(id="2", subject=ODD, **told))
    known.post(
        f"/v1/leads/{quote(ODD, safe='')}/stage-moves",
        json={"to": "perdu"},
        headers=headers,
    )
    for path, kind in (("/v1/leads", "leads"), ("/v1/tasks", "tasks")):
        listed = known.get(path, params={"owner": owner}, headers=headers).json()
        assert [line["lead_id"] for line in listed[kind]] == [ODD]


def test_who_signs_in_is_led_back_to_it(known: TestClient) -> None:
    asked = known.get(address_of(ODD), follow_redirects=False)
    back = quote(address_of(ODD), safe="")
    assert asked.headers["location"] == f"/console/connexion?vers={back}"


def test_the_command_line_refuses_what_is_none() -> None:
    done = CliRunner().invoke(frein.app, ["audit", "trace", "L\u200b1"])
    assert isinstance(done.exception, LeadIdError)
