"""What is made in a process of its own is what is made here: with a real model too."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from features.log import read_log
from governance.simulation.trial import Trial
from serving.app.startup import open_service
from serving.automation.dry_run import trial_ahead
from serving.automation.impact_report import report_of_service
from serving.events.import_log import load_leads, open_leads
from serving.runtime.background_cache import BackgroundCache, Cached
from serving.runtime.service import REPORTS_LAST, TRIALS_LAST, Service
from serving.runtime.settings import Settings
from serving.scoring.model_registry import mlflow_registry
from tests.end_to_end.conftest import Registered


@pytest.fixture(scope="module")
def served(
    registered: Registered, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """Some leads of the demo log with the champion, at the log's end."""
    registry = mlflow_registry()
    log = read_log(registered.store / "log")
    end = log.events["received_at"].max()
    assert isinstance(end, datetime)
    folder = tmp_path_factory.mktemp("served")
    settings = Settings(
        database_url=f"sqlite:///{folder / 'frein.db'}",
        history_log=registered.store / "log",
    )
    with open_service(settings, registry.load(registry.champion())) as service:
        at_the_end = replace(service, clock=lambda: end)
        load_leads(at_the_end, log, open_leads(log)[:150], end, lambda _: None)
        yield at_the_end


def tried(service: Service, rule_id: str) -> Trial:
    trial_ahead(service, rule_id)
    service.trials.wait()
    made = trial_ahead(service, rule_id)
    assert isinstance(made, Cached)
    return made.value


def test_a_trial_with_a_model_is_the_same(served: Service) -> None:
    there = replace(served, trials=BackgroundCache(TRIALS_LAST))
    there.trials.in_subprocess = True
    for rule_id in ("R-03", "R-07"):  # R-07 asks for the score
        here = tried(served, rule_id)
        assert here.fates
        assert tried(there, rule_id) == here


def test_a_report_is_the_same(served: Service) -> None:
    here = report_of_service(served, None)
    assert here is not None
    there = replace(served, reports=BackgroundCache(REPORTS_LAST))
    there.reports.in_subprocess = True
    assert report_of_service(there, None) == here
