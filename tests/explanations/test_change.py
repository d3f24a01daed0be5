from datetime import datetime, timedelta

import polars as pl
import pytest

from explanations.change import changes, told_change
from explanations.explain import Explainer
from explanations.reason import Change, Past
from explanations.scorer import Scorer
from features.featurise import featurise, moments_frame
from features.log import Log
from tests.explanations.test_wording import wording

WEEK = timedelta(days=7)


@pytest.fixture(scope="module")
def moments(demo_moments: pl.DataFrame) -> pl.DataFrame:
    return demo_moments[:80]


def pasts_of(
    explainer: Explainer, events: pl.DataFrame, moments: pl.DataFrame, back: timedelta
) -> list[Past]:
    earlier = moments.with_columns(pl.col("moment") - back)
    return [Past(s.score, s.moment) for s in explainer.scores(events, earlier)]


def score_of(
    scorer: Scorer, events: pl.DataFrame, lead_id: str, moment: datetime
) -> float:
    signals = featurise(events, moments_frame([(lead_id, moment)]), scorer.catalogue)
    _, _, score = scorer.contributions(signals).points()
    return float(score[0])


def test_the_three_parts_add_up_to_the_change(
    demo_log: Log, moments: pl.DataFrame, explainer: Explainer
) -> None:
    scorer = explainer.scorer
    pasts = pasts_of(explainer, demo_log.events, moments, WEEK)
    found = changes(demo_log.events, moments, pasts, scorer, scorer)
    signals = featurise(demo_log.events, moments, scorer.catalogue)
    _, _, scores = scorer.contributions(signals).points()
    for change, past, now in zip(found, pasts, scores, strict=True):
        parts = change.before + change.time + change.events + change.model
        assert parts == pytest.approx(change.after, abs=1e-9)
        assert change.before == past.score
        assert change.after == pytest.approx(now, abs=1e-9)
        assert change.model == pytest.approx(0, abs=1e-9)


def test_time_is_what_the_same_facts_say_later(
    demo_log: Log, moments: pl.DataFrame, explainer: Explainer
) -> None:
    scorer = explainer.scorer
    pasts = pasts_of(explainer, demo_log.events, moments, WEEK)
    found = changes(demo_log.events, moments, pasts, scorer, scorer)
    for change, past, (lead_id, moment) in zip(
        found, pasts, moments.iter_rows(), strict=True
    ):
        known = demo_log.events.filter(
            pl.col("occurred_at") <= past.moment, pl.col("received_at") <= past.moment
        )
        later = score_of(scorer, known, lead_id, moment)
        assert change.time == pytest.approx(later - past.score, abs=1e-9)
    assert any(abs(change.events) > 1 for change in found)


def test_without_new_facts_only_time_moves_the_score(
    demo_log: Log, moments: pl.DataFrame, explainer: Explainer
) -> None:
    (lead_id, moment) = moments.row(0)
    known = demo_log.events.filter(
        pl.col("lead_id") == lead_id,
        pl.max_horizontal("occurred_at", "received_at") <= moment - WEEK,
    )
    one = moments_frame([(lead_id, moment)])
    pasts = pasts_of(explainer, known, one, WEEK)
    (change,) = changes(known, one, pasts, explainer.scorer, explainer.scorer)
    assert change.events == 0
    assert change.ideas == ()


def test_a_past_score_from_the_future_is_refused(
    demo_log: Log, moments: pl.DataFrame, explainer: Explainer
) -> None:
    (lead_id, moment), scorer = moments.row(0), explainer.scorer
    later = [Past(30.0, moment + timedelta(microseconds=1))]
    with pytest.raises(ValueError, match=f"lead '{lead_id}': the past score is of"):
        changes(demo_log.events, moments[:1], later, scorer, scorer)


@pytest.mark.parametrize(
    ("parts", "ideas", "told"),
    [
        pytest.param(
            (41.2, 0.0, 16.9, 0.0),
            ("reponses", "interet_tarifs"),
            "Score passé de 41 à 58\xa0: +17\xa0points avec les faits nouveaux "
            "(réponses aux e-mails et intérêt pour les tarifs).",
            id="events",
        ),
        pytest.param(
            (30.0, -6.0, 0.0, 0.0),
            (),
            "Score descendu de 30 à 24\xa0: −6\xa0points avec le temps qui passe.",
            id="time",
        ),
        pytest.param(
            (30.0, -2.0, 5.0, 1.0),
            (),
            "Score passé de 30 à 34\xa0: −2\xa0points avec le temps qui passe, "
            "+5\xa0points avec les faits nouveaux et +1\xa0point avec le nouveau "
            "modèle.",
            id="all-three",
        ),
        pytest.param((30.0, 0.1, 0.2, 0.0), (), "Score inchangé, à 30.", id="nothing"),
    ],
)
def test_a_change_is_told(
    parts: tuple[float, float, float, float], ideas: tuple[str, ...], told: str
) -> None:
    before, time, events, model = parts
    change = Change(
        before=before,
        after=sum(parts),
        time=time,
        events=events,
        model=model,
        ideas=ideas,
    )
    assert told_change(change, wording()) == told
