"""Timelines: each lead's events in order, read once, seen from a moment."""

from datetime import timedelta
from unittest.mock import patch
from weakref import ref

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import LogError
from features.event import events_frame
from features.featurise import featurise, moments_frame
from features.snapshot import snapshot, snapshot_at
from features.timelines import MOMENT_SCHEMA, Timelines, microseconds, timelines_of
from tests.budgets import examples
from tests.factories import NOW, make_catalogue, make_event, make_events
from tests.features.random_logs import Case, cases

CATALOGUE = make_catalogue(
    visits='count = { kind = "page_viewed" }',
    page='last = { kind = "page_viewed", field = "page", type = "category" }',
)


# --- Order ------------------------------------------------------------------


def names_of(timelines: Timelines) -> list[tuple[str, str]]:
    return list(zip(timelines.sources, timelines.event_ids, strict=True))


def test_events_stand_by_lead_time_source_and_identifier() -> None:
    earlier = NOW - timedelta(hours=1)
    events = [
        make_event(lead_id="L-2", event_id="only"),
        make_event(source="site", event_id="a"),
        make_event(source="crm", event_id="z"),
        make_event(source="site", event_id="A"),
        make_event(source="site", event_id="z", occurred_at=earlier),
    ]
    timelines = timelines_of(events_frame(events), CATALOGUE)
    assert names_of(timelines) == [
        ("site", "z"),
        ("crm", "z"),
        ("site", "A"),
        ("site", "a"),
        ("site", "only"),
    ]


def test_an_event_delivered_twice_stands_once_as_first_received() -> None:
    first = make_event(data={"page": "first"})
    again = make_event(received_at=NOW + timedelta(hours=1), data={"page": "again"})
    hers = make_event(lead_id="L-2", data={"page": "hers"})
    timelines = timelines_of(events_frame([again, first, hers]), CATALOGUE)
    assert timelines.events["data"].to_list() == ['{"page":"first"}', '{"page":"hers"}']


@given(case=cases(CATALOGUE))
@settings(max_examples=examples(40), deadline=None)
def test_few_events_stand_as_many_do(case: Case) -> None:
    few = timelines_of(case.events_frame, CATALOGUE)
    with patch("features.timelines.MOST_KEPT", -1):
        many = timelines_of(case.events_frame, CATALOGUE)
    assert few.events.equals(many.events)
    assert few.labels == many.labels
    assert np.array_equal(few.arrays.reads, many.arrays.reads)
    assert np.array_equal(few.arrays.values, many.arrays.values, equal_nan=True)


def test_an_event_of_an_unknown_kind_is_left_out() -> None:
    events = make_events({"kind": "never_heard_of"}, {})
    timelines = timelines_of(events_frame(events), CATALOGUE)
    assert names_of(timelines) == [("site", "E-2")]


# --- Rows -------------------------------------------------------------------


def test_each_row_has_the_events_of_its_lead_at_every_moment() -> None:
    events = [
        make_event(event_id=f"{lead}-{i}", lead_id=lead)
        for lead, n_events in (("L-1", 2), ("L-3", 3))
        for i in range(n_events)
    ]
    before = NOW - timedelta(days=1)
    pairs = [("L-3", NOW), ("L-2", NOW), ("L-1", NOW), ("L-3", before)]
    timelines = timelines_of(events_frame(events), CATALOGUE)
    rows = timelines.rows(moments_frame(pairs))
    assert list(zip(rows.start, rows.end, strict=True)) == [
        (2, 5),
        (0, 0),
        (0, 2),
        (2, 5),
    ]
    assert rows.moment.tolist() == rows.known_at.tolist()
    assert rows.moment[0] - rows.moment[3] == timedelta(days=1) // timedelta(
        microseconds=1
    )


def test_several_moments_of_a_lead_see_what_was_known_at_each() -> None:
    late = make_event(
        event_id="late", occurred_at=NOW - timedelta(days=3), received_at=NOW
    )
    events = [make_event(occurred_at=NOW - timedelta(days=2)), late]
    ages = (0, 1, 2, 3)
    moments = moments_frame([("L-1", NOW - timedelta(days=age)) for age in ages])
    seen = snapshot(events_frame(events), moments, CATALOGUE)
    assert seen.table[:, 0].tolist() == [2, 1, 1, 0]


def test_a_lead_without_events_is_seen_with_none() -> None:
    for events in ([], [make_event(lead_id="L-2")]):
        seen = snapshot(events_frame(events), moments_frame([("L-1", NOW)]), CATALOGUE)
        visits, page = seen.table[0]
        assert visits == 0
        assert np.isnan(page)


def test_no_moment_is_seen_as_no_row() -> None:
    seen = snapshot(events_frame([make_event()]), moments_frame([]), CATALOGUE)
    assert seen.table.shape == (0, seen.program.n_columns) == (0, 2)
    assert [len(column) for column in seen.rows] == [0, 0, 0, 0]


@given(data=st.data())
@settings(max_examples=examples(40), deadline=None)
def test_only_what_was_known_then_is_seen_from_the_moment(data: st.DataObject) -> None:
    case = data.draw(cases(CATALOGUE))
    moments = case.moments_frame
    ages = st.sampled_from([0, 1, 30, 500])
    times = [moment - timedelta(hours=data.draw(ages)) for moment in moments["moment"]]
    known_at = pl.Series(times, dtype=MOMENT_SCHEMA["moment"])
    timelines = timelines_of(case.events_frame, CATALOGUE)
    seen = snapshot_at(timelines, moments, known_at)

    for row, (lead_id, moment) in enumerate(moments.iter_rows()):
        known = case.events_frame.filter(
            pl.max_horizontal("occurred_at", "received_at") <= times[row]
        )
        one = moments_frame([(lead_id, moment)])
        expected = featurise(known, one, CATALOGUE)
        assert seen.table[row, 0] == expected["visits"][0]
        code = seen.table[row, 1]
        page = None if np.isnan(code) else timelines.labels_of(1)[int(code)]
        assert page == expected["page"][0]


def test_times_are_microseconds_since_1970() -> None:
    moments = moments_frame([("L-1", NOW)])
    assert microseconds(moments["moment"]).tolist() == [NOW.timestamp() * 1e6]


# --- What is no JSON object -------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("{", id="cut short"),
        pytest.param("{'page': 1}", id="quotes of Python"),
        pytest.param('{"page": NaN}', id="no number of JSON"),
        pytest.param("[1]", id="a list"),
        pytest.param("null", id="null"),
        pytest.param('"tarifs"', id="a text"),
    ],
)
def test_data_that_are_no_json_object_are_refused_by_the_events_name(text: str) -> None:
    events = events_frame(make_events({}, {"source": "crm"}, {}))
    broken = events.with_columns(
        data=pl.when(pl.col("event_id") == "E-2").then(pl.lit(text)).otherwise("data")
    )
    with pytest.raises(LogError, match=r"event 'E-2' of source 'crm': .* JSON object"):
        timelines_of(broken, CATALOGUE)


def test_data_of_an_event_that_nobody_reads_are_not_looked_at() -> None:
    events = events_frame([make_event(kind="never_heard_of"), make_event(event_id="2")])
    broken = events.with_columns(
        data=pl.when(pl.col("event_id") == "E-1").then(pl.lit("{")).otherwise("data")
    )
    assert timelines_of(broken, CATALOGUE).events.height == 1


def test_a_request_s_frame_is_read_once_by_each_catalogue() -> None:
    frame = events_frame([make_event()])
    once = timelines_of(frame, CATALOGUE)
    assert timelines_of(frame, CATALOGUE) is once
    assert timelines_of(frame.clone(), CATALOGUE) is not once


def test_what_was_read_goes_with_its_frame() -> None:
    frame = events_frame([make_event()])
    gone = ref(timelines_of(frame, CATALOGUE))
    del frame
    assert gone() is None
