import math

import polars as pl

from explanations.explain import Explainer
from explanations.next_step import MOST_STEPS
from explanations.telling import ExplainedRows
from features.compiled_catalogue import INSERTED_SOURCE
from features.event import Event, events_frame
from features.featurise import featurise, moments_frame
from features.log import Log


def test_a_step_says_what_the_score_would_be_with_its_event(
    demo_log: Log, demo_moments: pl.DataFrame, explainer: Explainer, told: ExplainedRows
) -> None:
    scorer = explainer.scorer
    by_name = {step.name: step for step in scorer.catalogue.step}
    n_told = 0
    for (lead_id, moment), log_odds, steps in zip(
        demo_moments.iter_rows(), told.contributions.log_odds, told.steps, strict=True
    ):
        for one in steps:
            step = by_name[one.name]
            done = Event(
                event_id="done",
                source=INSERTED_SOURCE,
                lead_id=lead_id,
                kind=step.kind,
                occurred_at=moment,
                received_at=moment,
                actor=step.actor,
                data=dict(step.data),
            )
            mine = demo_log.events.filter(pl.col("lead_id") == lead_id)
            events = pl.concat([mine, events_frame([done])])
            signals = featurise(
                events, moments_frame([(lead_id, moment)]), scorer.catalogue
            )
            (with_it,) = scorer.log_odds(signals)
            assert with_it - log_odds >= 0.1 - 1e-9
            assert math.isclose(
                one.score_with, 100 / (1 + math.exp(-with_it)), abs_tol=1e-9
            )
            n_told += 1
    assert n_told > 100


def test_at_most_two_are_told_the_best_first(told: ExplainedRows) -> None:
    for steps in told.steps:
        scores = [step.score_with for step in steps]
        assert len(scores) <= MOST_STEPS
        assert scores == sorted(scores, reverse=True)


def test_they_stand_in_what_is_expected_unless_a_person_must_judge(
    demo_log: Log, demo_moments: pl.DataFrame, explainer: Explainer
) -> None:
    scores = explainer.scores(demo_log.events, demo_moments)
    assert any(score.steps for score in scores)
    for score in scores:
        is_told = "Selon le modèle, sans garantie" in score.narrative.expected
        assert is_told == bool(score.steps and not score.doubts)
