"""All that is held of a person is handed out, and who read it is known."""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

import frein
from governance.people.roles import Role
from serving.auth.accounts import NewAccount, open_account
from serving.auth.dependencies import COOKIE
from serving.auth.sessions import begin_session
from serving.console.lead.personal_data import personal_data_page
from serving.console.lead.personal_data_fr import COLUMN, TITLE, UNTOLD
from serving.database.tables import Base
from serving.privacy.export import export_of
from serving.repositories.api_keys import Scope
from serving.runtime.service import Service
from tests.serving.builders import (
    NOW,
    as_the_command_line_has_it,
    make_event,
    make_key,
    make_person,
    send,
    url_of,
)

Headers = dict[str, str]


@pytest.fixture
def filled(client: TestClient, headers: Headers, service: Service) -> TestClient:
    _, mine = make_person(service)
    owner = {"owner": "Awa Diallo", "sector": "sante"}
    send(
        client,
        headers,
        make_event(),
        make_event(id="2", type="attributes_set", data=owner),
        make_event(id="3", subject="L-2", data={"page": "de quelqu’un d’autre"}),
    )
    moved = {"to": "contacte", "reason": "Rappelée ce matin"}
    client.post("/v1/leads/L-1/stage-moves", json=moved, headers=mine)
    granted = {"percent": 12, "reason": "Premier contrat"}
    client.post("/v1/leads/L-1/concessions", json=granted, headers=mine)
    client.post("/v1/leads/L-1/notes", json={"text": "Veut un devis"}, headers=mine)
    client.post("/v1/leads/L-1/stage-moves", json={"to": "perdu"}, headers=headers)
    return client


@pytest.fixture
def open_page(
    filled: TestClient, service: Service
) -> Callable[[Role, str], tuple[int, str]]:
    """What somebody of a role gets of the console."""

    def visit(role: Role, path: str) -> tuple[int, str]:
        fields = {"name": f"Une {role.value}", "login": f"x{role.value}"}
        person, _ = make_person(service, role, **fields)
        begun = begin_session(service.store, person, service.clock())
        cookie = {"Cookie": f"{COOKIE}={begun.cookie}"}
        answer = filled.get(f"/console{path}", headers=cookie)
        return answer.status_code, answer.text

    return visit


def test_all_is_there_as_json(filled: TestClient, service: Service) -> None:
    _, officer = make_key(service, scopes=frozenset({Scope.PRIVACY}))
    held = filled.get("/v1/leads/L-1/export", headers=officer).json()
    tables = held.keys() - {"lead_id", "exported_at", "audit", "history"}
    assert tables <= TITLE.keys()
    kinds = [event["kind"] for event in held["event"]]
    assert {"page_viewed", "attributes_set", "note_added"} <= set(kinds)
    (decision,) = held["decision"]
    assert (decision["signer"], decision["reason"]) == (
        "Awa Diallo",
        "Rappelée ce matin",
    )
    assert [one["percent"] for one in held["concession"]] == [12]
    assert held["score"][0]["body"]["narrative"]["text"] == "texte"
    assert held["score"][0]["body"]["reasons"]
    told = [(one["action"], one["who"]) for one in held["audit"]]
    assert ("stage_moved", "Awa Diallo") in told
    stated = [one["stated"] for one in held["audit"] if one["stated"]]
    assert {"text": "Veut un devis"} in stated
    assert "quelqu’un d’autre" not in json.dumps(held, ensure_ascii=False)


def test_all_is_there_in_french(
    open_page: Callable[[Role, str], tuple[int, str]],
) -> None:
    status, page = open_page(Role.ADMIN, "/opportunites/L-1/donnees")
    assert status == 200
    for text in (
        "Toutes les données détenues",
        "Les décisions d’étape, et qui les a prises",
        "Awa Diallo",
        "Rappelée ce matin",
        "Veut un devis",
        "Premier contrat",
        "Changement d’étape",
    ):
        assert text in page
    status, _ = open_page(Role.ANALYST, "/opportunites/L-1/donnees.json")
    assert status == 403


def test_the_page_is_whole_by_itself(filled: TestClient, service: Service) -> None:
    """It is kept and sent: it asks nobody for anything, and brings its style."""
    boss, _ = make_person(service, Role.ADMIN, name="Léa Roc", login="lea")
    begun = begin_session(service.store, boss, service.clock())
    cookie = {"Cookie": f"{COOKIE}={begun.cookie}"}
    answer = filled.get("/console/opportunites/L-1/donnees", headers=cookie)
    assert re.findall(r"(?:href|src|url|@import|<script)", answer.text) == []
    (style,) = re.findall("<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in answer.headers["Content-Security-Policy"]
    assert "@media print" in style


def test_what_events_hold_is_told_in_words(
    client: TestClient, headers: Headers, service: Service
) -> None:
    about = {"sector": "sante", "lead_source": "salon", "budget_2026": 3, "vip": True}
    send(
        client,
        headers,
        make_event(id="2", type="attributes_set", data=about),
        make_event(id="3", type="form_submitted", data={"form": "demo"}),
        make_event(
            id="4", type="quote_sent", data={"amount": 12500, "priority": "basse"}
        ),
        make_event(id="5", type="tracking_refused", data={"source": "formulaire"}),
        make_event(id="6", type="stage_changed", data={"to": "contacte"}),
    )
    page = personal_data_page(service, export_of(service, "L-1", NOW)).decode()
    told = re.sub(r"\s+", " ", re.sub("<[^>]+>", "", page))
    for text in (
        "secteur de la santé ; origine : salon professionnel ; budget 2026 : 3",
        "vip : oui",
        "formulaire : démonstration",
        "montant : 12 500 € ; priorité : basse",
        "Vos choix : consentements, refus et oppositions",
        "contenu : par le biais de : formulaire",
        "contenu : à l’étape : contacté",
        "reçu de : notre fichier des clients et prospects",
    ):
        assert text in told
    codes = ("lead_source", "lead source", "sante ", "elevee", "P-0", "tracking_")
    assert [code for code in codes if code in told] == []


def test_every_table_and_column_that_is_handed_out_has_a_name() -> None:
    ties = {"id", "lead_id", "salt", "proposal_id"}
    kinds = {"signer_kind", "asked_by_kind", "decided_by_kind"}  # told with the name
    own = {"wishes", "history", "audit"}
    columns = {
        column.name
        for table in TITLE.keys() - own
        for column in Base.metadata.tables[table].columns
    }
    assert columns - ties - kinds - UNTOLD == set(COLUMN)


def test_who_read_the_page_is_shown_to_the_administrator(
    open_page: Callable[[Role, str], tuple[int, str]], service: Service
) -> None:
    _, seen = open_page(Role.ANALYST, "/opportunites/L-1")
    assert "Qui a consulté cette fiche" not in seen
    status, _ = open_page(Role.ADMIN, "/opportunites/L-1/donnees")
    assert status == 200
    held = export_of(service, "L-1", NOW).rows["lead_access"]
    assert [(row["person"], row["what"]) for row in held] == [
        ("Une analyste", "page"),
        ("Une admin", "export"),
    ]


def test_an_administrator_reads_who_read(filled: TestClient, service: Service) -> None:
    _, mine = make_person(service, Role.ANALYST, name="Jo Roy", login="jo")
    filled.get("/v1/leads/L-1", headers=mine)
    boss, _ = make_person(service, Role.ADMIN, name="Léa Roc", login="lea")
    begun = begin_session(service.store, boss, service.clock())
    cookie = {"Cookie": f"{COOKIE}={begun.cookie}"}
    filled.get("/console/opportunites/L-1", headers=cookie)
    page = filled.get("/console/opportunites/L-1", headers=cookie).text
    part = page.partition("Qui a consulté cette fiche")[2]
    assert "Jo Roy" in part
    assert "Léa Roc" in part


@pytest.mark.parametrize("ending", ["html", "json"])
def test_the_command_line_writes_it(
    filled: TestClient,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    ending: str,
) -> None:
    monkeypatch.setenv("FREIN_DATABASE_URL", url_of(service.store))
    monkeypatch.delenv("FREIN_TOKEN", raising=False)
    monkeypatch.setattr("serving.cli.sign_in._is_terminal", lambda: True)
    as_the_command_line_has_it(service)
    password = "une phrase assez longue"
    boss = NewAccount(login="chef", name="Léa Roc", role=Role.ADMIN, password=password)
    open_account(service.store, boss, service.clock())
    out = tmp_path / f"all.{ending}"
    done = CliRunner().invoke(
        frein.app,
        ["leads", "export", " L-1\u00a0", "--by", "chef", "--out", str(out)],
        input=f"{password}\n",
    )
    assert done.exit_code == 0, done.output
    assert "Rappelée ce matin" in out.read_text(encoding="utf-8")
    assert out.stat().st_mode & 0o077 == 0
