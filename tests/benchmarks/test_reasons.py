"""The reasons benchmark, run as a user runs it, and its own judgement tried."""

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np
import orjson
import polars as pl
import pytest

from benchmarks.common.public_scores import lives, moved_back
from benchmarks.reasons import grammar
from benchmarks.reasons.__main__ import main
from benchmarks.reasons.claims import Claim, Trial, told_claims
from benchmarks.reasons.drivers import TrueDrivers, agreement, true_drivers
from data.generate import generate
from explanations import checking
from explanations.reason import Evidence
from features.errors import LogError
from features.event import events_frame
from features.featurise import moments_frame
from tests.factories import NOW, make_event, make_events

judge_needed = pytest.mark.skipif(
    which(grammar.COMMAND) is None and os.environ.get("CI") != "true",
    reason="French is not judged without Grammalecte; on CI it must be",
)
LATER = NOW + timedelta(days=40)


@pytest.fixture(scope="module")
def arguments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A small demo log, with its truth, and the protocol that it allows."""
    folder = tmp_path_factory.mktemp("reasons")
    generate(folder / "log", leads=600, seed=7)
    return {
        "--log": str(folder / "log"),
        "--moments": "1w,3w,6w",
        "--horizon": "60d",
        "--train-before": "2026-06-01",
        "--test-from": "2026-06-01",
        "--most": "40",
        "--narratives": "0",
    }


def run(arguments: dict[str, str], **changed: str) -> int:
    wanted = arguments | {f"--{name}": value for name, value in changed.items()}
    return main([word for pair in wanted.items() for word in pair])


def test_the_last_line_tells_that_no_told_reason_is_contradicted(
    arguments: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 0
    told = orjson.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["moments"] == 40
    for check in ("told_deletions", "told_insertions"):
        assert told[check]["checked"] > 0, check
        assert told[check]["contradicted"] == 0, check
        assert told[check]["another_score"] == 0, check
    assert told["contradicted"] == []
    assert told["plain_treeshap_top_4"]["checked"] > 0
    assert 0 < told["coverage"]["at_least_1_deletion_checked"] <= 1
    assert told["additivity_error_points"] <= 1e-6
    assert told["score_against_predict_points"] <= 1e-6
    assert told["lives_told_otherwise_in_their_own_time"] == 0
    assert told["top_reason_flips"]["unread_event_added"] == 0
    assert told["top_reason_flips"]["irrelevant_event_read_by"]
    assert told["true_drivers"]["moments"] > 0
    assert told["changes"]["changes"] > 0
    assert told["changes"]["additivity"] < 1e-9
    assert told["changes"]["ends"] < 1e-9
    assert told["narratives"] is None


def test_reasons_told_without_their_check_are_caught_and_can_be_seen_again(
    arguments: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checking, "holds", lambda share, *_: np.ones(len(share), bool))
    assert run(arguments) == 0
    told = orjson.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["told_deletions"]["contradicted"] > 0
    assert told["told_deletions"]["another_score"] == 0
    assert {"lead_id", "moment", "idea", "evidence"} <= set(told["contradicted"][0])


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        pytest.param({"log": "absent"}, "absent", id="no log"),
        pytest.param({"test-from": "2029-01-01"}, "--test-from", id="no test lead"),
        pytest.param({"horizon": "900d"}, "horizon", id="a horizon past the log"),
    ],
)
def test_a_log_that_does_not_allow_it_ends_with_code_2(
    changed: dict[str, str],
    told: str,
    arguments: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(arguments, **changed) == 2
    answer = capsys.readouterr()
    assert told in answer.err
    assert answer.out == ""


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        pytest.param({"most": "0"}, "--most", id="no moment"),
        pytest.param({"narratives": "-1"}, "--narratives", id="narratives"),
        pytest.param({"test-from": "2026-01-06"}, "a lead would do both", id="order"),
    ],
)
def test_an_argument_that_says_nothing_ends_with_code_2(
    changed: dict[str, str],
    told: str,
    arguments: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(arguments, **changed)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_without_a_judge_narratives_are_refused(
    arguments: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(grammar, "COMMAND", "no-such-judge")
    assert run(arguments, narratives="10") == 2
    assert "no-such-judge is not installed" in capsys.readouterr().err


@judge_needed
def test_narratives_are_judged_and_timed(
    arguments: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments, most="5", narratives="30") == 0
    told = orjson.loads(capsys.readouterr().out.splitlines()[-1])["narratives"]
    assert told["told"] == 30
    assert told["grammalecte_faults_per_10000"] == 0
    assert told["microseconds_each"] > 0


@judge_needed
def test_the_judge_names_the_lines_at_fault() -> None:
    found = grammar.faults_of(["Le client a répondu.", "Il ont répondu hier."])
    assert set(found) == {"Il ont répondu hier."}


# --- Its own judgement ------------------------------------------------------


def make_claim(**overrides: Any) -> Claim:
    fields: dict[str, Any] = {
        "row": 0,
        "idea": "interet_tarifs",
        "is_up": True,
        "evidence": frozenset({Evidence("site", "E-1")}),
        "score_without": 50.0,
    }
    return Claim(**fields | overrides)


@pytest.mark.parametrize(
    ("is_up", "second", "contradicted", "other_way"),
    [
        pytest.param(True, 50.0, False, False, id="up, and it falls"),
        pytest.param(True, 58.0, True, False, id="up, and it hardly falls"),
        pytest.param(True, 70.0, True, True, id="up, and it rises"),
        pytest.param(False, 70.0, False, False, id="down, and it rises"),
        pytest.param(False, 50.0, True, True, id="down, and it falls"),
    ],
)
def test_a_claim_is_contradicted_unless_the_score_moves_its_way_by_enough(
    is_up: bool, second: float, contradicted: bool, other_way: bool
) -> None:
    tested = Trial(make_claim(is_up=is_up), 60.0, second)
    assert tested.is_contradicted is contradicted
    assert tested.moved_the_other_way is other_way


def test_a_score_that_was_not_promised_is_another_score() -> None:
    assert not Trial(make_claim(), 60.0, 50.0).is_another_score
    assert Trial(make_claim(), 60.0, 50.00001).is_another_score


def test_evidence_is_taken_out_by_event_or_by_field_and_an_event_is_put_in() -> None:
    first, second = make_events({}, {"data": {"page": "tarifs", "session": "7"}})
    moment = NOW + timedelta(days=1)
    (life,) = lives(
        events_frame([first, second]), moments_frame([("L-1", moment)]), NOW
    )
    whole = make_claim(evidence=frozenset({Evidence("site", "E-2")}))
    assert whole.changed(life.events) == life.events[:1]
    field = make_claim(evidence=frozenset({Evidence("site", "E-2", "session")}))
    changed = field.changed(life.events)
    assert [event["data"] for event in changed] == [{"page": "tarifs"}] * 2
    event = {"type": "email_replied"}
    put_in = make_claim(evidence=frozenset(), inserted=event)
    assert put_in.changed(life.events) == (*life.events, event)


def test_a_life_holds_what_was_known_moved_in_time_and_comes_back() -> None:
    seen = make_event(occurred_at=NOW - timedelta(hours=3))
    late = make_event(event_id="E-2", received_at=NOW + timedelta(hours=1))
    (life,) = lives(events_frame([seen, late]), moments_frame([("L-1", NOW)]), LATER)
    (event,) = life.events
    assert event["id"] == "E-1"
    assert datetime.fromisoformat(event["time"]) == LATER - timedelta(hours=3)
    (back,) = moved_back(life.events, life, LATER)
    assert datetime.fromisoformat(back["time"]) == seen.occurred_at


def test_what_the_service_tells_becomes_claims() -> None:
    reason = {
        "idea": "silence",
        "direction": "down",
        "evidence": [{"source": "crm", "event_id": "E-1", "field": "sector"}],
        "score_without": 12.0,
    }
    (claim,) = told_claims([{"reasons": [reason]}])
    assert not claim.is_up
    assert claim.evidence == {Evidence("crm", "E-1", "sector")}
    assert claim.score_without == 12.0


# --- True drivers -----------------------------------------------------------


def write_truth(folder: Path, *rows: Mapping[str, object]) -> None:
    usual = {"lead_id": "L-1", "moment": NOW, "p_win": 0.5}
    pl.DataFrame([{**usual, **row} for row in rows]).write_parquet(
        folder / "truth.parquet"
    )


def test_true_drivers_are_the_two_heaviest_where_the_effect_is_clear(
    tmp_path: Path,
) -> None:
    shares = {"share_a": -1.0, "share_b": 0.3, "share_c": 0.4}
    slight = {"share_a": 0.1, "share_b": 0.0, "share_c": 0.0}
    old = NOW - timedelta(days=9)
    write_truth(
        tmp_path,
        shares,
        *(slight | {"lead_id": f"L-1{n}"} for n in range(9)),
        shares | {"lead_id": "L-3", "moment": old},
    )
    drivers = true_drivers(tmp_path, test_from=NOW, most=10, seed=1)
    assert drivers is not None
    assert drivers.moments.rows() == [("L-1", NOW)]
    assert drivers.main == (frozenset({"a", "c"}),)
    assert drivers.ideas == ("a", "b", "c")


def test_what_everybody_shares_drives_nobody_against_the_usual_lead(
    tmp_path: Path,
) -> None:
    silent = {"share_a": -1.0, "share_b": 0.0, "share_c": 0.0}
    write_truth(
        tmp_path,
        silent | {"share_b": 0.5},
        silent | {"lead_id": "L-2", "share_c": 0.5},
    )
    drivers = true_drivers(tmp_path, test_from=NOW, most=10, seed=1)
    assert drivers is not None
    assert set(drivers.main) == {frozenset("bc")}


def test_a_truth_without_a_clear_driver_is_refused(tmp_path: Path) -> None:
    write_truth(tmp_path, {"share_a": 0.01, "share_b": 0.0})
    with pytest.raises(LogError, match="is clear"):
        true_drivers(tmp_path, test_from=NOW, most=10, seed=1)


def test_a_log_without_truth_has_no_drivers(tmp_path: Path) -> None:
    nothing = true_drivers(tmp_path, test_from=NOW, most=10, seed=1)
    assert nothing is None


def test_agreement_counts_silence_as_a_miss_and_knows_its_chance() -> None:
    main_two = (frozenset("ab"), frozenset("bc"))
    moments = moments_frame([("L-1", NOW), ("L-2", NOW)])
    truth = TrueDrivers(moments, main_two, ("a", "b", "c", "etape"))
    found = agreement(truth, ["b", None], ["a", "a"])
    assert found.told == 0.5
    assert found.plain == 0.5
    assert found.chance == pytest.approx(0.5)  # "b" fits both, silence none
    assert found.chance_uniform == 0.5
    assert (found.best_constant, found.best_constant_idea) == (1.0, "b")
    assert found.without_reason == 0.5
    assert found.missed == {}
    assert agreement(truth, ["c", "c"], ["a", "a"]).missed == {"c": 1}


def test_a_quote_counts_as_the_stage_it_is_sent_in() -> None:
    truth = TrueDrivers(
        moments_frame([("L-1", NOW)]), (frozenset({"etape", "a"}),), ("etape", "a")
    )
    assert agreement(truth, ["devis"], ["devis"]).told == 1.0
