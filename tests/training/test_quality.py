"""The quality benchmark, run as a user runs it on a log of its own."""

import orjson
import pytest

from benchmarks.quality.__main__ import main
from features.log import write_log
from tests.training.builders import day, make_visit_catalogue, make_visit_log
from training.dataset.moments import MomentPlan
from training.dataset.split import labelled_part, rolling_origins
from training.metrics.metrics import METRICS

CONTESTANTS = {"model", "odoo", "lightgbm_31", "logistic", "points"}
CUT = f"{day(100):%Y-%m-%d}"


@pytest.fixture(scope="module")
def arguments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("quality")
    write_log(folder / "log", make_visit_log())
    (folder / "signals.toml").write_text(make_visit_catalogue().text, encoding="utf-8")
    return {
        "--log": str(folder / "log"),
        "--catalogue": str(folder / "signals.toml"),
        "--moments": "1d,4d",
        "--horizon": "20d",
        "--train-before": CUT,
        "--test-from": CUT,
        "--resamples": "10",
    }


def run(arguments: dict[str, str], **changed: str) -> int:
    wanted = arguments | {f"--{name}": value for name, value in changed.items()}
    return main([word for pair in wanted.items() for word in pair])


def test_the_last_line_is_one_json_object_with_every_field(
    arguments: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 0
    told = orjson.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(told) == CONTESTANTS
    for fields in told.values():
        assert {*METRICS, "n", "positives", "auc_by_moment"} <= set(fields)
        assert set(fields["auc_by_moment"]) == {"1d", "4d"}
        assert 0 < fields["positives"] < fields["n"]
        for name, (low, high) in fields["intervals"].items():
            assert low <= high, name
    assert told["model"]["auc"] > told["odoo"]["auc"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        pytest.param({"log": "absent"}, "absent", id="no log"),
        pytest.param({"catalogue": "absent.toml"}, "absent.toml", id="no catalogue"),
        pytest.param({"horizon": "900d"}, "horizon", id="a horizon past the log"),
        pytest.param({"train-before": "2026-01-06"}, "horizon", id="no training"),
        pytest.param({"test-from": "2029-01-01"}, "--test-from", id="no test lead"),
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
        pytest.param({"horizon": "30"}, "is no duration", id="duration"),
        pytest.param({"moments": "1d,week"}, "is no duration", id="moment"),
        pytest.param({"moments": "1d,24h"}, "names an age twice", id="twice"),
        pytest.param({"resamples": "0"}, "at least 2", id="resamples"),
        pytest.param({"train-before": "15/12/2011"}, "is no date", id="date"),
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


def test_the_candidates_are_compared_without_the_later_leads() -> None:
    part = labelled_part(
        make_visit_log(),
        make_visit_catalogue(),
        MomentPlan(ages_days=(1.0, 4.0)),
        horizon_days=10,
        known_at=day(100),
    )
    assert (part.signals["moment"] < day(100)).all()
    for before, after in rolling_origins(part):
        assert not set(before.moments["lead_id"]) & set(after.moments["lead_id"])
        assert before.signals["lead_id"].equals(before.moments["lead_id"])
        assert after.signals["moment"].equals(after.moments["moment"])
