"""A forged row, a deleted one, a cut tail: `frein audit verify` says where."""

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner, Result

import frein
from governance.audit.chain import Break, BreakKind
from serving.audit.anchors import read_anchors
from serving.audit.verification import anchor, check_audit, find_break
from serving.auth.api_keys import issue_key
from serving.decisions.stage_move import MoveRequest, move_stage
from serving.errors import (
    AnchorsUnreadableError,
    AuditBrokenError,
    AutomationStoppedError,
)
from serving.runtime.service import Service
from tests.serving.builders import (
    AWA,
    NOW,
    make_event,
    make_key,
    make_person,
    make_wish,
    send,
)

pytestmark = pytest.mark.usefixtures("command_line")
Tamper = Callable[[str], None]


@pytest.fixture
def folder(service: Service) -> Path:
    """That of the anchors: six rows, the fourth of them anchored."""
    for _ in range(4):
        issue_key(service.store, make_wish(), NOW)
    folder = service.settings.anchors_folder
    anchor(service.store, folder, NOW)
    for _ in range(2):
        issue_key(service.store, make_wish(), NOW)
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(frein.app, ["audit", *arguments])


def test_an_audit_that_nobody_touched_is_whole(folder: Path) -> None:
    assert (run("verify").exit_code, run("verify", "--all").exit_code) == (0, 0)


@pytest.mark.parametrize(
    ("statement", "whole", "since"),
    [
        pytest.param(
            "UPDATE audit SET who_kind = 'person' WHERE seq = 2",
            "row 2 was changed",
            None,
            id="forged-before-the-anchor",
        ),
        pytest.param(
            "UPDATE audit SET who_kind = 'person' WHERE seq = 5",
            *("row 5 was changed", "row 5 was changed"),
            id="forged-since",
        ),
        pytest.param(
            "UPDATE audit SET hash = previous, previous = hash WHERE seq = 4",
            *("row 4 was changed", "row 4 was changed"),
            id="the-anchored-row-forged",
        ),
        pytest.param(
            "DELETE FROM audit WHERE seq = 3",
            *("row 3 is missing", "doesn't know of it: api_key"),
            id="deleted",
        ),
        pytest.param(
            "DELETE FROM audit WHERE seq = 5",
            *("row 5 is missing", "row 5 is missing"),
            id="deleted-since",
        ),
        pytest.param(
            "DELETE FROM audit WHERE seq >= 3",
            *("the end was cut: row 3", "the end was cut: row 3"),
            id="cut-before-the-anchor",
        ),
        pytest.param(
            "DELETE FROM audit",
            *("the end was cut: row 1", "the end was cut: row 1"),
            id="emptied",
        ),
        pytest.param(
            "UPDATE audit SET seq = 3000 WHERE seq = 3",
            "row 3 is missing",
            "row 7 is missing",
            id="moved-to-the-end",
        ),
        pytest.param(
            "INSERT INTO audit SELECT 7, 'forged', at, 'person', who_id, action,"
            " lead_id, subject_kind, subject_id, state_before, state_after, why,"
            " correlation_id, causation_id, event_id, depth, hash, hash, means"
            " FROM audit WHERE seq = 6",
            *("row 7 was changed", "row 7 was changed"),
            id="added",
        ),
    ],
)
def test_verify_says_where_it_was_tampered_with(
    folder: Path, tamper: Tamper, statement: str, whole: str, since: str | None
) -> None:
    """`since`: what is found from the last anchor on; None if nothing is."""
    tamper(statement)

    result = run("verify", "--all")
    assert (result.exit_code, whole in result.output) == (1, True), result.output
    result = run("verify")
    assert result.exit_code == (1 if since else 0)
    assert (since or "Whole") in result.output


def test_a_tail_cut_after_the_last_anchor_is_found_by_the_next_one_only(
    folder: Path, tamper: Tamper
) -> None:
    tamper("DELETE FROM audit WHERE seq = 6")
    assert "doesn't know of it: api_key" in run("verify", "--all").output
    tamper(
        "DELETE FROM api_key WHERE id NOT IN"
        " (SELECT subject_id FROM audit WHERE subject_id IS NOT NULL)"
    )
    assert run("verify", "--all").exit_code == 0  # why anchors are made often


class TestAnchors:
    def test_the_key_is_made_once_for_its_owner_only(
        self, folder: Path, service: Service
    ) -> None:
        key = folder / "key.pem"
        text = key.read_bytes()
        assert key.stat().st_mode & 0o777 == 0o600
        assert "Row 6 is anchored" in run("anchor").output
        assert "Nothing new" in run("anchor").output
        assert key.read_bytes() == text
        assert [one.seq for one in read_anchors(folder)] == [4, 6]
        assert sorted(path.name for path in folder.iterdir()) == [
            "anchors.jsonl",
            "key.pem",
        ]

    def test_an_empty_audit_has_nothing_to_anchor(self, service: Service) -> None:
        assert anchor(service.store, service.settings.anchors_folder, NOW) is None

    def test_a_forged_anchor_is_found(self, folder: Path, service: Service) -> None:
        path = folder / "anchors.jsonl"
        path.write_text(path.read_text().replace('"seq":4', '"seq":3'))
        found = find_break(service.store, folder, whole=False)
        assert found == Break(BreakKind.ANCHOR_FORGED, 3)
        assert "row 3 was not signed with our key" in run("verify").output

    def test_a_broken_audit_is_not_anchored(
        self, folder: Path, service: Service, tamper: Tamper
    ) -> None:
        tamper("UPDATE audit SET who_kind = 'person' WHERE seq = 5")
        with pytest.raises(AuditBrokenError):
            anchor(service.store, folder, NOW)
        assert len(read_anchors(folder)) == 1

    @pytest.mark.parametrize(
        "line",
        ["{}", "[1]", '{"seq": "4"', '{"seq":"4","hash":"","at":"","signature":""}'],
    )
    def test_a_line_that_is_no_anchor_is_named(
        self, folder: Path, service: Service, line: str
    ) -> None:
        with (folder / "anchors.jsonl").open("a") as file:
            file.write(line)
        with pytest.raises(AnchorsUnreadableError, match=r"anchors\.jsonl, line 2"):
            find_break(service.store, folder, whole=False)

    @pytest.mark.parametrize(
        ("spoil", "told"),
        [
            pytest.param(lambda key: key.unlink(), "No such file", id="gone"),
            pytest.param(lambda key: key.chmod(0o644), "chmod 600", id="open"),
            pytest.param(lambda key: key.write_text("x"), "key.pem", id="damaged"),
        ],
    )
    def test_a_key_that_cannot_be_trusted_is_refused(
        self, folder: Path, service: Service, spoil: Callable[[Path], None], told: str
    ) -> None:
        spoil(folder / "key.pem")
        with pytest.raises(AnchorsUnreadableError, match=told):
            find_break(service.store, folder, whole=False)


class TestABrokenAuditStopsAutomation:
    @pytest.fixture
    def broken(
        self,
        client: TestClient,
        headers: dict[str, str],
        service: Service,
        folder: Path,
        tamper: Tamper,
    ) -> Service:
        send(client, headers, make_event())
        tamper("UPDATE audit SET who_kind = 'person' WHERE seq = 5")
        check_audit(service.audit_status, service.store, folder)
        return service

    def test_readiness_says_so(self, broken: Service, client: TestClient) -> None:
        ready = client.get("/health/ready").json()
        assert (ready["automation"], ready["audit_broken_at"]) == ("stopped", 5)

    def test_a_new_lead_gets_no_priority(
        self, broken: Service, client: TestClient, headers: dict[str, str]
    ) -> None:
        send(client, headers, make_event(id="2", subject="L-2"))
        told = client.get("/v1/leads/L-2", headers=headers).json()
        assert told["priority"] is None
        assert told["score"] is not None

    def test_a_process_apart_finds_the_same(
        self, broken: Service, folder: Path
    ) -> None:
        broken.audit_status.broken, broken.audit_status.in_subprocess = None, True
        check_audit(broken.audit_status, broken.store, folder, whole=True)
        assert broken.audit_status.broken == Break(BreakKind.ROW_CHANGED, 5)
        (folder / "anchors.jsonl").write_text("no anchor\n")
        with pytest.raises(AnchorsUnreadableError, match="line 1"):
            check_audit(broken.audit_status, broken.store, folder, whole=True)

    def test_no_machine_moves_a_lead(
        self, broken: Service, client: TestClient, headers: dict[str, str]
    ) -> None:
        sent = {"to": "contacte"}
        answer = client.post("/v1/leads/L-1/stage-moves", json=sent, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (
            409,
            "automation_stopped",
        )
        key, _ = make_key(broken)
        asked = MoveRequest(lead_id="L-1", to="contacte", reason=None, by=key.principal)
        with pytest.raises(AutomationStoppedError):
            move_stage(broken, asked, NOW)

    def test_events_are_taken_and_people_decide(
        self, broken: Service, client: TestClient, headers: dict[str, str]
    ) -> None:
        assert send(client, headers, make_event(id="2"))["accepted"] == 1
        make_person(broken)
        asked = MoveRequest(
            lead_id="L-1", to="perdu", reason="Trop cher", lost_reason="prix", by=AWA
        )
        assert move_stage(broken, asked, NOW).to == "perdu"

    def test_it_is_found_when_the_service_starts(
        self, broken: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        started: list[Service] = []
        monkeypatch.setattr("serving.app.access_log.configure_logging", lambda: None)
        monkeypatch.setattr(
            "uvicorn.run", lambda app, **_: started.append(app.state.service)
        )
        assert CliRunner().invoke(frein.app, ["serve"]).exit_code == 0
        assert started[0].audit_status.broken == Break(BreakKind.ROW_CHANGED, 5)

    def test_one_that_is_whole_stops_nothing(
        self, client: TestClient, service: Service, folder: Path
    ) -> None:
        check_audit(service.audit_status, service.store, folder, whole=True)
        ready = client.get("/health/ready").json()
        assert (ready["automation"], ready["audit_broken_at"]) == ("running", None)
