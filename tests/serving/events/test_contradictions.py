"""What is seen elsewhere, beside what a person signed here."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from governance.people.roles import Role
from serving.auth.dependencies import COOKIE
from serving.auth.sessions import begin_session
from serving.events.export_log import stored_log
from serving.repositories.api_keys import Scope
from serving.repositories.persons import find_person
from serving.runtime.service import Service
from tests.serving.builders import (
    CRM_SCOPES,
    make_event,
    make_key,
    make_person,
    send,
)
from tests.serving.fakes import SetClock
from tests.serving.reserved import LOST

Headers = dict[str, str]


@pytest.fixture
def awa(service: Service) -> Headers:
    return make_person(service, Role.ADMIN, login="awa")[1]


def sign(client: TestClient, awa: Headers, to: str, status: int = 200) -> None:
    path = "/v1/leads/L-1/stage-moves"
    answer = client.post(path, json={"to": to, **LOST}, headers=awa)
    assert answer.status_code == status, answer.text


def later(service: Service) -> str:
    """A minute later, as an event says it."""
    assert isinstance(service.clock, SetClock)
    service.clock.advance(timedelta(minutes=1))
    return service.clock().isoformat()


def lead(client: TestClient, headers: Headers) -> dict[str, Any]:
    shown: dict[str, Any] = client.get("/v1/leads/L-1", headers=headers).json()
    return shown


Undone = tuple[str, dict[str, Any], str]  # signed, told, and where that is
UNDONE = {
    "won-after-lost": ("perdu", {"type": "won", "data": {}}, "gagne"),
    "reopened": ("perdu", {"data": {"to": "contacte"}}, "contacte"),
    "lost-after-won": ("gagne", {"type": "lost", "data": {}}, "perdu"),
    "won-no-more": ("gagne", {"data": {"to": "nouveau"}}, "nouveau"),
    "back": ("negociation_finale", {"data": {"to": "nouveau"}}, "nouveau"),
    "a-step-back": ("qualifie", {"data": {"to": "contacte"}}, "contacte"),
}


@pytest.mark.parametrize("undone", UNDONE.values(), ids=UNDONE)
@pytest.mark.parametrize("by", [None, "awa"])
def test_an_observation_stands_beside_a_decision_never_instead_of_it(
    client: TestClient, service: Service, awa: Headers, undone: Undone, by: str | None
) -> None:
    signed, told, observed = undone
    _, headers = make_key(service, scopes=CRM_SCOPES | {Scope.VOUCH})
    owned = {"type": "attributes_set", "data": {"owner": "Jean Roy"}}
    send(client, headers, make_event(id="1", **owned))
    sign(client, awa, signed)

    event = {"id": "2", "type": "stage_changed", "time": later(service), "by": by}
    taken = send(client, headers, make_event(**event | told))
    assert taken["accepted"] == 1  # a fact is recorded

    seen = lead(client, headers)
    assert (seen["stage"], seen["stage_assurance"]) == (signed, "signed")
    assert (seen["signed_stage"], seen["observed_stage"]) == (signed, observed)
    (task,) = seen["tasks"]
    assert (task["kind"], task["owner"]) == ("decision_contredite", "Jean Roy")
    entries = client.get("/v1/audit?lead_id=L-1", headers=headers).json()["entries"]
    (entry,) = [e for e in entries if e["action"] == "decision_contradicted"]
    assert entry["before"] == {"stage": signed}
    assert entry["after"] == {"observed": observed}

    send(client, headers, make_event(**event | told | {"id": "3"}))  # told again
    assert len(lead(client, headers)["tasks"]) == 1


def contradicted(client: TestClient, service: Service, awa: Headers) -> Headers:
    _, headers = make_key(service)
    send(client, headers, make_event(id="1"))
    sign(client, awa, "perdu")
    at = later(service)
    moved = {"id": "2", "type": "stage_changed", "data": {"to": "contacte"}, "time": at}
    send(client, headers, make_event(**moved))
    assert lead(client, headers)["observed_stage"] == "contacte"
    later(service)
    return headers


def test_the_next_model_learns_from_the_decision(
    client: TestClient, service: Service, awa: Headers
) -> None:
    headers = contradicted(client, service, awa)
    send(client, headers, make_event(id="3", type="won", time=later(service)))
    log = stored_log(service.store, service.pipeline, service.clock())
    assert log is not None
    told = log.events.filter(log.events["kind"].is_in(["stage_changed", "won", "lost"]))
    assert sorted(told["kind"]) == ["lost", "stage_changed"]
    known = told["data"].str.json_path_match("$.assurance")
    assert known.to_list() == ["signed", "signed"]


@pytest.mark.parametrize("to", ["perdu", "contacte", "qualifie"])
def test_a_person_settles_it_by_signing_either_or_another(
    client: TestClient, service: Service, awa: Headers, to: str
) -> None:
    headers = contradicted(client, service, awa)
    sign(client, awa, to)
    seen = lead(client, headers)
    assert (seen["stage"], seen["signed_stage"]) == (to, to)
    assert (seen["observed_stage"], seen["tasks"]) == (None, [])


def test_the_crm_that_agrees_again_asks_nothing_more(
    client: TestClient, service: Service, awa: Headers
) -> None:
    headers = contradicted(client, service, awa)
    send(client, headers, make_event(id="3", type="lost", time=later(service)))
    seen = lead(client, headers)
    assert (seen["stage"], seen["stage_assurance"]) == ("perdu", "signed")
    assert (seen["observed_stage"], seen["tasks"]) == (None, [])


def test_two_steps_undo_no_more_than_one(
    client: TestClient, service: Service, awa: Headers
) -> None:
    _, headers = make_key(service)
    send(client, headers, make_event(id="1"))
    sign(client, awa, "qualifie")
    for id, to in (("2", "proposition"), ("3", "nouveau")):
        moved = {"type": "stage_changed", "data": {"to": to}, "time": later(service)}
        send(client, headers, make_event(id=id, **moved))
    seen = lead(client, headers)
    assert (seen["stage"], seen["observed_stage"]) == ("proposition", "nouveau")
    answer = client.post(
        "/v1/leads/L-1/stage-moves", json={"to": "nouveau"}, headers=headers
    )
    assert answer.status_code == 409
    assert answer.json()["code"] == "reserved_for_people"


def test_to_go_on_from_a_decision_contradicts_nothing(
    client: TestClient, service: Service, awa: Headers
) -> None:
    _, headers = make_key(service)
    send(client, headers, make_event(id="1"))
    sign(client, awa, "contacte")
    moved = {"type": "stage_changed", "data": {"to": "proposition"}}
    send(client, headers, make_event(id="2", time=later(service), **moved))
    seen = lead(client, headers)
    assert (seen["stage"], seen["observed_stage"]) == ("proposition", None)
    assert seen["tasks"] == []


@pytest.mark.parametrize("to", ["perdu", "negociation_finale"])
def test_a_person_confirms_what_was_observed(
    client: TestClient, service: Service, awa: Headers, to: str
) -> None:
    _, headers = make_key(service)
    moved = {"type": "stage_changed", "data": {"to": to}}
    send(client, headers, make_event(**moved))
    asked = client.post("/v1/leads/L-1/stage-moves", json={"to": to}, headers=headers)
    assert asked.json()["code"] == "stage_already_held"  # no key confirms it
    assert lead(client, headers)["stage_to_confirm"]

    later(service)
    sign(client, awa, to)
    seen = lead(client, headers)
    assert (seen["stage"], seen["stage_assurance"]) == (to, "signed")
    assert (seen["stage_to_confirm"], seen["tasks"]) == (False, [])
    sign(client, awa, to, status=409)


def test_a_person_confirms_the_proposal_that_stayed_open(
    client: TestClient, service: Service, awa: Headers
) -> None:
    _, headers = make_key(service)
    send(client, headers, make_event(id="1"))
    client.post("/v1/leads/L-1/stage-moves", json={"to": "perdu"}, headers=headers)
    send(client, headers, make_event(id="2", type="lost"))
    (proposal,) = lead(client, headers)["proposals"]
    later(service)
    path = f"/v1/proposals/{proposal['id']}/confirm"
    assert client.post(path, json=LOST, headers=awa).status_code == 200
    seen = lead(client, headers)
    assert (seen["stage_assurance"], seen["tasks"]) == ("signed", [])
    assert seen["proposals"] == []


def test_the_journal_and_the_page_tell_them_apart(
    client: TestClient, service: Service, awa: Headers
) -> None:
    _, headers = make_key(service, name="Ventes", scopes=CRM_SCOPES | {Scope.VOUCH})
    make_person(service, Role.SALES, login="jo", name="Jo Roy")
    send(client, headers, make_event(id="1", type="lost"))
    fiche, journal = (page(client, service, tail) for tail in ("", "/journal"))
    assert "observé dans le CRM" in fiche
    assert "à confirmer" in fiche
    assert "Changement d’étape observé dans le CRM, à confirmer" in journal

    send(client, headers, make_event(id="2", type="lost", time=later(service), by="jo"))
    fiche, journal = (page(client, service, tail) for tail in ("", "/journal"))
    told = "Déclaré par le CRM (clé Ventes)\u00a0: Jo Roy"
    assert told in fiche
    assert told in journal
    assert "Étape à confirmer" not in fiche

    later(service)
    sign(client, awa, "qualifie")
    send(client, headers, make_event(id="3", type="lost", time=later(service)))
    later(service)
    sign(client, awa, "perdu")
    moved = {"type": "stage_changed", "data": {"to": "contacte"}}
    send(client, headers, make_event(id="4", time=later(service), **moved))
    fiche, journal = (page(client, service, tail) for tail in ("", "/journal"))
    assert "Le CRM contredit une décision" in fiche
    assert "Awa Diallo a décidé" in fiche
    assert "Décision contredite par le CRM\u00a0: perdu → contacté" in journal
    assert "Étape confirmée\u00a0: perdu" in journal


LABELS = {
    "confirm": ("perdu", None, "Confirmer l’étape «\u00a0perdu\u00a0»"),
    "maintain": ("perdu", "contacte", "Maintenir «\u00a0perdu\u00a0»"),
    "follow": ("gagne", "perdu", "Passer à «\u00a0perdu\u00a0»"),
}


@pytest.mark.parametrize(("stage", "observed", "label"), LABELS.values(), ids=LABELS)
def test_who_signs_a_loss_that_was_observed_says_why(
    client: TestClient,
    service: Service,
    awa: Headers,
    stage: str,
    observed: str | None,
    label: str,
) -> None:
    _, headers = make_key(service, scopes=CRM_SCOPES)
    if observed:
        send(client, headers, make_event(id="1"))
        sign(client, awa, stage)
    to, moment = observed or stage, later(service)
    moved = {"type": "stage_changed", "data": {"to": to}}
    send(client, headers, make_event(id="2", time=moment, **moved))
    fiche = page(client, service, "")
    (form,) = (one for one in fiche.split("<form") if f">{label}</button>" in one)
    assert 'name="lost_reason" required' in form
    assert '<option value="prix">Prix trop élevé</option>' in form
    assert re.search('name="reason" [^>]*required', form)
    assert fiche.count("Pourquoi elle est perdue") == 1  # no form but of a loss


def page(client: TestClient, service: Service, tail: str) -> str:
    """A page of the console, as an administrator reads it."""
    with service.store.reading() as session:
        reader = find_person(session, "awa")
    assert reader is not None
    cookie = begin_session(service.store, reader, service.clock()).cookie
    with TestClient(client.app, cookies={COOKIE: cookie}) as browser:
        answer = browser.get(f"/console/opportunites/L-1{tail}")
    assert answer.status_code == 200
    return html.unescape(answer.text)


def test_what_a_key_vouched_for_stands_until_a_person_says_otherwise(
    client: TestClient, service: Service, awa: Headers
) -> None:
    """Undone by a bare event, it is a contradiction; a key only proposes to undo it."""
    _, vouching = make_key(service, scopes=CRM_SCOPES | {Scope.VOUCH})
    _, headers = make_key(service)

    def told(id: str, key: Headers, **event: Any) -> dict[str, Any]:
        send(client, key, make_event(id=id, time=later(service), **event))
        return lead(client, headers)

    told("1", vouching, type="lost", by="awa")
    for id, event in (
        ("2", {"type": "won", "data": {}}),
        ("3", {"type": "stage_changed", "data": {"to": "contacte"}}),
    ):
        seen = told(id, headers, **event)
        assert (seen["stage"], seen["vouched_stage"]) == ("perdu", "perdu")
        assert {task["kind"] for task in seen["tasks"]} == {"decision_contredite"}
    assert seen["observed_stage"] == "contacte"
    words = page(client, service, "")
    assert "Le CRM contredit ce qu’il a déclaré" in words
    assert "Déclaré par le CRM (clé CRM)\u00a0: Awa Diallo" in words

    seen = told("4", vouching, type="stage_changed", data={"to": "qualifie"}, by="awa")
    assert (seen["stage"], seen["stage_assurance"]) == ("qualifie", "vouched")
    assert (seen["observed_stage"], seen["tasks"]) == (None, [])
    back = client.post(
        "/v1/leads/L-1/stage-moves", json={"to": "contacte"}, headers=headers
    )
    assert (back.status_code, back.json()["code"]) == (409, "reserved_for_people")
    sign(client, awa, "contacte")
    assert lead(client, headers)["vouched_stage"] is None
