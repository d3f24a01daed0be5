"""A reason is told only if the score moves as it says without its evidence."""

import collections
import math
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from explanations.candidate import Candidate
from explanations.checking import MUST_MOVE, holds, log_odds_of
from explanations.reason import Check, Evidence, Way
from explanations.scorer import Scorer
from explanations.telling import Told
from features.event import Actor, events_frame
from features.featurise import featurise, moments_frame
from features.known import known_events
from features.log import Log
from tests.explanations.taken_out import taken_out
from tests.factories import NOW, make_event, make_events


def make_candidate(**overrides: object) -> Candidate:
    defaults: dict[str, object] = {
        "row": 0,
        "idea": "visites",
        "points": 4.0,
        "log_odds": 0.5,
        "evidence": (Evidence("site", "E-1"),),
        "last_at": NOW,
        "inserted": None,
    }
    return Candidate(**defaults | overrides)  # type: ignore[arg-type]  # a builder's overrides


def scored(events: pl.DataFrame, scorer: Scorer, lead_id: str = "L-1") -> float:
    signals = featurise(events, moments_frame([(lead_id, NOW)]), scorer.catalogue)
    return float(scorer.log_odds(signals)[0])


# --- The bar ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "without", "told"),
    [
        pytest.param(0.5, -MUST_MOVE, True, id="up: falls by the bar"),
        pytest.param(0.5, np.nextafter(-MUST_MOVE, 9), False, id="up: just less"),
        pytest.param(0.5, -1.0, True, id="up: falls far"),
        pytest.param(0.5, 0.0, False, id="up: stays"),
        pytest.param(0.5, 1.0, False, id="up: rises"),
        pytest.param(-0.5, MUST_MOVE, True, id="down: rises by the bar"),
        pytest.param(-0.5, np.nextafter(MUST_MOVE, -9), False, id="down: just less"),
        pytest.param(-0.5, 1.0, True, id="down: rises far"),
        pytest.param(-0.5, 0.0, False, id="down: stays"),
        pytest.param(-0.5, -1.0, False, id="down: falls"),
    ],
)
def test_the_score_has_to_move_by_the_bar_and_the_right_way(
    share: float, without: float, told: bool
) -> None:
    assert holds(make_candidate(log_odds=share), 0.0, without) == told


# --- What is taken out, and put in ------------------------------------------


def without(
    candidates: list[Candidate],
    events: pl.DataFrame,
    moments: pl.DataFrame,
    scorer: Scorer,
) -> NDArray[np.float64]:
    known = known_events(events, moments, scorer.catalogue)
    return log_odds_of(candidates, known, moments, scorer)


def test_no_candidate_takes_no_score(small: Scorer) -> None:
    nothing = log_odds_of([], pl.DataFrame(), moments_frame([]), small)
    assert nothing.shape == (0,)


def test_each_candidate_is_scored_on_a_log_of_its_own(small: Scorer) -> None:
    events = events_frame(
        [
            *make_events({}, {}, {"kind": "email_replied"}),
            make_event(event_id="E-1", lead_id="L-2"),
        ]
    )
    first = make_candidate()
    both = make_candidate(evidence=(Evidence("site", "E-1"), Evidence("site", "E-2")))
    reply = make_candidate(evidence=(Evidence("site", "E-3"),))
    hers = make_candidate(row=1)
    found = without(
        [first, both, reply, hers],
        events,
        moments_frame([("L-1", NOW), ("L-2", NOW)]),
        small,
    )
    mine = events.filter(pl.col("lead_id") == "L-1")
    expected = [
        scored(mine.filter(pl.col("event_id") != "E-1"), small),
        scored(mine.filter(pl.col("event_id") == "E-3"), small),
        scored(mine.filter(pl.col("event_id") != "E-3"), small),
        scored(events.clear(), small),
    ]
    assert found == pytest.approx(expected, abs=1e-12)
    assert len(set(found)) > 2


def test_the_same_identifier_of_another_source_stays(small: Scorer) -> None:
    events = events_frame([make_event(), make_event(source="crm")])
    moments = moments_frame([("L-1", NOW)])
    (found,) = without([make_candidate()], events, moments, small)
    assert found == pytest.approx(scored(events_frame([make_event()]), small))


def test_every_delivery_of_an_event_goes(small: Scorer) -> None:
    later = make_event(received_at=NOW - timedelta(hours=1))
    events = events_frame([make_event(), later, make_event(event_id="E-2")])
    moments = moments_frame([("L-1", NOW)])
    (found,) = without([make_candidate()], events, moments, small)
    assert found == pytest.approx(scored(events_frame([make_event()]), small))


def test_a_field_goes_and_the_rest_of_its_event_stays(small: Scorer) -> None:
    def attributes(**fields: object) -> pl.DataFrame:
        return events_frame([make_event(kind="attributes_set", data=fields)])

    sector = make_candidate(evidence=(Evidence("site", "E-1", "sector"),))
    whole = make_candidate()
    found = without(
        [sector, whole],
        attributes(sector="sante", headcount=12),
        moments_frame([("L-1", NOW)]),
        small,
    )
    expected = [scored(attributes(headcount=12), small), scored(attributes(), small)]
    assert found == pytest.approx(expected, abs=1e-12)
    assert found[0] != found[1]


def test_an_awaited_event_is_put_in(small: Scorer) -> None:
    reply = make_event(
        event_id="awaited", kind="email_replied", source="frein", actor=Actor.LEAD
    )
    events = events_frame([make_event()])
    absent = make_candidate(log_odds=-0.5, evidence=(), inserted=reply)
    (found,) = without([absent], events, moments_frame([("L-1", NOW)]), small)
    assert found == pytest.approx(
        scored(events_frame([make_event(), reply]), small), abs=1e-12
    )
    assert found != scored(events, small)


# --- Held to an independent recomputation, on the demo log ------------------


def test_no_told_reason_is_contradicted(
    demo_log: Log, demo_moments: pl.DataFrame, scorer: Scorer, told: Told
) -> None:
    checks: collections.Counter[Check] = collections.Counter()
    for (lead_id, moment), log_odds, reasons in zip(
        demo_moments.iter_rows(), told.contributions.log_odds, told.reasons, strict=True
    ):
        alone = moments_frame([(lead_id, moment)])
        for reason in reasons:
            changed = taken_out(demo_log.events, lead_id, reason)
            signals = featurise(changed, alone, scorer.catalogue)
            without = float(scorer.log_odds(signals)[0])
            moved = log_odds - without if reason.way is Way.UP else without - log_odds
            checks[reason.check] += 1
            assert moved >= MUST_MOVE - 1e-9, (lead_id, moment, reason)
            assert reason.score_without == pytest.approx(
                100 / (1 + math.exp(-without)), abs=1e-9
            )
    assert sum(map(bool, told.reasons)) >= 200
    assert min(checks[check] for check in Check) >= 50


def test_points_and_log_odds_of_a_reason_are_its_ideas_contributions(
    scorer: Scorer, told: Told
) -> None:
    ideas = list(scorer.catalogue.ideas)
    alone = 0
    for by_idea, reasons in zip(told.contributions.by_idea, told.reasons, strict=True):
        for reason in reasons:
            assert (reason.points > 0) == (reason.log_odds > 0)
            assert reason.way is (Way.UP if reason.points > 0 else Way.DOWN)
            alone += reason.log_odds == by_idea[ideas.index(reason.idea)]
    assert alone > 300  # the rest stand for several ideas on the same evidence
