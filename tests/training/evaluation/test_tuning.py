"""Tuning: over time, within bounds, and the same however often it was interrupted."""

from pathlib import Path

import optuna
import pytest
from optuna.study import Study
from optuna.trial import FrozenTrial

from tests.training.builders import (
    HORIZON_DAYS,
    PLAN,
    make_visit_catalogue,
    make_visit_log,
)
from training.errors import TrainingError
from training.evaluation import tuning
from training.evaluation.tuning import Problem, best, finished, problem_of, pruner, tune
from training.fitting.fit import DEEPEST, FitSettings
from training.fitting.settings_file import read_settings, write_settings

N_TRIALS = 4


@pytest.fixture(scope="module")
def problem() -> Problem:
    log, catalogue = make_visit_log(n_days=200), make_visit_catalogue()
    return problem_of(log, catalogue, PLAN, horizon_days=HORIZON_DAYS, seed=1)


def new_study() -> Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna.create_study(pruner=pruner())


def run(study: Study, problem: Problem, n_trials: int = N_TRIALS) -> list[int]:
    recorded: list[FrozenTrial] = []
    tune(
        study, problem, n_trials=n_trials, goes_on=lambda: True, record=recorded.append
    )
    return [trial.number for trial in recorded]


def tried(study: Study) -> list[tuple[dict[str, float], float | None]]:
    return [(trial.params, trial.value) for trial in finished(study)]


@pytest.fixture(scope="module")
def whole(problem: Problem) -> Study:
    study = new_study()
    run(study, problem)
    return study


def test_who_is_scored_began_after_all_that_was_learnt(problem: Problem) -> None:
    assert len(problem.origins) >= 2
    for before, after in problem.origins:
        begun = after.moments["first_at"].min()
        assert (before.moments["moment"] < begun).all()
        assert (after.moments["first_at"] < problem.known_at).all()
        assert not {*before.moments["lead_id"]} & {*after.moments["lead_id"]}


def test_the_usual_settings_are_tried_first_and_the_best_are_no_worse(
    whole: Study,
) -> None:
    first = finished(whole)[0]
    usual = FitSettings()
    assert first.params == {name: getattr(usual, name) for name in tuning.SEARCHED}
    found, loss = best(whole)
    assert loss <= (first.value or 0)
    assert found.max_depth <= DEEPEST


def test_an_interrupted_study_goes_on_as_one_that_never_stopped(
    problem: Problem, whole: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, calls = new_study(), iter(range(1000))

    def interrupted(*given: object, **named: object) -> object:
        if next(calls) == len(problem.origins) + 1:  # in the midst of the second
            raise KeyboardInterrupt
        return fit(*given, **named)

    fit = tuning.__dict__["fit"]
    with monkeypatch.context() as patch:
        patch.setattr(tuning, "fit", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(study, problem)
    assert len(finished(study)) == 1

    run(study, problem)

    assert tried(study) == tried(whole)


def test_a_study_that_is_complete_is_left_alone(problem: Problem, whole: Study) -> None:
    assert run(whole, problem) == []


def test_no_trial_begins_once_the_time_is_over(problem: Problem) -> None:
    study = new_study()
    tune(study, problem, n_trials=9, goes_on=lambda: False, record=lambda _: None)
    with pytest.raises(TrainingError, match="no trial was whole"):
        best(study)


def test_a_log_without_an_origin_is_refused() -> None:
    log = make_visit_log(n_leads=60, n_days=30)
    with pytest.raises(TrainingError, match="shorter horizon"):
        problem_of(log, make_visit_catalogue(), PLAN, horizon_days=20, seed=1)


def test_settings_are_read_as_they_were_written(tmp_path: Path) -> None:
    settings = FitSettings(max_depth=5, params={"extra_trees": True})
    write_settings(tmp_path / "best.toml", settings)
    assert read_settings(tmp_path / "best.toml") == settings
    assert [one.name for one in tmp_path.iterdir()] == ["best.toml"]


def test_settings_that_a_file_leaves_out_are_the_usual_ones(tmp_path: Path) -> None:
    (tmp_path / "few.toml").write_text("max_depth = 6\n")
    assert read_settings(tmp_path / "few.toml") == FitSettings(max_depth=6)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("max_depth = 7", "max_depth: .* 6", id="too deep"),
        pytest.param("depth = 3", "depth: Unexpected", id="no setting"),
        pytest.param("n_trees = 'nine'", "n_trees: .* integer", id="of another type"),
        pytest.param("learning_rate = true", "learning_rate", id="a truth"),
        pytest.param("learning_rate = nan", "learning_rate", id="not a number"),
        pytest.param("max_depth =", "best.toml: Invalid", id="no TOML"),
        pytest.param("[params]\nmax_depth = 9", "max_depth: a setting", id="by a way"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "best.toml").write_text(text)
    with pytest.raises(TrainingError, match=told):
        read_settings(tmp_path / "best.toml")


def test_settings_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    (tmp_path / "best.toml").write_text("max_depth = 3", encoding="utf-8-sig")
    assert read_settings(tmp_path / "best.toml").max_depth == 3


def test_settings_of_no_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"none\.toml"):
        read_settings(tmp_path / "none.toml")
    with pytest.raises(TrainingError, match="nowhere"):
        write_settings(tmp_path / "nowhere" / "best.toml", FitSettings())
