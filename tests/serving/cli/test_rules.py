"""`frein rules` on a small log, without a model."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import frein
from features.log import write_log
from governance.errors import RulesError
from serving.errors import LeadUnknownError
from tests.factories import make_event, make_log
from tests.governance.rule_builders import rule_text, rules_file, rules_text

runner = CliRunner()


@pytest.fixture
def log(tmp_path: Path) -> str:
    write_log(tmp_path / "log", make_log(make_event()))
    return str(tmp_path / "log")


@pytest.fixture
def rules(tmp_path: Path) -> str:
    return str(rules_file(tmp_path, rules_text(rule_text())))


def test_a_simulation_tells_what_fired_and_the_rate(log: str, rules: str) -> None:
    asked = ["rules", "simulate", "--log", log, "--rules", rules, "--without-model"]
    told = runner.invoke(frein.app, [*asked, "--json"])
    assert json.loads(told.stdout)["fates"] == {"R-01": {"fired": 1}}

    shown = runner.invoke(frein.app, asked)
    assert shown.exit_code == 0
    assert "loops: echo 0, too_deep 0, too_many 0" in shown.stdout


def test_a_lead_is_told_how_each_rule_stands(log: str, rules: str) -> None:
    asked = ["rules", "explain", "--log", log, "--rules", rules, "--without-model"]
    told = runner.invoke(frein.app, [*asked, "L-1"])
    assert told.exit_code == 0, told.output
    assert "Règle R-01 appliquée." in told.stdout

    unknown = runner.invoke(frein.app, [*asked, "L-9"])
    assert isinstance(unknown.exception, LeadUnknownError)


def test_a_file_is_listed_or_refused(tmp_path: Path, rules: str) -> None:
    assert (
        "1 rules, sound" in runner.invoke(frein.app, ["rules", "check", rules]).output
    )
    assert (
        "R-01" in runner.invoke(frein.app, ["rules", "list", "--rules", rules]).output
    )

    wrong = rules_file(tmp_path, rules_text(rule_text(priority="0")))
    refused = runner.invoke(frein.app, ["rules", "check", str(wrong)])
    assert isinstance(refused.exception, RulesError)
