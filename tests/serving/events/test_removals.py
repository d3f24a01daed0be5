"""Leads that another system deletes, archives, restores or merges."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from governance.people.roles import Role
from serving.app.scheduler import tick
from serving.audit.reconciliation import reconcile
from serving.auth.dependencies import COOKIE
from serving.auth.sessions import begin_session
from serving.database.migrate import install_pipeline
from serving.events.export_log import stored_log
from serving.repositories.api_keys import USUAL_SCOPES, Scope
from serving.repositories.audit import entries_about
from serving.repositories.leads import find_lead
from serving.runtime.service import Service
from tests.serving.builders import AWA, NOW, make_event, make_key, make_person, write
from tests.serving.fakes import score_of
from tests.serving.transaction.test_consequences import Governed
from tests.serving.transaction.test_lead_endings import ask, cause_of, waiting


def gone(
    kind: str = "lead_deleted", lead: str = "L-1", **fields: Any
) -> dict[str, Any]:
    told = {"id": f"{kind}-{lead}", "type": kind, "subject": lead, "data": None}
    return make_event(**(told | fields))


def merged(lead: str, into: object, **fields: Any) -> dict[str, Any]:
    return gone("lead_merged", lead, data={"into": into}, **fields)


def told(crm: Governed, event: dict[str, Any]) -> Any:
    return crm.client.post(
        "/v1/events",
        json=event,
        headers=crm.headers | {"Content-Type": "application/cloudevents+json"},
    )


def lead(crm: Governed, name: str = "L-1") -> dict[str, Any]:
    answer = crm.client.get(f"/v1/leads/{name}", headers=crm.headers)
    found: dict[str, Any] = answer.json()
    return found


def listed(crm: Governed, **asked: Any) -> list[str]:
    leads = crm.client.get("/v1/leads", headers=crm.headers, params=asked).json()
    return [each["lead_id"] for each in leads["leads"]]


def differences(service: Service) -> list[str]:
    return [str(each) for each in reconcile(service.store).differences]


@pytest.mark.parametrize("kind", ["lead_deleted", "lead_archived"])
def test_a_removed_lead_leaves_with_all_that_waited(
    service: Service, kind: str
) -> None:
    crm = waiting(service)
    crm.send(gone(kind))

    assert lead(crm)["removal"] == kind.removeprefix("lead_")
    assert lead(crm)["tasks"] == lead(crm)["proposals"] == []
    assert listed(crm) == []
    assert listed(crm, with_closed=True) == ["L-1"]
    closed = [one for one in crm.entries if one.action == "task_closed"]
    assert {one.why["kind"] for one in closed} == {
        "regle",
        "horloge_douteuse",
        "decision_reservee",
    }
    assert {cause_of(one, crm.entries) for one in closed} == {"lead_removed"}
    removal = next(one for one in crm.entries if one.action == "lead_removed")
    assert removal.who.name == "crm"
    assert removal.why["assurance"] == "automation"
    assert lead(crm)["stage"] == "nouveau"
    assert differences(service) == []


def test_a_removed_lead_rests_until_it_is_restored(service: Service) -> None:
    crm = waiting(service)
    crm.send(gone())
    crm.send(make_event(id="3"))
    tick(service, NOW + timedelta(days=30))
    assert lead(crm)["tasks"] == []
    scored = crm.client.post("/v1/leads/L-1/score", headers=crm.headers)
    assert (scored.status_code, scored.json()["code"]) == (409, "lead_removed")
    asked = crm.client.post(
        "/v1/leads/L-1/stage-moves", json={"to": "contacte"}, headers=crm.headers
    )
    assert (asked.status_code, asked.json()["code"]) == (409, "lead_removed")

    crm.send(gone("lead_restored", time=NOW.isoformat()))
    assert lead(crm)["removal"] is None
    assert listed(crm) == ["L-1"]
    assert lead(crm)["score"]["score"] == score_of(5)
    assert [one.action for one in crm.entries].count("lead_restored") == 1
    late = gone("lead_archived", time=(NOW - timedelta(days=3)).isoformat())
    crm.send(late)  # from before: it changes nothing
    assert lead(crm)["removal"] is None
    assert differences(service) == []


def test_a_signed_decision_stands_and_its_owner_is_told(service: Service) -> None:
    crm = Governed(service)
    _, awa = make_person(service, Role.ADMIN)
    crm.send(make_event())
    ask(crm, "negociation_finale")
    signed = crm.client.post(
        "/v1/leads/L-1/stage-moves",
        json={"to": "negociation_finale"},
        headers=awa,
    )
    assert signed.status_code == 200, signed.text
    crm.send(gone(time=NOW.isoformat()))
    found = lead(crm)
    assert (found["stage"], found["signed_stage"]) == ("negociation_finale",) * 2
    assert [task["kind"] for task in found["tasks"]] == ["decision_contredite"]
    crm.send(gone("lead_restored", time=NOW.isoformat()))
    assert lead(crm)["tasks"] == []
    assert differences(service) == []


def test_what_was_to_confirm_is_asked_again_once_restored(service: Service) -> None:
    crm = Governed(service)
    at = (NOW - timedelta(minutes=1)).isoformat()
    crm.send(make_event(type="lost"), gone(time=at))
    assert lead(crm)["tasks"] == []
    crm.send(gone("lead_restored", time=NOW.isoformat()))
    (task,) = lead(crm)["tasks"]
    assert task["kind"] == "etape_reservee_observee"


@pytest.mark.parametrize("kind", ["lead_deleted", "lead_restored", "lead_merged"])
def test_a_removal_needs_the_scope_of_stages(service: Service, kind: str) -> None:
    crm = Governed(service)
    crm.send(make_event())
    _, crm.headers = make_key(service, scopes=USUAL_SCOPES)
    refused = told(crm, gone(kind, data={"into": "L-2"}))
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")


def test_merged_leads_have_one_story_and_one_score(service: Service) -> None:
    crm = Governed(service)
    crm.send(make_event(id="1"), make_event(id="2", subject="L-2"))
    crm.send(make_event(id="3", type="attributes_set", data={"owner": AWA.name}))
    crm.send(merged("L-1", " L-2"), gone())  # as CRMs delete what they merged
    part, whole = lead(crm), lead(crm, "L-2")
    assert (part["removal"], part["merged_into"]) == ("merged", "L-2")
    assert whole["removal"] is None
    assert whole["score"]["score"] == score_of(4)  # as when it is deleted later
    assert listed(crm) == ["L-2"]


def test_what_is_told_of_a_merged_lead_goes_to_the_other(service: Service) -> None:
    crm = Governed(service)
    crm.send(make_event(id="1"), make_event(id="2", subject="L-2"))
    crm.send(make_event(id="3"), gone())
    crm.send(merged("L-1", "L-2"))
    crm.send(make_event(id="4"))  # of L-1
    assert lead(crm, "L-2")["score"]["score"] == score_of(6)
    again = crm.client.post(
        "/v1/events",
        json=[make_event(id="4"), make_event(id="1"), merged("L-1", "L-2"), gone()],
        headers=crm.headers | {"Content-Type": "application/cloudevents-batch+json"},
    )
    assert again.json() == {"accepted": 0, "duplicates": 4, "rejected": []}
    scored = crm.client.post("/v1/leads/L-1/score", headers=crm.headers).json()
    assert scored["code"] == "lead_removed"
    assert "L-2" in scored["detail"]
    log = stored_log(service.store, service.pipeline, NOW)
    assert log is not None
    assert set(log.events["lead_id"]) == {"L-2"}
    assert not log.events["kind"].str.starts_with("lead_").any()
    assert [one.action for one in crm.entries].count("lead_removed") == 2
    with service.store.reading() as session:
        entire = find_lead(session, "L-2")
        assert entire is not None
        entries = entries_about(session, entire.id, 50)
    assert "lead_absorbed" in [one.action for one in entries]
    assert differences(service) == []


def test_mergers_follow_each_other_and_run_in_no_circle(service: Service) -> None:
    crm = Governed(service)
    crm.send(*(make_event(id=name, subject=name) for name in ("A", "B", "C")))
    refusals = {
        "merged_into_itself": merged("A", "A", id="a"),
        "merged_into_unknown": merged("A", "Z", id="z"),
    }
    crm.send(merged("A", "B"))
    crm.send(merged("B", "C"))
    refusals |= {
        "merged_in_circle": merged("C", "A", id="c"),
        "merged_already": merged("A", "D", id="d"),
        "merged_for_good": gone("lead_restored", "A"),
    }
    crm.send(make_event(id="D", subject="D"))
    for why, event in refusals.items():
        refused = told(crm, event)
        assert refused.status_code == 422, why
        assert refused.json()["code"] == "removal_refused", why
    assert lead(crm, "A")["merged_into"] == lead(crm, "B")["merged_into"] == "C"
    assert listed(crm) == ["C", "D"]
    assert told(crm, merged("A", "C", id="e")).json()["accepted"] == 1  # nothing new
    crm.send(make_event(id="of-a", subject="A"))
    assert lead(crm, "C")["score"]["score"] == score_of(7)
    wrong = told(crm, merged("D", 5, id="f"))
    assert (wrong.status_code, wrong.json()["field"]) == (422, "data.into")
    assert differences(service) == []


def test_what_is_held_of_one_is_held_of_the_whole(service: Service) -> None:
    crm = Governed(service)
    crm.send(make_event(id="1"), make_event(id="2", subject="L-2"))
    crm.send(merged("L-1", "L-2"))
    export = crm.client.get("/v1/leads/L-1/export", headers=crm.headers).json()
    assert {event["event_id"] for event in export["event"]} >= {"1", "2"}
    may = frozenset({Scope.PRIVACY, Scope.LEADS})
    crm.headers = make_key(service, in_audit=True, scopes=may)[1]
    gone_for_good = crm.client.delete(
        "/v1/leads/L-2", params={"reason": "demande"}, headers=crm.headers
    )
    assert gone_for_good.status_code == 200, gone_for_good.text
    for name in ("L-1", "L-2"):
        answer = crm.client.get(f"/v1/leads/{name}", headers=crm.headers)
        assert answer.status_code in {404, 410}
    assert differences(service) == []


def test_objections_are_those_of_the_whole(service: Service) -> None:
    crm = Governed(service)
    crm.send(make_event(id="1"), make_event(id="2", subject="L-2"))
    crm.send(make_event(id="3", type="profiling_objected"))
    crm.send(merged("L-1", "L-2"))
    assert lead(crm, "L-2")["objected_at"] is not None
    assert stored_log(service.store, service.pipeline, NOW) is None
    assert differences(service) == []


@pytest.mark.parametrize(
    ("before", "call"),
    [
        ([make_event(id="s", type="lost")], None),
        ([], ("stage-moves", {"to": "contacte"})),  # decided by a machine
        ([], ("concessions", {"percent": 5})),
        ([], ("stage-moves", {"to": "negociation_finale"})),  # proposed
        ([], ("requalifications", {"priority": "basse", "reason": "Trop petit"})),
    ],
)
def test_a_machine_takes_along_nothing_that_the_brake_looks_at(
    service: Service, before: list[dict[str, Any]], call: Any
) -> None:
    crm = Governed(service)
    crm.send(make_event(id="1"), make_event(id="2", subject="L-2"), *before)
    if call is not None:
        path, body = call
        is_ours = path == "requalifications"  # a machine's binds nobody
        headers = make_person(service)[1] if is_ours else crm.headers
        crm.client.post(f"/v1/leads/L-1/{path}", json=body, headers=headers)
    held = lead(crm)
    refused = told(crm, merged("L-1", "L-2"))
    assert (refused.status_code, refused.json()["code"]) == (422, "merger_needs_person")
    assert lead(crm) == held
    assert told(crm, merged("L-2", "L-1")).json()["accepted"] == 1
    assert differences(service) == []


def test_a_batch_with_mergers_ends_like_single_calls(service: Service) -> None:
    crm = Governed(service)
    ends = []
    for part, whole in (("L-1", "L-2"), ("K-1", "K-2")):
        crm.send(make_event(id=part, subject=part), make_event(id=whole, subject=whole))
        in_order = [
            merged(part, whole, time=(NOW - timedelta(hours=2)).isoformat()),
            make_event(
                id=f"{part}-s",
                subject=part,
                type="stage_changed",
                data={"to": "negociation_finale"},
                time=(NOW - timedelta(hours=1)).isoformat(),
            ),
            gone(lead=part, time=NOW.isoformat()),
        ]
        if part == "L-1":
            crm.send(*reversed(in_order))
        else:
            for event in in_order:
                crm.send(event)
        assert lead(crm, part)["removal"] == "merged"
        end = lead(crm, whole)
        ends.append((end["stage"], [task["kind"] for task in end["tasks"]]))
    assert ends == [("negociation_finale", ["etape_reservee_observee"])] * 2
    assert differences(service) == []


def test_a_merger_told_after_a_deletion_is_carried_out(service: Service) -> None:
    crm = Governed(service)
    crm.send(make_event(id="1"), make_event(id="2", subject="L-2"))
    crm.send(gone(time=NOW.isoformat()))
    late = merged("L-1", "L-2", time=(NOW - timedelta(hours=1)).isoformat())
    assert told(crm, late).json()["accepted"] == 1
    assert lead(crm)["merged_into"] == "L-2"
    assert differences(service) == []


def test_a_limit_in_euros_counts_the_amount_of_a_merged_part(service: Service) -> None:
    limits = {
        "concession_percent": {Role.SALES: 10.0},
        "concession_amount": {Role.SALES: 5000.0},
        "amount_attribute": "amount",
    }
    pipeline = service.pipeline.model_copy(update=limits)
    with service.store.writing() as session:
        install_pipeline(session, pipeline)
    crm = Governed(replace(service, pipeline=pipeline))
    _, awa = make_person(service, Role.SALES, login="awa")
    amount = {"owner": AWA.name, "amount": 1_000_000}
    crm.send(
        make_event(id="1", type="attributes_set", data=amount),
        make_event(
            id="2", subject="L-2", type="attributes_set", data=amount | {"amount": 1}
        ),
    )
    crm.send(merged("L-1", "L-2"))
    asked = crm.client.post(
        "/v1/leads/L-2/concessions",
        json={"percent": 10, "reason": "Fidélité"},
        headers=awa,
    )
    assert asked.status_code == 409, asked.text
    with pytest.raises(IntegrityError, match="reserved_for_people"):
        write(
            service.store,
            "INSERT INTO concession (id, lead_id, percent, decided_at, signer_kind,"
            f" signer, clause, reserved) SELECT id, id, 10, created_at, 'person',"
            f" '{AWA.name}', 'x', false FROM lead WHERE external_id = 'L-2'",
        )


def test_nobody_acts_on_a_merged_lead(service: Service) -> None:
    crm = Governed(service)
    _, awa = make_person(service, Role.ADMIN)
    crm.send(make_event(id="1"), make_event(id="2", subject="L-2"))
    crm.send(merged("L-1", "L-2"))
    calls: dict[str, Any] = {
        "objection": None,
        "notes": {"text": "Rappeler lundi."},
        "stage-moves": {"to": "contacte"},
        "concessions": {"percent": 5, "reason": "Fidélité"},
        "suspensions": {"reason": "autre", "text": "À revoir."},
    }
    for path, body in calls.items():
        refused = crm.client.post(f"/v1/leads/L-1/{path}", json=body, headers=awa)
        assert refused.status_code == 409, (path, refused.text)
        assert refused.json()["code"] == "lead_removed", path
    with pytest.raises(IntegrityError, match="reserved_for_people"):
        write(
            service.store,
            "INSERT INTO concession (id, lead_id, percent, decided_at, signer_kind,"
            " signer, clause, reserved) SELECT id, id, 1, created_at, 'integration',"
            " 'crm', 'x', false FROM lead WHERE external_id = 'L-1'",
        )
    assert differences(service) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE lead SET removal = 'deleted'",
        "UPDATE lead SET removal = 'merged', merged_into = id",
        "UPDATE lead SET merged_into = id",
        "UPDATE lead SET removal = 'archived', removed_at = created_at",
    ],
)
def test_the_database_lets_no_lead_be_removed_untold(
    service: Service, statement: str
) -> None:
    crm = Governed(service)
    crm.send(make_event())
    with pytest.raises(IntegrityError, match="reserved_for_people"):
        write(service.store, statement)


def test_verify_finds_a_lead_that_was_removed_untold(
    service: Service, tamper: Any
) -> None:
    crm = Governed(service)
    crm.send(make_event())
    tamper("UPDATE lead SET removal = 'deleted'")
    (found,) = differences(service)
    assert found.endswith("removal")


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (merged("L-1", "L-2"), "elle ne fait plus qu’une avec"),
        (gone("lead_archived"), "elle n’est plus à traiter"),
    ],
)
def test_the_page_says_what_became_of_the_lead(
    service: Service, event: dict[str, Any], words: str
) -> None:
    crm = Governed(service)
    crm.send(make_event(id="1"), make_event(id="2", subject="L-2"))
    crm.send(event)
    person, _ = make_person(service, Role.ADMIN)
    begun = begin_session(service.store, person, service.clock())
    cookie = {"Cookie": f"{COOKIE}={begun.cookie}"}
    page = crm.client.get("/console/opportunites/L-1", headers=cookie)
    assert page.status_code == 200
    assert words in page.text
    journal = crm.client.get("/console/opportunites/L-1/journal", headers=cookie)
    assert "Opportunité retirée dans le CRM" in journal.text
    inbox = crm.client.get("/console/", headers=cookie)
    assert "/opportunites/L-2" in inbox.text
    assert "/opportunites/L-1" not in inbox.text


def test_who_objected_elsewhere_is_left_alone_once_it_is_one(service: Service) -> None:
    crm = waiting(service)
    crm.send(make_event(id="o", subject="L-2", type="profiling_objected", data={}))
    crm.send(merged("L-2", "L-1", time=NOW.isoformat()))
    assert lead(crm)["objected_at"] is not None
    assert [task["kind"] for task in lead(crm)["tasks"]] == ["decision_reservee"]
    closed = [one for one in crm.entries if one.action == "task_closed"]
    assert len(closed) == 2
    assert differences(service) == []
