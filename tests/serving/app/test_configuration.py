"""Configuration at start: audited where it changed, refused where leads forbid it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from governance.audit.chain import STARTUP, Action, Subject, SubjectKind
from governance.errors import StagesHeldError
from governance.people.roles import Role
from governance.policy.pipeline import PIPELINE_FILE, read_pipeline
from serving.app.application import create_app
from serving.app.configuration import install_configuration
from serving.audit.verification import find_break
from serving.repositories.audit import (
    AuditRecord,
    configuration_in_force,
    entries_on,
)
from serving.repositories.decisions import is_decided
from serving.repositories.leads import find_lead
from serving.repositories.proposals import all_proposals
from serving.runtime.service import Service
from serving.runtime.settings import Retention
from tests.serving.builders import NOW, make_event, make_key, make_person, send
from tests.serving.reserved import LOST, Headers

Start = Callable[..., Service]


@pytest.fixture
def start(service: Service, tmp_path: Path) -> Start:
    """Starts on the shipped pipeline with these words replaced, as a service does."""

    def started(*changes: tuple[str, str]) -> Service:
        text = PIPELINE_FILE.read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "pipeline.toml"
        path.write_text(text)
        settings = service.settings.model_copy(update={"pipeline_file": path})
        pipeline = read_pipeline(path)
        install_configuration(service.store, settings, pipeline, NOW)
        return replace(service, settings=settings, pipeline=pipeline)

    return started


def in_force(record: AuditRecord) -> dict[str, Any]:
    """The configuration that a row tells."""
    assert record.after is not None
    return record.after


def audited(service: Service) -> list[AuditRecord]:
    with service.store.reading() as session:
        subject = Subject(SubjectKind.SERVICE, "configuration")
        return entries_on(session, subject, 10)


def stage_of(service: Service, lead_id: str) -> str:
    with service.store.reading() as session:
        lead = find_lead(session, lead_id)
    assert lead is not None
    return lead.stage


def moved(to: str, lead: str = "L-1") -> dict[str, Any]:
    return make_event(id=f"{lead} {to}", subject=lead, type="stage_changed") | {
        "data": {"to": to}
    }


class TestTheAudit:
    def test_begins_with_what_is_in_force(self, start: Start) -> None:
        (first,) = audited(start())
        assert (first.action, first.who.name) == (
            Action.CONFIGURATION_CHANGED,
            STARTUP.name,
        )
        assert first.before is None
        after = in_force(first)
        assert {"pipeline", "rules", "exceptions", "judgement"} < after.keys()
        assert after["thresholds"]["concession_percent_commercial"] == 10.0
        assert after["stages"]["perdu"] == {
            "position": 6,
            "reserved": True,
            "closes": True,
            "role": "abandoned",
        }

    def test_has_a_row_for_each_start_that_changes_it(self, start: Start) -> None:
        service = start()
        start()
        assert len(audited(service)) == 1
        start(("concession_above_percent = 10", "concession_above_percent = 15"))
        first, second = audited(service)
        before, after = in_force(first), in_force(second)
        assert second.before == before
        assert before["pipeline"] != after["pipeline"]
        assert before["rules"] == after["rules"]
        named = "concession_above_percent"
        assert [s["thresholds"][named] for s in (before, after)] == [10.0, 15.0]
        folder = service.settings.anchors_folder
        assert find_break(service.store, folder, whole=True) is None

    def test_has_thresholds_that_are_dropped(self, start: Start) -> None:
        start()
        service = start(("commercial = 10, ", ""))
        with service.store.reading() as session:
            names = session.scalars(text("SELECT name FROM threshold ORDER BY name"))
            assert names.all() == [
                "concession_above_percent",
                "concession_percent_manager",
            ]


# --- What is refused where leads stand ------------------------------------------

LOSES_ITS_ROLE = (
    ('role = "abandoned"\nreserved = true', "reserved = true"),
    ('title = "qualifié"', 'title = "qualifié"\nrole = "abandoned"\nreserved = true'),
)
LEAVES = (('name = "perdu"', 'name = "abandonne"'),)
UNLOCKS = (
    ('role = "final_negotiation"\nreserved = true', ""),
    ('title = "qualifié"', 'title = "qualifié"\nrole = "final_negotiation"\n'
     "reserved = true"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("stage", "changes", "what"),
    [
        pytest.param("perdu", LOSES_ITS_ROLE, "no longer ends one", id="role-taken"),
        pytest.param("qualifie", LOSES_ITS_ROLE, "ends an opportunity", id="given"),
        pytest.param("perdu", LEAVES, "left the file", id="left"),
        pytest.param(
            "negociation_finale", UNLOCKS, "no longer reserved", id="unlocked"
        ),
        pytest.param(
            "gagne",
            (
                ('role = "won"', ""),
                ('title = "proposition"', 'title = "proposition"\nrole = "won"'),
            ),
            "no longer ends one",
            id="won-moved",
        ),
    ],
)
def test_a_role_is_kept_where_leads_stand(
    start: Start,
    client: TestClient,
    headers: Headers,
    stage: str,
    changes: tuple[tuple[str, str], ...],
    what: str,
) -> None:
    service = start()
    send(client, headers, *(moved(stage, f"L-{n:02}") for n in range(22)))
    with pytest.raises(StagesHeldError, match=what) as caught:
        start(*changes)
    assert caught.value.count == 22
    assert caught.value.named.startswith("L-00, L-01, ")
    assert caught.value.named.endswith("L-19, …")
    assert len(audited(service)) == 1  # nothing was written
    assert stage_of(service, "L-00") == stage


def test_of_a_store_that_no_start_has_audited_the_locks_are_known(
    start: Start, client: TestClient, headers: Headers
) -> None:
    send(client, headers, moved("perdu"))
    with pytest.raises(StagesHeldError, match="no longer ends one"):
        start(*LOSES_ITS_ROLE)


def test_where_no_lead_stands_roles_move(start: Start) -> None:
    start()
    start(*LOSES_ITS_ROLE)
    service = start(*LOSES_ITS_ROLE)
    assert len(audited(service)) == 2


def test_a_stage_may_become_reserved_where_leads_stand(
    start: Start, client: TestClient, headers: Headers
) -> None:
    start()
    send(client, headers, moved("qualifie"))
    start(('title = "qualifié"', 'title = "qualifié"\nreserved = true'))


# --- Another name ------------------------------------------------------------------

RENAMED = (
    ('name = "perdu"', 'name = "abandon"\nformerly = ["perdu"]'),
    ('name = "qualifie"', 'name = "qualification"\nformerly = ["qualifie"]'),
)


class TestAnotherName:
    @pytest.fixture
    def renamed(self, start: Start, client: TestClient, headers: Headers) -> Service:
        """L-1 was lost by a person, L-2 is qualified and proposed as lost."""
        service = start()
        _, awa = make_person(service)
        send(client, headers, make_event(), moved("qualifie", "L-2"))
        lost = {"to": "perdu", **LOST}
        path = "/v1/leads/{}/stage-moves"
        assert client.post(path.format("L-1"), json=lost, headers=awa).is_success
        asked = client.post(path.format("L-2"), json={"to": "perdu"}, headers=headers)
        assert asked.status_code == 409
        return start(*RENAMED)

    def test_is_taken_along(self, renamed: Service) -> None:
        assert stage_of(renamed, "L-1") == "abandon"
        assert stage_of(renamed, "L-2") == "qualification"
        with renamed.store.reading() as session:
            (proposal,) = all_proposals(session)
        assert (proposal.from_stage, proposal.to_stage) == ("qualification", "abandon")

    def test_is_audited(self, renamed: Service) -> None:
        _, last = audited(renamed)
        assert last.after is not None
        assert last.after["renamed"] == {
            "perdu": "abandon",
            "qualifie": "qualification",
        }

    def test_is_known_by_the_old_one(self, renamed: Service) -> None:
        with TestClient(create_app(renamed)) as client:
            _, headers = make_key(renamed)
            send(client, headers, moved("perdu", "L-3"))
        assert stage_of(renamed, "L-3") == "abandon"

    def test_loosens_no_lock(self, renamed: Service) -> None:
        """What a person decided of the old one stands."""
        with renamed.store.reading() as session:
            lead = find_lead(session, "L-1")
            assert lead is not None
            assert is_decided(session, lead.id, "abandon")
        with TestClient(create_app(renamed)) as client:
            _, headers = make_key(renamed)
            path = "/v1/leads/L-1/stage-moves"
            answer = client.post(path, json={"to": "contacte"}, headers=headers)
        assert answer.status_code == 409

    def test_goes_on_at_the_next_start(self, renamed: Service, start: Start) -> None:
        start(*RENAMED)
        assert len(audited(renamed)) == 2
        again = (
            ('name = "perdu"', 'name = "sans_suite"\nformerly = ["perdu", "abandon"]'),
        )
        service = start(*again, RENAMED[1])
        assert stage_of(service, "L-1") == "sans_suite"
        with service.store.reading() as session:
            lead = find_lead(session, "L-1")
            assert lead is not None
            assert is_decided(session, lead.id, "sans_suite")
            known = configuration_in_force(session)
        assert known is not None
        assert "sans_suite" in known["stages"]


@pytest.mark.parametrize(
    "change",
    [
        {"retention": Retention(prospects_days=1)},
        {"break_glass_decides": True},
        {"totp_roles": (Role.ADMIN,)},
        {"open_docs": True},
        {"open_metrics": True},
        {"allowed_hosts": ("frein.example.fr",)},
        {"consent_kinds": frozenset()},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_setting_that_opens_a_door_is_audited(
    service: Service, change: dict[str, Any]
) -> None:
    given = {"trusted_proxies": ("10.0.0.1",)} | change
    for update in ({}, change, change, given, change):
        settings = service.settings.model_copy(update=update)
        install_configuration(service.store, settings, service.pipeline, NOW)
    rows = audited(service)
    assert len(rows) == 4  # the same once more is no change
    (name,) = change
    told = [in_force(row)["settings"][name] for row in rows]
    assert told[0] != told[1] == told[2] == told[3]
    assert "example.fr" not in str(rows)
