"""A whole score: it adds up, it is stable, and nothing makes it crash or lie."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from explanations.artifact import save_scorer
from explanations.errors import ModelRejectedError
from explanations.explain import Explainer, load_explainer
from explanations.reason import Direction
from explanations.score import SHORT_LENGTH, Doubt, ModelId, Priority, Score
from explanations.scorer import Scorer
from features.event import Actor, Event, events_frame
from features.featurise import featurise, moments_frame
from features.log import Log
from tests.budgets import examples
from tests.explanations.taken_out import taken_out
from tests.factories import NOW, make_event
from tests.features.random_logs import cases, strangers
from tests.hot_lead import (
    NEW_VISIT,
    REPLY,
    VARIANTS,
    scores_of,
)

FEW = settings(
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def score_of(explainer: Explainer, events: list[Event], at: datetime = NOW) -> Score:
    (score,) = explainer.scores(events_frame(events), moments_frame([("L-1", at)]))
    return score


def is_sound(score: Score) -> None:
    """What holds of every score."""
    told = [one.reason for one in score.reasons]
    total = score.base + sum(one.points for one in told) + score.other_points
    assert total == pytest.approx(score.score, abs=1e-9)
    assert 0 <= score.score <= 100
    assert sum(one.way is Direction.UP for one in told) <= 4
    assert sum(one.way is Direction.DOWN for one in told) <= 2
    assert all(one.text.strip() for one in score.reasons)
    assert score.narrative.text.strip()
    assert 0 < len(score.narrative.short) <= SHORT_LENGTH


@pytest.fixture(scope="module")
def scores(
    demo_log: Log, demo_moments: pl.DataFrame, explainer: Explainer
) -> list[Score]:
    return explainer.scores(demo_log.events, demo_moments)


# --- A score and its parts --------------------------------------------------


def test_every_score_is_sound(scores: list[Score]) -> None:
    assert len(scores) == 300
    for score in scores:
        is_sound(score)


def test_scores_come_in_the_order_of_the_moments(
    demo_moments: pl.DataFrame, scores: list[Score]
) -> None:
    assert [(one.lead_id, one.moment) for one in scores] == demo_moments.rows()


def test_a_score_among_many_is_the_score_alone(
    demo_log: Log, explainer: Explainer, scores: list[Score]
) -> None:
    for score in scores[::20]:
        (alone,) = explainer.scores(
            demo_log.events.filter(pl.col("lead_id") == score.lead_id),
            moments_frame([(score.lead_id, score.moment)]),
        )
        assert_same(alone, score)


def test_anyone_can_check_a_reason_by_asking_again(
    demo_log: Log, explainer: Explainer, scores: list[Score]
) -> None:
    """`score_without` is what the same call says without the evidence."""
    checked = 0
    for score in scores[::12]:
        moments = moments_frame([(score.lead_id, score.moment)])
        for told in score.reasons:
            changed = taken_out(demo_log.events, score.lead_id, told.reason)
            (again,) = explainer.scores(changed, moments)
            assert again.score == pytest.approx(told.reason.score_without, abs=1e-9)
            checked += 1
    assert checked > 20


def test_the_priority_written_last_holds_a_priority_back(
    demo_log: Log, explainer: Explainer
) -> None:
    facts = explainer.scorer.facts
    events, moments = events_frame([make_event()]), moments_frame([("L-1", NOW)])
    for previous in (None, *Priority):
        written = {} if previous is None else {"L-1": previous}
        (score,) = explainer.scores(events, moments, written)
        assert score.priority is facts.priority(score.score, previous)
        assert score.previous_priority is (previous or Priority.NORMAL)
        assert score.grade is facts.grade(score.score)


def test_a_score_far_from_base_without_a_reason_is_doubted(
    scores: list[Score],
) -> None:
    for score in scores:
        doubts = {one.doubt for one in score.doubts}
        bare = not score.reasons and abs(score.score - score.base) > 3
        assert (Doubt.NO_TRUE_REASON in doubts) == bare
        strong = {
            one.reason.way for one in score.reasons if abs(one.reason.log_odds) >= 0.5
        }
        assert (Doubt.CONTRADICTORY in doubts) == (strong == set(Direction))
        assert all(one.text for one in score.doubts)


def test_a_loaded_explainer_says_the_same(
    tmp_path: Path, scorer: Scorer, demo_log: Log, scores: list[Score]
) -> None:
    model = ModelId(name="essai", version="1", sha256=save_scorer(tmp_path, scorer))
    loaded = load_explainer(tmp_path, model)
    score = scores[7]
    moments = moments_frame([(score.lead_id, score.moment)])
    (again,) = loaded.scores(demo_log.events, moments)
    assert again.model == model
    assert_same(replace(again, model=score.model), score)
    with pytest.raises(ModelRejectedError):
        load_explainer(tmp_path, replace(model, sha256="0" * 64))


# --- What changes nothing ---------------------------------------------------


@pytest.fixture(scope="module")
def lively(demo_log: Log, scores: list[Score]) -> list[tuple[Score, pl.DataFrame]]:
    """The demo leads with most reasons, with their events."""
    richest = sorted(scores, key=lambda one: -len(one.reasons))[:12]
    return [
        (one, demo_log.events.filter(pl.col("lead_id") == one.lead_id))
        for one in richest
    ]


@FEW
@given(case=st.integers(0, 11), seed=st.integers(0, 10**6))
def test_neither_order_nor_repetition_changes_a_score(
    explainer: Explainer,
    lively: list[tuple[Score, pl.DataFrame]],
    case: int,
    seed: int,
) -> None:
    score, events = lively[case]
    delay = timedelta(seconds=1 + seed % 5000)
    again = events.sample(fraction=0.4, seed=seed).with_columns(
        received_at=pl.col("received_at") + delay
    )
    shuffled = pl.concat([again, events]).sample(
        fraction=1, shuffle=True, seed=seed + 1
    )
    (found,) = explainer.scores(
        shuffled, moments_frame([(score.lead_id, score.moment)])
    )
    assert_same(found, score)


@FEW
@given(case=st.integers(0, 11), data=st.data())
def test_a_kind_that_no_signal_reads_changes_nothing(
    explainer: Explainer,
    lively: list[tuple[Score, pl.DataFrame]],
    case: int,
    data: st.DataObject,
) -> None:
    score, events = lively[case]
    odd = data.draw(strangers(explainer.scorer.catalogue))
    ages = [timedelta(days=i) for i in range(len(odd))]
    moved = [
        replace(
            one,
            lead_id=score.lead_id,
            occurred_at=score.moment - age,
            received_at=score.moment - age,
        )
        for one, age in zip(odd, ages, strict=True)
    ]
    (found,) = explainer.scores(
        pl.concat([events_frame(moved), events]),
        moments_frame([(score.lead_id, score.moment)]),
    )
    assert_same(found, score)


def test_the_future_changes_nothing(
    explainer: Explainer, lively: list[tuple[Score, pl.DataFrame]]
) -> None:
    for score, events in lively:
        known = events.filter(
            (pl.col("occurred_at") <= score.moment)
            & (pl.col("received_at") <= score.moment)
        )
        (found,) = explainer.scores(
            known, moments_frame([(score.lead_id, score.moment)])
        )
        assert_same(found, score)


def test_two_threads_share_an_explainer(
    demo_log: Log,
    demo_moments: pl.DataFrame,
    explainer: Explainer,
    scores: list[Score],
) -> None:
    few = demo_moments[::8]
    with ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(
                explainer.scores, demo_log.events, few.sample(fraction=1, seed=i)
            )
            for i in range(4)
        ]
    expected = {one.lead_id: one for one in scores}
    for run in runs:
        for score in run.result():
            assert_same(score, expected[score.lead_id])


def assert_same(found: Score, expected: Score) -> None:
    """The same words and reasons; numbers to the last bits, which threads may move."""
    assert found.narrative == expected.narrative
    assert found.score == pytest.approx(expected.score, abs=1e-9)
    assert len(found.reasons) == len(expected.reasons)
    for mine, theirs in zip(found.reasons, expected.reasons, strict=True):
        assert mine.text == theirs.text
        assert mine.reason.points == pytest.approx(theirs.reason.points, abs=1e-9)
        assert mine.reason.score_without == pytest.approx(
            theirs.reason.score_without, abs=1e-9
        )
        rounded = {"points": 0.0, "log_odds": 0.0, "score_without": 0.0}
        assert replace(mine.reason, **rounded) == replace(theirs.reason, **rounded)  # type: ignore[arg-type]  # the three are floats


# --- What must not crash ----------------------------------------------------


def test_a_lead_without_events(explainer: Explainer) -> None:
    score = score_of(explainer, [])
    is_sound(score)
    assert score.reasons == ()


@pytest.mark.parametrize("kind", ["page_viewed", "email_sent", "never_heard_of"])
def test_a_lead_with_one_event(explainer: Explainer, kind: str) -> None:
    is_sound(score_of(explainer, [make_event(kind=kind)]))


def test_a_lead_with_attributes_only(explainer: Explainer) -> None:
    fields: dict[str, JsonValue] = {
        "sector": "logiciel",
        "headcount": 800,
        "lead_source": "recommandation",
        "region": "bretagne",
    }
    score = score_of(
        explainer, [make_event(kind="attributes_set", actor=Actor.PERSON, data=fields)]
    )
    is_sound(score)
    for told in score.reasons:
        if told.reason.idea in {"profil", "origine"}:
            assert {piece.field for piece in told.reason.evidence} <= set(fields)


def test_a_lead_with_ten_thousand_events(demo_log: Log, explainer: Explainer) -> None:
    chance = random.Random(4)
    kinds = demo_log.events.sample(300, seed=1).rows(named=True)
    events = [
        make_event(
            event_id=f"E-{i}",
            kind=row["kind"],
            actor=Actor(row["actor"]),
            occurred_at=NOW - timedelta(minutes=chance.randrange(100_000)),
            data={"page": "tarifs", "session": f"s{i % 900}", "duration_minutes": 5},
        )
        for i, row in enumerate(chance.choices(kinds, k=10_000))
    ]
    score = score_of(explainer, events)
    is_sound(score)
    assert score.reasons


HUGE: tuple[JsonValue, ...] = (
    1e308,
    -1e308,
    5e-324,
    10**18,
    "9" * 400,
    "x" * 10_000,
    "nan",
    None,
    [],
    {},
    True,
    "\u0000\u2028’",
)


@pytest.mark.parametrize("value", HUGE, ids=[repr(one)[:12] for one in HUGE])
def test_extreme_values(explainer: Explainer, value: JsonValue) -> None:
    catalogue = explainer.scorer.catalogue
    fields = dict.fromkeys(set(catalogue.fields) - {"@kind"}, value)
    events = [
        make_event(
            event_id=f"{kind}-{i}",
            kind=kind,
            actor=actor,
            occurred_at=NOW - timedelta(days=i, hours=number),
            data=fields,
        )
        for number, kind in enumerate(catalogue.known_kinds)
        for i, actor in enumerate(Actor)
    ]
    is_sound(score_of(explainer, events))


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(datetime(1970, 1, 1, tzinfo=UTC), id="1970"),
        pytest.param(datetime(1, 1, 2, tzinfo=UTC), id="the year 1"),
        pytest.param(NOW, id="this instant"),
        pytest.param(datetime(9999, 12, 30, tzinfo=UTC), id="the year 9999"),
    ],
)
def test_extreme_times(explainer: Explainer, at: datetime) -> None:
    kinds = ("email_sent", "email_replied", "page_viewed", "meeting_held")
    events = [make_event(event_id=kind, kind=kind, occurred_at=at) for kind in kinds]
    is_sound(score_of(explainer, events))


@FEW
@given(data=st.data())
def test_whatever_comes_is_scored_soundly_and_truly(
    explainer: Explainer, data: st.DataObject
) -> None:
    catalogue = explainer.scorer.catalogue
    case = data.draw(cases(catalogue))
    scores = explainer.scores(case.events_frame, case.moments_frame)
    for score in scores:
        is_sound(score)
        for told in score.reasons:
            changed = taken_out(case.events_frame, score.lead_id, told.reason)
            moments = moments_frame([(score.lead_id, score.moment)])
            (without,) = explainer.scorer.log_odds(
                featurise(changed, moments, catalogue)
            )
            (with_it,) = explainer.scorer.log_odds(
                featurise(case.events_frame, moments, catalogue)
            )
            moved = with_it - without
            assert moved * (1 if told.reason.way is Direction.UP else -1) >= 0.1 - 1e-9


# --- A hot lead -------------------------------------------------------------
# Its priority, the reference form and all three reasons are asked of the demo's own
# model, over HTTP (tests/end_to_end). 30 trees teach that the pair weighs.


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_reply_and_a_new_visit_raise_a_lead_above_its_twin(
    explainer: Explainer, variant: int
) -> None:
    hot, twin = scores_of(explainer, variant)
    is_sound(hot)
    is_sound(twin)
    assert hot.score > twin.score + 1
    read = {p.event_id for one in hot.reasons for p in one.reason.evidence}
    assert read & {REPLY, NEW_VISIT}
