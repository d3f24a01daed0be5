"""A row without some evidence, or with an event more, is what the changed log says."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from features.catalogue import Catalogue, parse_catalogue, read_catalogue
from features.compiled_catalogue import INSERTED_SOURCE, MOST_FIELDS, NONE
from features.errors import CatalogueError
from features.event import EVENT_SCHEMA, Event, events_frame
from features.featurise import featurise, moments_frame
from features.snapshot import Snapshot, snapshot, snapshot_at
from features.timelines import timelines_of
from tests.budgets import examples
from tests.factories import NOW, catalogue_text, make_catalogue, make_event
from tests.features.one_variant import Variant, variants_of
from tests.features.random_logs import cases

ROOT = Path(__file__).parents[2]
CATALOGUES = {
    path: read_catalogue(ROOT / path)
    for path in (
        "tests/features/every_aggregate.toml",
        "features/catalogue.toml",
        "features/bpic2012.toml",
    )
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
Row = dict[str, float | str | None]


def microseconds(time: datetime) -> int:
    return (time - EPOCH) // MICROSECOND


def told(
    variants: Sequence[Variant], seen: Snapshot, catalogue: Catalogue
) -> list[Row]:
    """The signals of each variant, as `featurise` would tell them."""
    table = seen.changed(variants_of(variants))
    assert table.shape == (len(variants), len(catalogue.names))
    return [
        {
            name: _label(value, seen.timelines.labels_of(column))
            if name in catalogue.labelled
            else _known(float(value))
            for column, (name, value) in enumerate(
                zip(catalogue.names, row, strict=True)
            )
        }
        for row in table
    ]


def _label(code: float, labels: tuple[str, ...]) -> str | None:
    return None if math.isnan(code) else labels[int(code)]


def _known(value: float | str | None) -> float | str | None:
    return None if isinstance(value, float) and math.isnan(value) else value


def asked_again(
    variant: Variant, seen: Snapshot, moments: pl.DataFrame, catalogue: Catalogue
) -> Row:
    """The signals of the log changed for real, in plain Python, and read anew."""
    lead_id, moment = moments.row(variant.row)
    gone: dict[int, set[int]] = {}
    for position, field in variant.pieces:
        gone.setdefault(position, set()).add(field)
    left = [
        row if position not in gone else _without(row, gone[position], seen)
        for position, row in enumerate(seen.timelines.events.iter_rows(named=True))
        if NONE not in gone.get(position, set())
    ]
    changed = pl.DataFrame(left, schema=EVENT_SCHEMA)
    if variant.insertion != NONE:
        inserted = seen.program.insertions[variant.insertion]
        event = inserted.event(lead_id, EPOCH + variant.at * MICROSECOND)
        changed = pl.concat([changed, events_frame([event])])
    signals = featurise(changed, moments_frame([(lead_id, moment)]), catalogue)
    row = signals.select(catalogue.names).row(0, named=True)
    return {name: _known(value) for name, value in row.items()}


def _without(row: dict[str, Any], fields: set[int], seen: Snapshot) -> dict[str, Any]:
    names = {seen.program.fields[field] for field in fields}
    content = orjson.loads(row["data"])
    kept = {name: value for name, value in content.items() if name not in names}
    return row | {"data": orjson.dumps(kept).decode()}


@st.composite
def variants(draw: DrawFn, seen: Snapshot) -> Variant:
    """A row without random events and fields of its lead, or with a random event."""
    row = draw(st.integers(0, len(seen.rows.moment) - 1))
    start, end = int(seen.rows.start[row]), int(seen.rows.end[row])
    n_insertions = len(seen.program.insertions)
    if n_insertions and draw(st.booleans()):
        moment = int(seen.rows.moment[row])
        times = [moment, *seen.timelines.arrays.occurred[start:end].tolist()]
        nudge = st.sampled_from([0, 0, 0, 1, -1, 3_600_000_000, -86_400_000_000])
        return Variant(
            row=row,
            insertion=draw(st.integers(0, n_insertions - 1)),
            at=draw(st.sampled_from(times)) + draw(nudge),
        )
    fields = st.integers(NONE, len(seen.program.fields) - 1)
    piece = st.tuples(st.integers(start, max(start, end - 1)), fields)
    pieces = draw(st.sets(piece, max_size=8 if end > start else 0))
    return Variant(row=row, pieces=tuple(sorted(pieces)))


@pytest.mark.parametrize("path", CATALOGUES)
@given(data=st.data())
@settings(max_examples=examples(40), deadline=None)
def test_a_variant_has_the_signals_of_the_log_changed_for_real(
    path: str, data: st.DataObject
) -> None:
    catalogue = CATALOGUES[path]
    case = data.draw(cases(catalogue))
    moments = case.moments_frame
    seen = snapshot(case.events_frame, moments, catalogue)
    tried = data.draw(st.lists(variants(seen), min_size=1, max_size=6))

    for variant, row in zip(tried, told(tried, seen, catalogue), strict=True):
        expected = asked_again(variant, seen, moments, catalogue)
        assert row == expected, variant


@pytest.mark.parametrize("path", CATALOGUES)
@given(data=st.data())
@settings(max_examples=examples(20), deadline=None)
def test_a_row_as_it_is_has_the_signals_that_were_seen(
    path: str, data: st.DataObject
) -> None:
    catalogue = CATALOGUES[path]
    case = data.draw(cases(catalogue))
    seen = snapshot(case.events_frame, case.moments_frame, catalogue)

    bare = [Variant(row=row) for row in range(len(case.moments))]

    table = seen.changed(variants_of(bare))
    np.testing.assert_array_equal(table, seen.table[:, : len(catalogue.names)])


# --- What is taken away -----------------------------------------------------

ATTRIBUTES = {
    "sets": 'count = { kind = "attributes_set" }',
    "big": 'count = { kind = "attributes_set", where = { headcount = "*" } }',
    "sector": 'last = { kind = "attributes_set", field = "sector", type = "category" }',
    "headcount": 'last = { kind = "attributes_set", field = "headcount" }',
}


def entry(name: str, days_ago: float, **fields: Any) -> Event:
    at = NOW - timedelta(days=days_ago)
    return make_event(event_id=name, kind="attributes_set", occurred_at=at, data=fields)


def taken(*pieces: tuple[int, int], row: int = 0) -> Variant:
    return Variant(row=row, pieces=pieces)


def test_a_field_goes_alone_and_an_event_goes_whole() -> None:
    catalogue = make_catalogue(**ATTRIBUTES)
    events = [
        entry("old", 9, sector="btp", headcount=5),
        entry("new", 1, sector="sante", headcount=12),
    ]
    seen = snapshot(events_frame(events), moments_frame([("L-1", NOW)]), catalogue)
    headcount, sector = map(seen.program.fields.index, ("headcount", "sector"))
    as_it_is: Row = {"sets": 2, "big": 2, "sector": "sante", "headcount": 12}
    other: Row = {"sets": 1, "big": 1, "sector": "btp", "headcount": 5}
    nothing: Row = {"sets": 0, "big": 0, "sector": None, "headcount": None}
    expected = [
        (taken(), as_it_is),
        (taken((1, sector)), as_it_is | {"sector": "btp"}),
        (taken((1, headcount)), as_it_is | {"big": 1, "headcount": 5}),
        (taken((1, NONE)), other),
        (taken((1, NONE), (1, sector)), other),
        (
            taken((0, sector), (1, headcount), (1, sector)),
            other | {"sets": 2, "sector": None},
        ),
        (taken((0, NONE), (1, NONE)), nothing),
    ]
    rows = told([variant for variant, _ in expected], seen, catalogue)
    assert rows == [row for _, row in expected]


def test_each_moment_of_a_lead_loses_only_what_its_variant_takes() -> None:
    catalogue = make_catalogue()
    events = [
        make_event(event_id=name, occurred_at=NOW - timedelta(days=days))
        for name, days in (("a", 5), ("c", 3), ("d", 1))
    ]
    late = make_event(
        event_id="b", occurred_at=NOW - timedelta(days=4), received_at=NOW
    )
    hers = make_event(event_id="a", lead_id="L-2")
    pairs = [("L-1", NOW), ("L-2", NOW), ("L-1", NOW - timedelta(days=2))]
    seen = snapshot(
        events_frame([*events, late, hers]), moments_frame(pairs), catalogue
    )
    tried = [
        taken((0, NONE)),
        taken(row=2),
        taken((0, NONE), (3, NONE), row=2),  # the last hasn't happened yet
        taken((1, NONE), (2, NONE), row=2),  # the first isn't known yet
        taken((4, NONE), row=1),
        taken((0, NONE), (4, NONE)),  # the second is another lead's
    ]
    visits = [row["visits"] for row in told(tried, seen, catalogue)]
    assert visits == [3, 2, 1, 1, 0, 3]


# --- What is put in ---------------------------------------------------------

AWAITING = parse_catalogue(
    catalogue_text(
        last_page='last = { field = "page", type = "category" }',
        events="count = {}",
        reply_hours="""latency = { from = { kind = "page_viewed" },
            to = { kind = "email_replied" }, statistic = "last" }""".replace("\n", ""),
    ).replace(
        'expected = "appel"',
        """expected = "appel"
awaited = { kind = "email_replied", data = { page = "inserted" } }""",
        1,
    )
)


def put_in(at: datetime, row: int = 0) -> Variant:
    return Variant(row=row, insertion=0, at=microseconds(at))


@pytest.mark.parametrize(
    ("key", "last", "hours"),
    [
        pytest.param(("crm", "z"), "inserted", 0.0, id="a source before"),
        pytest.param(("site", "a"), "there", None, id="a source after"),
        pytest.param((INSERTED_SOURCE, "aaa"), "inserted", 0.0, id="a name before"),
        pytest.param((INSERTED_SOURCE, "zzz"), "there", None, id="a name after"),
    ],
)
def test_among_equal_times_an_insertion_stands_where_its_name_has_it(
    key: tuple[str, str], last: str, hours: float | None
) -> None:
    source, event_id = key
    at = NOW - timedelta(days=1)
    tie = make_event(
        source=source, event_id=event_id, occurred_at=at, data={"page": "there"}
    )
    moments = moments_frame([("L-1", NOW)])
    seen = snapshot(events_frame([tie]), moments, AWAITING)
    (row,) = told([put_in(at)], seen, AWAITING)
    assert row == {"last_page": last, "events": 2, "reply_hours": hours}
    assert row == asked_again(put_in(at), seen, moments, AWAITING)


def test_an_insertion_stands_between_several_of_its_time() -> None:
    at = NOW - timedelta(days=1)
    keys = [("crm", "a"), ("crm", "b"), ("frein", "a"), ("frein", "z"), ("site", "a")]
    earlier = make_event(source="site", event_id="zz", occurred_at=at - MICROSECOND)
    ties = [make_event(source=s, event_id=e, occurred_at=at) for s, e in keys]
    later = make_event(source="crm", event_id="0", occurred_at=at + MICROSECOND)
    moments = moments_frame([("L-1", NOW)])
    for i in range(len(ties) + 1):
        events = events_frame([later, *ties[:i], earlier])
        seen = snapshot(events, moments, AWAITING)
        (row,) = told([put_in(at)], seen, AWAITING)
        assert row == asked_again(put_in(at), seen, moments, AWAITING)


@pytest.mark.parametrize(
    ("at", "events"),
    [
        pytest.param(NOW - timedelta(days=900), 2, id="before every other"),
        pytest.param(NOW, 2, id="at the moment"),
        pytest.param(NOW + MICROSECOND, 1, id="past the moment: not known"),
    ],
)
def test_an_insertion_counts_once_it_is_known(at: datetime, events: int) -> None:
    one = make_event(occurred_at=NOW - timedelta(days=1))
    seen = snapshot(events_frame([one]), moments_frame([("L-1", NOW)]), AWAITING)
    (row,) = told([put_in(at)], seen, AWAITING)
    assert row["events"] == events


def test_a_lead_without_events_may_get_its_first() -> None:
    others = [make_event(lead_id=name) for name in ("L-0", "L-2")]
    moments = moments_frame([("L-1", NOW), ("L-2", NOW)])
    seen = snapshot(events_frame(others), moments, AWAITING)
    tried = [Variant(row=0), put_in(NOW), put_in(NOW, row=1)]
    assert [row["events"] for row in told(tried, seen, AWAITING)] == [0, 1, 2]
    (_, row, _) = told(tried, seen, AWAITING)
    assert row["last_page"] == "inserted"


def test_an_insertion_is_not_seen_by_who_looks_from_before_it() -> None:
    known_at = NOW - timedelta(days=2)
    event = make_event(occurred_at=NOW - timedelta(days=3))
    moments = moments_frame([("L-1", NOW)])
    seen = snapshot_at(
        timelines_of(events_frame([event]), AWAITING),
        moments,
        known_at=pl.Series([known_at], dtype=moments.schema["moment"]),
    )
    tried = [put_in(known_at), put_in(known_at + MICROSECOND)]
    assert [row["events"] for row in told(tried, seen, AWAITING)] == [2, 1]


# --- Limits -----------------------------------------------------------------


def attributes(count: int) -> Catalogue:
    return make_catalogue(
        **{
            f"signal_{i}": f'last = {{ kind = "attributes_set", field = "field_{i}" }}'
            for i in range(count)
        }
    )


def test_as_many_attributes_as_there_are_bits_can_each_go_alone() -> None:
    catalogue = attributes(MOST_FIELDS)
    event = entry("all", 1, **{f"field_{i}": i for i in range(MOST_FIELDS)})
    seen = snapshot(events_frame([event]), moments_frame([("L-1", NOW)]), catalogue)
    assert len(seen.program.fields) == MOST_FIELDS
    tried = [taken((0, bit)) for bit in range(MOST_FIELDS)]
    for field, row in zip(
        seen.program.fields, told(tried, seen, catalogue), strict=True
    ):
        unknown = [name for name, value in row.items() if value is None]
        assert unknown == [field.replace("field", "signal")]


def test_one_attribute_more_is_refused_with_what_to_do() -> None:
    with pytest.raises(CatalogueError, match=r"'essai'.* 63 attributes.*merge some"):
        snapshot(events_frame([]), moments_frame([]), attributes(MOST_FIELDS + 1))


def test_attributes_of_an_idea_of_context_need_no_bit() -> None:
    text = attributes(MOST_FIELDS + 1).text.replace(
        'expected = "appel"', 'expected = "appel"\nnature = "context"'
    )
    seen = snapshot(events_frame([]), moments_frame([]), parse_catalogue(text))
    assert seen.program.fields == ()


def test_no_variant_has_no_row() -> None:
    catalogue = make_catalogue()
    nobody = snapshot(events_frame([]), moments_frame([]), catalogue)
    somebody = snapshot(
        events_frame([make_event()]), moments_frame([("L-1", NOW)]), catalogue
    )
    for seen in (nobody, somebody):
        assert seen.changed(variants_of([])).shape == (0, 1)
