"""A reason is told only if the score moves as it says without its evidence."""

import collections
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from explanations.checking import MUST_MOVE, holds, log_odds_of
from explanations.reason import Check, Direction, Evidence
from explanations.scorer import Scorer
from explanations.telling import ExplainedRows
from features.arrays import FloatArray
from features.catalogue import parse_catalogue
from features.event import Actor, events_frame
from features.featurise import featurise, moments_frame
from features.log import Log
from features.snapshot import Snapshot, snapshot
from tests.explanations.models import SMALL_CATALOGUE
from tests.explanations.taken_out import taken_out
from tests.factories import NOW, make_event, make_events
from tests.features.one_variant import Variant, variants_of


def resting_on(seen: Snapshot, *evidence: Evidence, row: int = 0) -> Variant:
    """The row without evidence of its lead, told as people know it."""
    timelines, mine = seen.timelines, range(seen.rows.start[row], seen.rows.end[row])
    position = {
        (timelines.sources[event], timelines.event_ids[event]): event for event in mine
    }
    fields = (None, *seen.program.fields)
    pieces = [
        (position[one.source, one.event_id], fields.index(one.field) - 1)
        for one in evidence
    ]
    return Variant(row=row, pieces=tuple(sorted(pieces)))


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
    assert holds(*np.array([[share], [0.0], [without]])).tolist() == [told]


# --- What is taken out, and put in ------------------------------------------


def log_odds_without(
    variants: Sequence[Variant], seen: Snapshot, scorer: Scorer
) -> FloatArray:
    return log_odds_of(variants_of(variants), seen, scorer)


E_1, E_2, E_3 = (Evidence("site", f"E-{i}") for i in (1, 2, 3))


def test_no_candidate_takes_no_score(small: Scorer) -> None:
    nothing = snapshot(events_frame([]), moments_frame([]), small.catalogue)
    assert log_odds_without([], nothing, small).shape == (0,)


def test_each_candidate_is_scored_on_a_log_of_its_own(small: Scorer) -> None:
    events = events_frame(
        [
            *make_events({}, {}, {"kind": "email_replied"}),
            make_event(event_id="E-1", lead_id="L-2"),
        ]
    )
    moments = moments_frame([("L-1", NOW), ("L-2", NOW)])
    seen = snapshot(events, moments, small.catalogue)
    first = resting_on(seen, E_1)
    both = resting_on(seen, E_1, E_2)
    reply = resting_on(seen, E_3)
    hers = resting_on(seen, E_1, row=1)
    found = log_odds_without([first, both, reply, hers], seen, small)
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
    seen = snapshot(events, moments_frame([("L-1", NOW)]), small.catalogue)
    (found,) = log_odds_without([resting_on(seen, E_1)], seen, small)
    assert found == pytest.approx(scored(events_frame([make_event()]), small))


def test_every_delivery_of_an_event_goes(small: Scorer) -> None:
    later = make_event(received_at=NOW - timedelta(hours=1))
    events = events_frame([make_event(), later, make_event(event_id="E-2")])
    seen = snapshot(events, moments_frame([("L-1", NOW)]), small.catalogue)
    (found,) = log_odds_without([resting_on(seen, E_1)], seen, small)
    assert found == pytest.approx(scored(events_frame([make_event()]), small))


def test_a_field_goes_and_the_rest_of_its_event_stays(small: Scorer) -> None:
    def attributes(**fields: object) -> pl.DataFrame:
        return events_frame([make_event(kind="attributes_set", data=fields)])

    events = attributes(sector="sante", headcount=12)
    seen = snapshot(events, moments_frame([("L-1", NOW)]), small.catalogue)
    sector = resting_on(seen, Evidence("site", "E-1", "sector"))
    whole = resting_on(seen, E_1)
    found = log_odds_without([sector, whole], seen, small)
    expected = [scored(attributes(headcount=12), small), scored(attributes(), small)]
    assert found == pytest.approx(expected, abs=1e-12)
    assert found[0] != found[1]


def test_an_awaited_event_is_put_in(small: Scorer) -> None:
    awaited = 'name = "reponses"\nawaited = { kind = "email_replied" }'
    text = SMALL_CATALOGUE.replace('name = "reponses"', awaited)
    awaiting = replace(small, catalogue=parse_catalogue(text))
    reply = make_event(
        event_id="awaited-reponses",
        kind="email_replied",
        source="frein",
        actor=Actor.LEAD,
        data={},
    )
    events = events_frame([make_event()])
    seen = snapshot(events, moments_frame([("L-1", NOW)]), awaiting.catalogue)
    (inserted,) = seen.program.insertions
    assert inserted.event("L-1", NOW) == reply
    now = int(seen.rows.moment[0])
    absent = Variant(insertion=0, at=now)
    (found,) = log_odds_without([absent], seen, awaiting)
    assert found == pytest.approx(
        scored(events_frame([make_event(), reply]), small), abs=1e-12
    )
    assert found != scored(events, small)


# --- Held to an independent recomputation, on the demo log ------------------


def test_no_told_reason_is_contradicted(
    demo_log: Log, demo_moments: pl.DataFrame, scorer: Scorer, told: ExplainedRows
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
            moved = (
                log_odds - without if reason.way is Direction.UP else without - log_odds
            )
            checks[reason.check] += 1
            assert moved >= MUST_MOVE - 1e-9, (lead_id, moment, reason)
            assert reason.score_without == pytest.approx(
                100 / (1 + math.exp(-without)), abs=1e-9
            )
    assert sum(map(bool, told.reasons)) >= 200
    assert min(checks[check] for check in Check) >= 50


def test_points_and_log_odds_of_a_reason_are_its_ideas_contributions(
    scorer: Scorer, told: ExplainedRows
) -> None:
    ideas = list(scorer.catalogue.ideas)
    alone = 0
    for by_idea, reasons in zip(told.contributions.by_idea, told.reasons, strict=True):
        for reason in reasons:
            assert (reason.points > 0) == (reason.log_odds > 0)
            assert reason.way is (Direction.UP if reason.points > 0 else Direction.DOWN)
            alone += reason.log_odds == by_idea[ideas.index(reason.idea)]
    assert alone > 300  # the rest stand for several ideas on the same evidence
