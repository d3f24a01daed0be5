import polars as pl

from explanations.scorer import Scorer
from features.catalogue import Catalogue
from features.featurise import featurise
from tests.explanations.models import make_facts
from tests.factories import make_catalogue
from tests.training.builders import (
    make_moments,
    make_settings,
    make_visit_catalogue,
    make_visit_log,
)
from training.fitting.fit import fit
from training.metrics.shap_contradictions import contradicted_share

LOG = make_visit_log()


def trained_on(catalogue: Catalogue) -> tuple[Scorer, pl.DataFrame]:
    moments, signals = make_moments(LOG, catalogue)
    settings = make_settings(params={"num_threads": 1})
    fitted = fit(signals, moments, catalogue, settings, seed=1)
    scorer = Scorer(fitted.booster, catalogue, make_facts(codes=fitted.codes))
    return scorer, moments.select("lead_id", "moment")


def test_that_few_visits_lower_a_score_is_contradicted() -> None:
    """The score rises with visits: taking them away never raises it."""
    rises = 'count = { kind = "page_viewed" }\ndirection = "increasing"'
    scorer, moments = trained_on(make_catalogue(visits=rises))
    signals = featurise(LOG.events, moments, scorer.catalogue)
    visited = signals["visits"].to_numpy() > 0
    said = scorer.contributions(signals).by_idea[visited, 0]
    lowered = (said < 0).sum() / (said != 0).sum()
    found = contradicted_share(LOG.events, moments, scorer)
    assert found is not None
    assert 0 < lowered <= found < 1


def test_without_evidence_there_is_nothing_to_contradict() -> None:
    scorer, moments = trained_on(make_visit_catalogue())
    assert contradicted_share(LOG.events.clear(), moments[:20], scorer) is None
