"""Doubts: what the model can't answer for is said, and handed over to a person."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import orjson
import polars as pl
import pytest

from explanations.explain import Explainer
from explanations.quotation import quoted
from explanations.score import Doubt, Ending, Score
from features.event import events_frame
from features.featurise import featurise, moments_frame
from features.log import Log
from tests.factories import NOW, make_event

ScoreOf = Callable[[Explainer], Score]


def doubts(score: Score) -> set[Doubt]:
    return {one.doubt for one in score.doubts}


def knowing(explainer: Explainer, **facts: object) -> Explainer:
    """The explainer, with other facts about what was seen in training."""
    changed = replace(explainer.scorer.facts, **facts)  # type: ignore[arg-type]  # as named
    return replace(explainer, scorer=replace(explainer.scorer, facts=changed))


@pytest.fixture
def score_of(demo_log: Log, demo_moments: pl.DataFrame) -> ScoreOf:
    def asked(explainer: Explainer) -> Score:
        (score,) = explainer.scores(demo_log.events, demo_moments[:1])
        return score

    return asked


def test_a_row_less_typical_than_the_training_rows_is_atypical(
    explainer: Explainer, score_of: ScoreOf
) -> None:
    usual = score_of(knowing(explainer, typical_from=-99.0))
    odd = score_of(knowing(explainer, typical_from=0.0))

    assert doubts(odd) - doubts(usual) == {Doubt.ATYPICAL}
    assert odd.score == usual.score
    assert "jugement" in odd.narrative.expected or odd.narrative != usual.narrative


@pytest.mark.parametrize("beyond", [(-2.0, -1.0), (1.0, 2.0)])
def test_a_score_outside_the_training_range_is_told_so(
    explainer: Explainer, score_of: ScoreOf, beyond: tuple[float, float]
) -> None:
    usual = score_of(knowing(explainer, score_range=(0.0, 100.0)))
    near = (usual.score + beyond[0], usual.score + beyond[1])

    assert Doubt.OUT_OF_RANGE not in doubts(usual)
    odd = score_of(knowing(explainer, score_range=(min(near), max(near))))
    assert Doubt.OUT_OF_RANGE in doubts(odd)
    assert all(one.text for one in odd.doubts)


def test_few_of_the_training_rows_are_atypical_and_none_out_of_range(
    demo_log: Log, demo_moments: pl.DataFrame, explainer: Explainer
) -> None:
    scorer = explainer.scorer
    signals = featurise(demo_log.events, demo_moments, scorer.catalogue)
    points = 100 / (1 + np.exp(-scorer.log_odds(signals)))
    lowest, highest = scorer.facts.score_range
    assert 0 < lowest < points.mean() < highest < 100
    told = [doubts(score) for score in explainer.scores(demo_log.events, demo_moments)]
    assert sum(Doubt.ATYPICAL in some for some in told) <= 0.03 * len(told)
    assert sum(Doubt.OUT_OF_RANGE in some for some in told) <= 0.03 * len(told)


def test_nothing_is_expected_of_a_lead_that_ended(explainer: Explainer) -> None:
    events = events_frame([make_event()])
    moments = moments_frame([("L-1", NOW)])

    (open_one,) = explainer.scores(events, moments)
    (won,) = explainer.scores(events, moments, closed={"L-1": Ending.WON})
    (lost,) = explainer.scores(events, moments, closed={"L-1": Ending.LOST})

    assert won.score == lost.score == open_one.score
    assert won.doubts == lost.doubts == ()
    assert "gagnée" in won.narrative.expected
    assert "perdue" in lost.narrative.expected
    assert "aucune action" in won.narrative.expected.lower()
    assert won.narrative.short != open_one.narrative.short


def test_a_reason_that_rests_on_notes_carries_the_words_of_the_latest(
    demo_log: Log, explainer: Explainer
) -> None:
    notes = demo_log.events.filter(kind="note_added")
    texts = {
        (source, event_id): orjson.loads(data).get("text")
        for source, event_id, data in notes.select(
            "source", "event_id", "data"
        ).iter_rows()
    }
    just_noted = notes.unique("lead_id", keep="last", maintain_order=True)
    moments = moments_frame(just_noted.select("lead_id", "received_at").rows())
    quoting = 0
    for score in explainer.scores(demo_log.events, moments):
        for told in score.reasons:
            quote = told.reason.quote
            if explainer.scorer.catalogue.ideas[told.reason.idea].quotes is None:
                assert quote is None
                continue
            latest = told.reason.evidence[-1]
            assert quote == texts[latest.source, latest.event_id]
            if quote:
                quoting += 1
                words = quoted(quote)
                assert words in told.text
                assert words in score.narrative.text
                assert words not in score.narrative.short
    assert quoting >= 10


@pytest.mark.parametrize("silent", [None, "", ["a", "list"], 12])
def test_a_note_without_words_is_not_quoted(
    demo_log: Log, demo_moments: pl.DataFrame, explainer: Explainer, silent: object
) -> None:
    emptied = demo_log.events.with_columns(
        pl.when(pl.col("kind") == "note_added")
        .then(
            pl.col("data").map_elements(
                lambda data: orjson.dumps(
                    orjson.loads(data) | {"text": silent}
                ).decode(),
                return_dtype=pl.String(),
            )
        )
        .otherwise(pl.col("data"))
    )
    scores = explainer.scores(emptied, demo_moments)
    assert {one.reason.quote for score in scores for one in score.reasons} == {None}
