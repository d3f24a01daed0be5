"""An id that looks like another lead's is told, and makes no lead."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, text
from starlette.testclient import TestClient

from governance.audit.chain import SYSTEM
from governance.people.privacy import ForgetReason
from governance.people.roles import Role
from serving.app.application import create_app
from serving.audit.tombstones import Tombstones
from serving.database.engine import Store
from serving.privacy.forget import forget, forget_again
from serving.repositories.api_keys import USUAL_SCOPES, Scope
from serving.repositories.leads import stored_lead_ids
from serving.runtime.service import Service
from serving.runtime.settings import Forgotten
from tests.serving.builders import NOW, make_event, make_key, make_person, send

Headers = dict[str, str]
ALIKE = ["l-1", "L\u20111", "Ｌ－１", "ʟ-1"]


@pytest.fixture
def known(client: TestClient, headers: Headers) -> TestClient:
    send(client, headers, make_event())
    return client


def leads(store: Store) -> frozenset[str]:
    with store.reading() as session:
        return stored_lead_ids(session)


def codes(taken: dict[str, Any]) -> list[str]:
    return [rejected["code"] for rejected in taken["rejected"]]


def test_an_id_that_looks_like_another_is_refused(
    known: TestClient, headers: Headers, service: Service
) -> None:
    told = [make_event(id=f"{n}", subject=s) for n, s in enumerate(ALIKE, 2)]
    taken = send(known, headers, *told, make_event(id="7", subject=" L-1 "))
    assert codes(taken) == ["lead_id_ambiguous"] * len(ALIKE)
    assert taken["accepted"] == 1
    assert "L-1" in taken["rejected"][0]["detail"]
    alone = known.post("/v1/events", json=told[0], headers=headers)
    assert (alone.status_code, alone.json()["code"]) == (422, "lead_id_ambiguous")
    assert leads(service.store) == {"L-1"}


def test_of_two_that_come_together_the_first_is_taken(
    client: TestClient, headers: Headers, service: Service
) -> None:
    both = (make_event(id="1", subject="l-1"), make_event(id="2", subject="L-1"))
    assert codes(send(client, headers, *both)) == ["lead_id_ambiguous"]
    assert leads(service.store) == {"l-1"}


def test_who_may_not_see_the_lead_is_not_told_its_id(
    known: TestClient, headers: Headers, service: Service
) -> None:
    _, blind = make_key(service, scopes=USUAL_SCOPES - {Scope.LEADS})
    taken = send(known, blind, make_event(id="2", subject="l-1"))
    assert codes(taken) == ["lead_id_ambiguous"]
    assert "L-1" not in str(taken)
    owned = {"data": {"owner": "Jo Roy"}, "type": "attributes_set"}
    send(known, headers, make_event(id="3", **owned))
    asked = {"leads": [{"lead_id": "l-1"}]}
    _, awa = make_person(service, Role.SALES)
    for caller, is_named in ((headers, True), (blind, False), (awa, False)):
        scored = known.post("/v1/scores", json=asked, headers=caller)
        assert (scored.status_code, scored.json()["code"]) == (422, "lead_id_ambiguous")
        assert ("L-1" in scored.json()["detail"]) is is_named
    asked = {"leads": [{"lead_id": "L-1"}]}
    assert known.post("/v1/scores", json=asked, headers=headers).status_code == 200


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_: object, __: object, statement: str, *more: object) -> None:
        seen.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    yield seen
    event.remove(store.engine, "before_cursor_execute", note)


def test_a_known_lead_costs_nothing_and_new_ones_one_look(
    known: TestClient, headers: Headers, service: Service
) -> None:
    for subjects, looks in ((["L-1"], 0), (["N-1", "N-2", "N-3"], 1)):
        with statements(service.store) as seen:
            told = (make_event(id=uuid4().hex, subject=s) for s in subjects)
            assert send(known, headers, *told)["accepted"] == len(subjects)
        assert sum("WHERE lead.skeleton IN" in one for one in seen) == looks


def test_leads_that_share_a_skeleton_are_each_found_by_their_id(
    known: TestClient, headers: Headers, service: Service
) -> None:
    send(known, headers, make_event(id="other", subject="N-1"))
    with service.store.writing() as session:  # as a store of before may have it
        shared = text("UPDATE lead SET external_id = 'l-1', skeleton = :shared")
        of_other = text("WHERE external_id = 'N-1'")
        session.execute(text(f"{shared} {of_other}"), {"shared": _stored(session)})
    taken = send(
        known,
        headers,
        make_event(id="2", subject="l-1"),
        make_event(id="3", subject="L-1"),
        make_event(id="4", subject="L\u20111"),
    )
    assert (taken["accepted"], codes(taken)) == (2, ["lead_id_ambiguous"])
    for name in ("l-1", "L-1"):
        lead = known.get(f"/v1/leads/{name}", headers=headers)
        assert lead.json()["lead_id"] == name


def _stored(session: Any) -> Any:
    """The skeleton of L-1, as the database has it."""
    return session.scalar(text("SELECT skeleton FROM lead WHERE external_id = 'L-1'"))


def test_of_two_that_are_added_at_once_one_is(
    client: TestClient, headers: Headers, service: Service
) -> None:
    for n in range(3):
        names = (f"R-{n}", f"r-{n}", f"R\u2011{n}", f"Ｒ-{n}")
        ready = Barrier(len(names))

        def add(name: str, ready: Barrier = ready) -> list[str]:
            ready.wait()
            return codes(send(client, headers, make_event(id=name, subject=name)))

        with ThreadPoolExecutor(len(names)) as pool:
            refused = [code for told in pool.map(add, names) for code in told]
        assert refused == ["lead_id_ambiguous"] * 3
    assert len(leads(service.store)) == 3


def test_one_that_looks_like_a_forgotten_lead_is_refused_as_it_would_be(
    known: TestClient, headers: Headers, service: Service
) -> None:
    forget(service, "L-1", ForgetReason.REQUEST, SYSTEM, NOW)
    with service.store.reading() as session:
        assert session.scalar(text("SELECT count(skeleton) FROM lead")) == 0
    taken = send(known, headers, make_event(id="2", subject="l-1"))
    assert codes(taken) == ["lead_forgotten"]


def test_where_forgotten_leads_begin_afresh_its_look_alike_may_and_stays(
    known: TestClient, headers: Headers, service: Service
) -> None:
    forget(service, "L-1", ForgetReason.REQUEST, SYSTEM, NOW)
    afresh = service.settings.model_copy(update={"forgotten_again": Forgotten.AFRESH})
    with TestClient(create_app(replace(service, settings=afresh))) as client:
        assert send(client, headers, make_event(id="2", subject="l-1"))["accepted"] == 1
    tombstones = Tombstones(service.settings.anchors_folder)
    assert forget_again(service.store, tombstones, SYSTEM, NOW) == 0
    assert leads(service.store) == {"l-1"}
