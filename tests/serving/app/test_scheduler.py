"""What time does by itself, on a given clock; two services, one tick."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from governance.people.roles import Role
from governance.policy.task import TaskStatus
from serving.app.scheduler import TickReport, tick
from serving.database.engine import Store
from serving.database.tables import AuditRow
from serving.repositories.proposals import all_proposals
from serving.repositories.tasks import listed_tasks
from serving.runtime.lead_locks import LeadLocks
from serving.runtime.served_model import Models
from serving.runtime.service import Service
from tests.serving.builders import NOW, make_event, make_person, url_of
from tests.serving.fakes import MODEL, CountingExplainer
from tests.serving.transaction.test_consequences import TASK, Governed

TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
def elsewhere(service: Service) -> Iterator[Service]:
    """Another process on the same database, as far as locks go."""
    store = Store(url_of(service.store))
    yield replace(service, store=store, lead_locks=LeadLocks())
    store.close()


def ticked(service: Service, at: Any = NOW) -> TickReport:
    done = tick(service, at)
    assert done is not None
    return done


def test_open_leads_are_looked_at_each_day_and_after_a_new_champion(
    service: Service,
) -> None:
    crm = Governed(service)
    crm.send(make_event(), make_event(id="2", subject="L-2"))
    crm.send(make_event(id="3", subject="L-3", type="lost", actor="person"))

    assert ticked(crm.service).rescored == 2
    assert ticked(crm.service, NOW + timedelta(minutes=1)).rescored == 0
    new = replace(MODEL, version="2", sha256="b" * 64)
    changed = replace(crm.service, models=Models(CountingExplainer(new)))
    assert ticked(changed, NOW + timedelta(minutes=2)).rescored == 2
    assert ticked(changed, NOW + timedelta(minutes=3)).rescored == 0
    assert ticked(changed, TOMORROW).rescored == 2


def test_leads_looked_at_before_the_model_is_loaded_are_scored_once_it_is(
    service: Service,
) -> None:
    crm = Governed(service)
    crm.send(make_event(), make_event(id="2", subject="L-2"))
    bare = replace(crm.service, models=Models())
    assert ticked(bare, TOMORROW).rescored == 2
    assert ticked(bare, TOMORROW + timedelta(minutes=1)).rescored == 0

    assert ticked(crm.service, TOMORROW + timedelta(minutes=2)).rescored == 2
    moment = datetime.fromisoformat(crm.lead["score"]["moment"])
    assert moment == TOMORROW + timedelta(minutes=2)
    assert ticked(crm.service, TOMORROW + timedelta(minutes=3)).rescored == 0


def test_silences_and_schedules_set_rules_off_once(service: Service) -> None:
    silence = '{ silence = { kind = "page_viewed" }, lasting = "2d" }'
    crm = Governed(
        service,
        {"on": silence, "then": TASK},
        {"on": '{ schedule = ["friday"] }', "then": '{ notify = "owner" }'},
    )
    crm.send(make_event())
    tick(crm.service, TOMORROW)
    assert (crm.lead["tasks"], crm.lead["notices"]) == ([], [])
    for days in (3, 4):  # a Friday, a Saturday
        tick(crm.service, NOW + timedelta(days=days))
    assert [len(crm.lead[name]) for name in ("tasks", "notices")] == [1, 1]
    (opened,) = [one for one in crm.entries if one.action == "task_opened"]
    assert (opened.why["set_off_by"], opened.why["rule"]) == ("time", "R-01")


def test_an_overdue_task_goes_to_the_manager_once(service: Service) -> None:
    settings = service.settings.model_copy(update={"manager": "Paul Petit"})
    crm = Governed(service, {"then": TASK}, settings=settings)
    crm.send(
        make_event(id="a", type="attributes_set", data={"owner": "Awa Diallo"}),
        make_event(),
    )
    assert ticked(crm.service, TOMORROW).escalated == 0  # it is due that day
    late = TOMORROW + timedelta(days=1)
    assert ticked(crm.service, late).escalated == 1
    assert ticked(crm.service, late + timedelta(days=1)).escalated == 0
    (task,) = crm.lead["tasks"]
    assert task["owner"] == "Paul Petit"
    escalated = crm.entries[-1]
    assert (escalated.action, escalated.who.name) == ("task_escalated", "frein")


def test_it_goes_to_the_manager_of_its_owner_s_team_where_there_is_one(
    service: Service,
) -> None:
    crm = Governed(service, {"then": TASK})
    for login, role, name, team in (
        ("awa", Role.SALES, "Awa Diallo", "ouest"),
        ("lea", Role.MANAGER, "Léa Roux", "ouest"),
        ("max", Role.MANAGER, "Max Blanc", "est"),
    ):
        make_person(service, role, login=login, name=name, team=team)
    crm.send(
        make_event(id="a", type="attributes_set", data={"owner": "Awa Diallo"}),
        make_event(),
    )
    assert ticked(crm.service, TOMORROW + timedelta(days=1)).escalated == 1
    (task,) = crm.lead["tasks"]
    assert task["owner"] == "Léa Roux"


def test_a_proposal_expires(service: Service) -> None:
    crm = Governed(service)
    crm.send(make_event())
    path = "/v1/leads/L-1/stage-moves"
    crm.client.post(path, json={"to": "perdu"}, headers=crm.headers)

    assert ticked(crm.service, NOW + timedelta(days=13)).expired == 0
    assert ticked(crm.service, NOW + timedelta(days=14)).expired == 1
    with service.store.reading() as session:
        (proposal,) = all_proposals(session)
        closed = listed_tasks(session, TaskStatus.CLOSED, None, 9)
    assert (proposal.status, proposal.decided_by) == ("expired", "frein")
    assert len(closed) == 1


def test_two_services_tick_once_a_minute(service: Service, elsewhere: Service) -> None:
    for minute in range(5):
        at = NOW + timedelta(minutes=minute)
        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(tick, (service, elsewhere), (at, at)))
        assert sum(one is not None for one in done) == 1
    assert tick(elsewhere, NOW + timedelta(minutes=4, seconds=30)) is None


def test_a_clock_that_went_back_does_nothing_and_is_recorded(service: Service) -> None:
    ticked(service, TOMORROW)
    assert tick(service, NOW) is None
    assert tick(service, NOW + timedelta(minutes=1)) is None
    with service.store.reading() as session:
        actions = list(session.scalars(select(AuditRow.action)))
    assert actions == ["clock_doubted"]


def test_the_audit_is_anchored_each_hour_and_verified_each_night(
    service: Service, elsewhere: Service, tamper: Any
) -> None:
    crm = Governed(service)
    crm.send(make_event(), make_event(id="2", subject="L-2"))
    first = ticked(crm.service)
    assert (first.anchored, first.verified) == (True, True)
    assert not ticked(crm.service, NOW + timedelta(minutes=30)).anchored

    tamper("UPDATE audit SET who_kind = 'person' WHERE seq = 1")
    ticked(crm.service, TOMORROW)
    assert crm.service.audit_status.broken is not None
    other = replace(elsewhere, audit_status=type(elsewhere.audit_status)())
    tick(other, TOMORROW + timedelta(minutes=1))
    assert other.audit_status.broken == crm.service.audit_status.broken


def test_each_night_the_tables_are_held_against_the_audit(
    service: Service,
    elsewhere: Service,
    tamper: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    crm = Governed(service)
    crm.send(make_event())
    ticked(crm.service)
    ready = crm.client.get("/health/ready").json()
    assert (crm.service.audit_status.n_faults, ready["audit_faults"]) == (0, 0)

    tamper("UPDATE lead SET external_id = 'L-2'")
    assert ticked(crm.service, TOMORROW).verified
    (told,) = (r for r in caplog.records if r.msg == "audit_differs")
    assert told.__dict__["fault"].endswith(", external_id, skeleton")
    assert crm.service.audit_status.broken is None  # automation goes on
    other = replace(elsewhere, audit_status=type(elsewhere.audit_status)())
    tick(other, TOMORROW + timedelta(minutes=1))
    assert other.audit_status.n_faults == 1
    metrics = crm.client.get("/metrics", headers=make_person(service)[1]).text
    assert "frein_audit_faults 1.0" in metrics
