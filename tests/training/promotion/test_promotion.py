"""Promote, refuse, promote against the gate, roll back, who was champion when: on a
real MLflow store, from the command line."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import mlflow
import polars as pl
import pytest
from typer.testing import CliRunner

import frein
from features.log import Log, write_log
from tests.training.conftest import GOOD, POOR, SAME, Shelf
from training.errors import ModelUnavailableError, TrainingError
from training.promotion.challenge import judged
from training.promotion.promotion import Signed, install, place, roll_back
from training.promotion.verdict import Finding, Outcome, Rule
from training.registry.candidates import candidate
from training.registry.champion_history import How, recorded
from training.registry.registry import (
    MODEL_NAME,
    connect,
    current_champion,
    make_champion,
)

AWA = ("--by", "Awa Diallo", "--reason", "mieux sur le BTP")
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
runner = CliRunner()


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every explanation takes a second: no outcome here hangs on the machine. There is
    no store to sign in to."""
    monkeypatch.setenv("FREIN_DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    monkeypatch.setattr("training.promotion.challenge.process_time", count().__next__)


def run(*arguments: str, code: int = 0) -> str:
    result = runner.invoke(frein.app, arguments)
    assert result.exit_code == code, result.output
    return result.output


def error_of(*arguments: str) -> BaseException | None:
    """The error of ours with which a run ends; `frein.main` makes exit 2 of it."""
    return runner.invoke(frein.app, arguments).exception


def outcomes(findings: tuple[Finding, ...]) -> dict[Rule, Outcome]:
    return {one.rule: one.outcome for one in findings}


def test_the_first_version_is_champion_and_the_next_challenger(store: Shelf) -> None:
    assert place(GOOD, now=AT)
    assert not place(SAME, now=AT)
    assert aliases() == {"champion": GOOD, "challenger": SAME}
    assert [change.how for change in recorded()] == [How.FIRST]


def test_an_equal_model_is_promoted_and_the_verdict_logged(store: Shelf) -> None:
    place(GOOD, now=AT)
    place(SAME, now=AT)

    told = run("promote", SAME, *AWA)

    assert f"version {SAME}, champion since" in told
    assert aliases() == {"champion": SAME}
    first, promoted = recorded()
    assert (promoted.previous, promoted.version) == (GOOD, SAME)
    assert (promoted.by, promoted.reason) == AWA[1::2]
    assert (promoted.how, promoted.is_signed) == (How.PROMOTED, False)
    assert "by Awa Diallo (nobody signed in)" in told
    assert promoted.findings["log_loss"] == "kept"
    assert first.at < promoted.at
    assert gate_tag(SAME) == "passed"
    logged = verdict_of(SAME)
    assert logged["passes"]
    assert [one["rule"] for one in logged["findings"]] == list(Rule)


def test_a_worse_model_is_refused_and_nothing_changes(store: Shelf) -> None:
    place(GOOD, now=AT)

    told = run("promote", POOR, *AWA, code=1)

    assert f"version {GOOD} stays champion" in told.replace("\n", " ")
    assert current_champion().version == GOOD
    assert len(recorded()) == 1
    assert gate_tag(POOR) == "refused"


def test_a_person_promotes_against_the_gate(store: Shelf) -> None:
    place(GOOD, now=AT)

    run("promote", POOR, *AWA, "--against-the-gate")

    assert current_champion().version == POOR
    change = recorded()[-1]
    assert change.how is How.AGAINST_THE_GATE
    assert change.by == "Awa Diallo"
    assert change.findings["average_precision"] == "broken"
    assert gate_tag(POOR) == "refused"


@pytest.mark.parametrize(
    "signed",
    [
        pytest.param((), id="neither"),
        pytest.param(("--by", "Awa Diallo"), id="no reason"),
        pytest.param(("--by", " ", "--reason", "mieux"), id="blank name"),
        pytest.param(("--by", "Awa", "--reason", ""), id="blank reason"),
    ],
)
@pytest.mark.parametrize("command", [("promote", SAME), ("rollback",)])
def test_nobody_promotes_without_a_name_and_a_reason(
    store: Shelf, command: tuple[str, ...], signed: tuple[str, ...]
) -> None:
    run(*command, *signed, code=2)


def test_each_rollback_goes_one_further_back(store: Shelf) -> None:
    for number, version in enumerate((GOOD, SAME, POOR)):
        install(version, "essai", now=AT + timedelta(days=number))

    for expected in (SAME, GOOD):
        run("rollback", *AWA)
        assert current_champion().version == expected

    assert recorded()[-1].how is How.ROLLED_BACK
    assert isinstance(error_of("rollback", *AWA), ModelUnavailableError)
    assert current_champion().version == GOOD


def test_a_promotion_after_a_rollback_goes_back_to_what_stood(store: Shelf) -> None:
    signed = Signed(by="Awa Diallo", reason="essai")
    for number, version in enumerate((GOOD, SAME)):
        install(version, "essai", now=AT + timedelta(days=number))
    roll_back(signed, now=AT + timedelta(days=2))
    install(POOR, "essai", now=AT + timedelta(days=3))
    assert roll_back(signed, now=AT + timedelta(days=4)).version == GOOD


@pytest.mark.parametrize(
    ("day", "versions"),
    [
        pytest.param("2026-03-01", [GOOD], id="the first day"),
        pytest.param("2026-03-05", [GOOD], id="between"),
        pytest.param("2026-03-11", [GOOD, SAME], id="the day of a change"),
        pytest.param("2026-03-12", [SAME], id="after"),
    ],
)
def test_the_record_says_who_was_champion_on_a_day(
    store: Shelf, day: str, versions: list[str]
) -> None:
    install(GOOD, "essai", now=AT)
    install(SAME, "essai", now=AT + timedelta(days=10))
    make_champion(SAME)
    lines = run("champion", "--on", day).splitlines()
    assert [line.split(",")[0] for line in lines] == [f"version {v}" for v in versions]


def test_a_day_that_the_record_does_not_reach_has_no_champion(store: Shelf) -> None:
    install(GOOD, "essai", now=AT)
    told = error_of("champion", "--on", "2026-02-28")
    assert isinstance(told, ModelUnavailableError)
    assert "begins on 2026-03-01" in str(told)
    first_day = error_of("champion", "--on", "0001-01-01")
    assert "recorded for 0001-01-01" in str(first_day)
    run("champion", "--on", "2999-01-01", code=2)


def test_an_alias_moved_by_other_means_is_told(store: Shelf) -> None:
    install(GOOD, "essai", now=AT)
    assert "since 2026-03-01 13:00" in run("champion")
    make_champion(POOR)
    assert "the record doesn't say" in run("champion")
    assert roll_back(Signed(by="Awa", reason="essai"), now=AT).version == GOOD


def test_a_champion_from_before_the_record_can_be_returned_to(store: Shelf) -> None:
    make_champion(GOOD)
    install(POOR, "essai", now=AT)
    signed = Signed(by="Awa", reason="essai")
    assert roll_back(signed, now=AT + timedelta(days=1)).version == GOOD
    assert current_champion().version == GOOD


def test_an_unknown_version_is_told(store: Shelf) -> None:
    place(GOOD, now=AT)
    for named in ("99", "no-such-run"):
        told = error_of("promote", named, *AWA)
        assert isinstance(told, ModelUnavailableError)
        assert named in str(told)


def test_without_a_champion_there_is_nothing_to_hold_to(store: Shelf) -> None:
    for command in (("promote", SAME, *AWA), ("rollback", *AWA), ("champion",)):
        told = error_of(*command)
        assert isinstance(told, ModelUnavailableError)
        assert "champion" in str(told)


def test_the_champion_is_not_held_to_itself(store: Shelf) -> None:
    place(GOOD, now=AT)
    assert "is the champion already" in run("promote", GOOD, *AWA, code=2)


def test_a_hold_out_without_won_leads_is_told(store: Shelf) -> None:
    place(GOOD, now=AT)
    cut = candidate(GOOD).trained_until
    events = store.log.events.filter(
        (pl.col("kind") != "won") | (pl.col("occurred_at") < cut)
    )
    write_log(store.folder / "sad", Log(store.log.about, events))
    told = error_of("promote", SAME, *AWA, "--log", str(store.folder / "sad"))
    assert isinstance(told, TrainingError)
    assert "none of the " in str(told)
    assert len(recorded()) == 1


def test_another_catalogue_is_refused(store: Shelf) -> None:
    champion, challenger = candidate(GOOD), candidate(SAME)
    renamed = champion.scorer.catalogue.model_copy(update={"name": "autre"})
    other = replace(challenger, scorer=replace(challenger.scorer, catalogue=renamed))
    found = outcomes(judged(champion, other, store.log, phase=lambda _: None))
    assert found.pop(Rule.CATALOGUE) is Outcome.BROKEN
    assert set(found.values()) == {Outcome.NOT_APPLICABLE}


def test_without_a_lead_after_both_trainings_the_gate_does_not_apply(
    store: Shelf,
) -> None:
    champion, challenger = candidate(GOOD), candidate(SAME)
    later = replace(champion, trained_until=AT + timedelta(days=900))
    found = outcomes(judged(later, challenger, store.log, phase=lambda _: None))
    assert found.pop(Rule.CATALOGUE) is Outcome.KEPT
    assert set(found.values()) == {Outcome.NOT_APPLICABLE}


def aliases() -> dict[str, str]:
    held = connect().get_registered_model(MODEL_NAME).aliases
    return {alias: str(version) for alias, version in held.items()}


def gate_tag(version: str) -> str:
    tags = connect().get_model_version(MODEL_NAME, version).tags
    return str(tags["gate"])


def verdict_of(version: str) -> dict[str, Any]:
    client = connect()
    run_id = client.get_model_version(MODEL_NAME, version).run_id
    assert run_id
    (file,) = client.list_artifacts(run_id, "gate")
    logged: dict[str, Any] = mlflow.artifacts.load_dict(f"runs:/{run_id}/{file.path}")
    return logged
