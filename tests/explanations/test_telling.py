"""A few true reasons a lead, the strongest first, with the facts as they are."""

import math
from dataclasses import replace

import numpy as np
import polars as pl

from explanations.candidate import find_candidates
from explanations.checking import MOST_DOWN, MOST_UP, holds, log_odds_of
from explanations.reason import Check, Direction
from explanations.scorer import Scorer
from explanations.telling import ExplainedRows, explain_rows
from features.catalogue import Nature
from features.event import events_frame
from features.featurise import featurise, moments_frame
from features.log import Log
from features.snapshot import snapshot
from tests.factories import NOW, make_event, make_events


def test_at_most_four_reasons_pull_up_and_two_down(told: ExplainedRows) -> None:
    def most(way: Direction) -> int:
        return max(sum(one.way is way for one in row) for row in told.reasons)

    assert (most(Direction.UP), most(Direction.DOWN)) == (MOST_UP, MOST_DOWN) == (4, 2)


def test_the_strongest_come_first(told: ExplainedRows) -> None:
    for reasons in told.reasons:
        weights = [abs(one.log_odds) for one in reasons]
        assert weights == sorted(weights, reverse=True)


def test_a_reason_left_out_either_failed_its_check_or_found_no_room(
    demo_log: Log, demo_moments: pl.DataFrame, scorer: Scorer, told: ExplainedRows
) -> None:
    catalogue, events = scorer.catalogue, demo_log.events
    seen = snapshot(events, demo_moments, catalogue)
    candidates = find_candidates(seen, told.contributions, catalogue, scorer.facts)
    every = np.arange(len(candidates))
    without = log_odds_of(candidates.variants(every), seen, scorer)
    arrays, log_odds = candidates.arrays, told.contributions.log_odds
    true = holds(arrays.log_odds, log_odds[arrays.row], without)
    true_ideas: dict[tuple[int, Direction], list[str]] = {}
    for candidate, is_true in zip(candidates.each(every), true, strict=True):
        if is_true:
            true_ideas.setdefault((candidate.row, candidate.way), []).append(
                candidate.idea
            )
    assert len(candidates) > sum(map(len, true_ideas.values()))  # some are refuted
    for row, reasons in enumerate(told.reasons):
        for way, room in ((Direction.UP, MOST_UP), (Direction.DOWN, MOST_DOWN)):
            ideas = [one.idea for one in reasons if one.way is way]
            assert ideas == true_ideas.get((row, way), [])[:room]


def test_values_are_the_ideas_signals_and_unknown_is_none(
    demo_log: Log, demo_moments: pl.DataFrame, scorer: Scorer, told: ExplainedRows
) -> None:
    signals = featurise(demo_log.events, demo_moments, scorer.catalogue)
    unknown = 0
    for row, reasons in zip(signals.iter_rows(named=True), told.reasons, strict=True):
        for reason in reasons:
            names = {one.name for one in scorer.catalogue.signals_of(reason.idea)}
            assert set(reason.values) == names
            for name, value in reason.values.items():
                if value is None:
                    unknown += 1
                    assert row[name] is None or math.isnan(row[name])
                else:
                    assert value == row[name]
    assert unknown > 100


def test_an_idea_of_context_is_never_a_reason(
    scorer: Scorer, told: ExplainedRows
) -> None:
    context = {
        idea.name for idea in scorer.catalogue.idea if idea.nature is Nature.CONTEXT
    }
    assert context
    assert not context & {one.idea for row in told.reasons for one in row}


def test_an_insertion_has_no_evidence_and_names_its_event(told: ExplainedRows) -> None:
    for reasons in told.reasons:
        for reason in reasons:
            by_insertion = reason.check is Check.INSERTION
            assert (reason.inserted is not None) == by_insertion
            assert (reason.evidence == ()) == by_insertion
            assert not by_insertion or reason.way is Direction.DOWN


def test_evidence_and_inserted_events_lie_before_the_moment(
    demo_log: Log, demo_moments: pl.DataFrame, told: ExplainedRows
) -> None:
    events = {
        (row["lead_id"], row["source"], row["event_id"]): row
        for row in demo_log.events.iter_rows(named=True)
    }
    for (lead_id, moment), reasons in zip(
        demo_moments.iter_rows(), told.reasons, strict=True
    ):
        for reason in reasons:
            assert reason.last_at <= moment
            if reason.inserted is not None:
                assert reason.inserted.occurred_at <= moment
                assert reason.inserted.lead_id == lead_id
            for piece in reason.evidence:
                event = events[lead_id, piece.source, piece.event_id]
                assert event["occurred_at"] <= reason.last_at
                assert event["received_at"] <= moment


def test_no_moment_tells_nothing(scorer: Scorer) -> None:
    nothing = explain_rows(events_frame([make_event()]), moments_frame([]), scorer)
    assert nothing.reasons == ()


def test_a_lead_without_events_has_no_reason(small: Scorer) -> None:
    told = explain_rows(events_frame([]), moments_frame([("L-1", NOW)]), small)
    assert told.reasons == ((),)


def test_a_visit_and_a_reply_are_each_a_reason(small: Scorer) -> None:
    visits = make_events({}, {}, {}, {})
    replies = [
        replace(event, kind="email_replied", event_id=f"R-{i}")
        for i, event in enumerate(visits[:2])
    ]
    told = explain_rows(
        events_frame([*visits, *replies]), moments_frame([("L-1", NOW)]), small
    )
    found = {one.idea: one for one in told.reasons[0]}
    assert set(found) == {"visites", "reponses"}
    assert found["visites"].values == {"visits": 4.0, "days_since_visit": 0.0}
    assert [one.event_id for one in found["reponses"].evidence] == ["R-0", "R-1"]
