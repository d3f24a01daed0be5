from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from math import isclose
from pathlib import Path
from random import Random
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from features import featurise as module
from features.catalogue import Catalogue, read_catalogue
from features.event import Actor, Event, events_frame
from features.featurise import featurise, moments_frame
from tests.budgets import examples
from tests.factories import NOW, make_catalogue, make_event, make_events
from tests.features.random_logs import Case, cases, future, repeats, strangers
from tests.features.reference import Value, reference

ROOT = Path(__file__).parents[2]
CATALOGUES = {
    path: read_catalogue(ROOT / path)
    for path in (
        "tests/features/every_aggregate.toml",
        "features/catalogue.toml",
        "features/bpic2012.toml",
    )
}
randomly = settings(max_examples=examples(20), deadline=None)


@pytest.mark.parametrize("path", CATALOGUES)
class TestRandomLogs:
    """What must hold for any log, of any catalogue."""

    @given(data=st.data())
    @settings(randomly, max_examples=examples(50))
    def test_signals_are_those_of_the_slow_reference(
        self, path: str, data: st.DataObject
    ) -> None:
        catalogue = CATALOGUES[path]
        case = data.draw(cases(catalogue))

        expected = reference(case.events, case.moments, catalogue)

        for row, told in zip(_signals(case, catalogue), expected, strict=True):
            differing = {
                n: (row[n], told[n]) for n in told if not _same(row[n], told[n])
            }
            assert differing == {}

    @given(data=st.data())
    @randomly
    def test_one_lead_alone_gets_what_it_gets_among_others(
        self, path: str, data: st.DataObject
    ) -> None:
        catalogue = CATALOGUES[path]
        case = data.draw(cases(catalogue))

        alone = [
            featurise(
                events_frame(one for one in case.events if one.lead_id == lead_id),
                moments_frame([(lead_id, moment)]),
                catalogue,
            )
            for lead_id, moment in case.moments
        ]

        assert pl.concat(alone).equals(_featurised(case, catalogue))

    @given(data=st.data())
    @randomly
    def test_a_log_too_big_for_memory_is_computed_in_parts(
        self, path: str, data: st.DataObject
    ) -> None:
        catalogue = CATALOGUES[path]
        case = data.draw(cases(catalogue))
        whole = _featurised(case, catalogue)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "EVENTS_AT_ONCE", 2)
            assert _featurised(case, catalogue).equals(whole)

    @given(data=st.data())
    @randomly
    def test_the_order_of_events_never_matters(
        self, path: str, data: st.DataObject
    ) -> None:
        catalogue = CATALOGUES[path]
        case = data.draw(cases(catalogue))
        other = data.draw(cases(catalogue))  # its identifiers are the same: ties
        mixed = Case([*case.events, *other.events], case.moments)
        seed = data.draw(st.integers(0, 999))
        shuffled = Random(seed).sample(mixed.events, len(mixed.events))

        assert _featurised(replace(mixed, events=shuffled), catalogue).equals(
            _featurised(mixed, catalogue)
        )

    @given(data=st.data())
    @randomly
    def test_an_event_sent_again_changes_nothing(
        self, path: str, data: st.DataObject
    ) -> None:
        catalogue = CATALOGUES[path]
        case = data.draw(cases(catalogue))
        again = data.draw(repeats(catalogue, case.events))

        assert _featurised(_with(case, again), catalogue).equals(
            _featurised(case, catalogue)
        )

    @given(data=st.data())
    @randomly
    def test_what_was_not_known_yet_changes_nothing(
        self, path: str, data: st.DataObject
    ) -> None:
        catalogue = CATALOGUES[path]
        case = data.draw(cases(catalogue))
        latest = max(moment for _, moment in case.moments)
        to_come = data.draw(future(catalogue, latest))

        assert _featurised(_with(case, to_come), catalogue).equals(
            _featurised(case, catalogue)
        )

    @given(data=st.data())
    @randomly
    def test_kinds_that_the_catalogue_does_not_know_change_nothing(
        self, path: str, data: st.DataObject
    ) -> None:
        catalogue = CATALOGUES[path]
        case = data.draw(cases(catalogue))
        unknown = data.draw(strangers(catalogue))

        assert _featurised(_with(case, unknown), catalogue).equals(
            _featurised(case, catalogue)
        )


KNOWN_CLICKS = 'kinds = ["email_clicked"]'


def hours_ago(hours: float) -> dict[str, Any]:
    return {"occurred_at": NOW - timedelta(hours=hours)}


def signal(aggregate: str, *events: dict[str, Any], top: str = "") -> Value:
    """One signal, now, of a lead with these events; None where unknown."""
    catalogue = make_catalogue(one=aggregate, top=top)
    case = Case(make_events(*events), [("L-1", NOW)])
    (row,) = _signals(case, catalogue)
    return row["one"]


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        ("count = {}", 0),
        ("trend = {}\nwindow = '7d'", 0),
        ('distinct = { field = "page" }', 0),
        ('sum = { field = "page" }', 0),
        ('mean = { field = "page" }', None),
        ("days_since_last = {}", None),
        ("days_since_first = {}", None),
        ("share = { of = {}, among = {} }", None),
        ('latency = { from = {}, to = {}, statistic = "median" }', None),
        ('latency = { from = {}, to = {}, statistic = "last" }', None),
        ('latency = { from = {}, to = {}, statistic = "pending" }', None),
        ('last = { field = "page" }', None),
        ('last = { field = "page", type = "category" }', None),
    ],
)
def test_without_events_a_count_is_zero_and_the_rest_unknown(
    aggregate: str, expected: Value
) -> None:
    assert signal(aggregate) == expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param({}, 1, id="at-the-moment"),
        pytest.param(hours_ago(5 - 1e-9), 1, id="just-younger"),
        pytest.param(hours_ago(5), 0, id="at-the-window"),
        pytest.param(hours_ago(-1e-9), 0, id="just-after-the-moment"),
        pytest.param({"received_at": NOW + timedelta(microseconds=1)}, 0, id="late"),
        pytest.param({"lead_id": "L-2"}, 0, id="another-lead"),
    ],
)
def test_a_window_holds_what_is_known_and_younger(
    event: dict[str, Any], expected: int
) -> None:
    assert signal('count = { kind = "page_viewed" }\nwindow = "5h"', event) == expected


@pytest.mark.parametrize("hours", [5, 23, 36, *range(40, 100)])
def test_an_age_of_exactly_a_window_is_never_in_it(hours: int) -> None:
    one_window = f'count = {{ kind = "page_viewed" }}\nwindow = "{hours}h"'
    crowd = [hours_ago(hours)] * 17  # Polars computes in blocks: each place counts

    assert signal(one_window, *crowd) == 0


@pytest.mark.parametrize(
    ("value", "wanted", "holds"),
    [
        pytest.param("tarifs", '"tarifs"', True, id="text"),
        pytest.param("Tarifs", '"tarifs"', False, id="case-counts"),
        pytest.param(["a", "tarifs"], '"tarifs"', True, id="in-a-list"),
        pytest.param(['a,"tarifs",b'], '"tarifs"', False, id="within-a-text"),
        pytest.param([{"tarifs": 1}], '"tarifs"', False, id="key-in-a-list"),
        pytest.param([["tarifs"]], '"tarifs"', False, id="list-in-a-list"),
        pytest.param("x", '["y", "x"]', True, id="one-of-several"),
        pytest.param(5, "5", True, id="number"),
        pytest.param(5.0, "5", True, id="same-number-written-otherwise"),
        pytest.param("5", "5", True, id="number-as-text"),
        pytest.param(True, "true", True, id="true"),
        pytest.param(1, "true", False, id="one-is-not-true"),
        pytest.param([5], "5", True, id="number-in-a-list"),
        pytest.param(False, '"*"', True, id="any-value"),
        pytest.param(None, '"*"', False, id="null-is-no-value"),
        pytest.param("", '"*"', False, id="empty-text-is-no-value"),
        pytest.param([], '"*"', False, id="empty-list-is-no-value"),
    ],
)
def test_where_holds(value: JsonValue, wanted: str, holds: bool) -> None:
    count = f"count = {{ where = {{ page = {wanted} }} }}"
    known = 'kinds = ["page_viewed"]'
    assert signal(count, {"data": {"page": value}}, top=known) == holds


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (12, 12),
        ("12", 12),
        ("-1.5e1", -15),
        ("12,5", None),
        ("nan", None),
        ("inf", None),
        ("Infinity", None),
        (True, None),
        ([12], None),
        (None, None),
    ],
)
def test_a_number_is_finite_or_unknown(value: JsonValue, expected: Value) -> None:
    last = 'last = { kind = "page_viewed", field = "amount" }'
    assert signal(last, {"data": {"amount": value}}) == expected


@pytest.mark.parametrize(
    ("visit", "expected"),
    [
        pytest.param(hours_ago(3), 0, id="before-the-last"),
        pytest.param(hours_ago(2), 0, id="at-the-last"),
        pytest.param(hours_ago(2 - 1e-9), 1, id="just-after-the-last"),
    ],
)
def test_after_means_strictly_after_the_last(
    visit: dict[str, Any], expected: int
) -> None:
    views = 'count = { kind = "page_viewed", after = "meeting_held" }'
    meetings = [{"kind": "meeting_held"} | hours_ago(hours) for hours in (4, 2)]

    assert signal(views, visit, *meetings) == expected
    assert signal(views, visit) == 0


def test_a_share_counts_only_events_that_it_is_among() -> None:
    priced = (
        '{ of = { where = { page = "tarifs" } }, among = { kind = "page_viewed" } }'
    )
    mail = {"kind": "email_clicked"}  # of the same page
    visits: list[dict[str, Any]] = [{}, {"data": {"page": "produit"}}]

    assert signal(f"share = {priced}", mail, *visits, top=KNOWN_CLICKS) == 1 / 2
    assert signal(f"share = {priced}", mail, top=KNOWN_CLICKS) is None


class TestLatency:
    REPLY = 'latency = { from = { kind = "email_sent" }, to = { actor = "lead" }, '
    SENT: ClassVar = {"kind": "email_sent", "actor": Actor.PERSON}

    def test_an_answer_answers_the_latest_mail(self) -> None:
        mails = (self.SENT | hours_ago(9), self.SENT | hours_ago(5))
        answer = {"kind": "email_sent", "actor": Actor.LEAD} | hours_ago(4)

        assert signal(self.REPLY + 'statistic = "last" }', *mails, answer) == 1

    def test_a_second_answer_in_a_row_answers_nothing(self) -> None:
        visits = (hours_ago(6), hours_ago(2))
        known = 'kinds = ["page_viewed"]'

        told = signal(
            self.REPLY + 'statistic = "last" }',
            self.SENT | hours_ago(9),
            *visits,
            top=known,
        )

        assert told == 3

    def test_a_mail_waits_until_it_is_answered(self) -> None:
        pending = self.REPLY + 'statistic = "pending" }'
        mails = (self.SENT | hours_ago(9), self.SENT | hours_ago(5))
        known = 'kinds = ["page_viewed"]'

        assert signal(pending, *mails, top=known) == pytest.approx(5)
        assert signal(pending, *mails, hours_ago(1), top=known) is None


class TestKinds:
    """A signal without a kind reads the kinds that its catalogue knows."""

    ACTS = 'count = { actor = "lead" }'

    def test_an_unknown_kind_is_not_read(self) -> None:
        assert signal(self.ACTS, {"kind": "email_opened"}) == 0

    def test_a_listed_kind_is_read(self) -> None:
        assert (
            signal(self.ACTS, {"kind": "call_made"}, top='kinds = ["call_made"]') == 1
        )

    def test_the_kind_of_another_signal_is_read_unless_it_is_off(self) -> None:
        opens = 'count = { kind = "email_opened" }\nenabled = '
        opened = Case([make_event(kind="email_opened")], [("L-1", NOW)])

        for enabled, expected in (("true", 1), ("false", 0)):
            catalogue = make_catalogue(acts=self.ACTS, opens=opens + enabled)
            (row,) = _signals(opened, catalogue)
            assert row["acts"] == expected


def test_rows_stand_in_the_order_of_the_moments() -> None:
    pairs = [("L-2", NOW), ("L-1", NOW), ("unknown", NOW), ("L-2", NOW)]
    visits = make_catalogue(visits='count = { kind = "page_viewed" }')

    signals = featurise(events_frame([make_event()]), moments_frame(pairs), visits)

    assert signals["lead_id"].to_list() == ["L-2", "L-1", "unknown", "L-2"]
    assert signals["visits"].to_list() == [0, 1, 0, 0]


@pytest.mark.parametrize("at_once", [1, 2], ids=["in parts", "at once"])
def test_no_moment_gives_no_row_and_every_column(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EVENTS_AT_ONCE", at_once)
    visits = make_catalogue(visits='count = { kind = "page_viewed" }')

    signals = featurise(events_frame(make_events({}, {})), moments_frame([]), visits)

    assert signals.shape == (0, 3)
    assert signals.schema["visits"] == pl.Float64


def test_a_time_of_another_zone_is_the_same_instant() -> None:
    in_paris = NOW.astimezone(ZoneInfo("Europe/Paris"))
    visits = make_catalogue(days='days_since_last = { kind = "page_viewed" }')
    events = events_frame([make_event(occurred_at=in_paris)])

    signals = featurise(events, moments_frame([("L-1", in_paris)]), visits)

    assert signals["days"].to_list() == [0]


def _same(one: Value, other: Value) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, rel_tol=1e-12)
    return one == other


def _with(case: Case, more: list[Event]) -> Case:
    return replace(case, events=[*case.events, *more])


def _featurised(case: Case, catalogue: Catalogue) -> pl.DataFrame:
    return featurise(case.events_frame, case.moments_frame, catalogue)


def _signals(case: Case, catalogue: Catalogue) -> Iterator[dict[str, Value]]:
    """As the reference tells them: None where the frame has NaN."""
    signals = _featurised(case, catalogue).drop("lead_id", "moment").fill_nan(None)
    return signals.iter_rows(named=True)
