from collections.abc import Sequence
from math import isnan, nan

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_array_equal

from features.encoding import OTHER, encode, learn_labels
from features.event import events_frame
from features.featurise import featurise, moments_frame
from tests.factories import NOW, make_catalogue, make_events

CATALOGUE = make_catalogue(
    sector='last = { kind = "attributes_set", field = "sector", type = "category" }',
    visits='count = { kind = "page_viewed" }',
    region='last = { kind = "attributes_set", field = "region", type = "category" }',
    days="days_since_last = {}",
)


def signals(**columns: Sequence[object]) -> pl.DataFrame:
    """A frame as `featurise` returns it, one lead a row unless `lead_id` is given."""
    height = len(next(iter(columns.values())))
    frame: dict[str, Sequence[object]] = {
        "lead_id": [f"L-{row}" for row in range(height)],
        "moment": [NOW] * height,
        "sector": [None] * height,
        "visits": [0.0] * height,
        "region": [None] * height,
        "days": [nan] * height,
    }
    texts = {"sector": pl.String(), "region": pl.String()}
    return pl.DataFrame(frame | columns, schema_overrides=texts)


class TestLearnLabels:
    def test_labels_stand_by_frequency_then_name_after_the_others(self) -> None:
        frame = signals(sector=["b", "a", "c", "c", None])

        codes = learn_labels(frame, CATALOGUE, min_leads=1)

        assert codes == {"sector": (OTHER, "c", "a", "b"), "region": (OTHER,)}

    @pytest.mark.parametrize(("min_leads", "kept"), [(2, ["a"]), (3, [])])
    def test_a_rare_label_has_no_code(self, min_leads: int, kept: list[str]) -> None:
        frame = signals(sector=["a", "a", "b"])

        codes = learn_labels(frame, CATALOGUE, min_leads=min_leads)

        assert codes["sector"] == (OTHER, *kept)

    def test_leads_are_counted_and_not_moments(self) -> None:
        frame = signals(sector=["a"] * 3 + ["b"] * 2, lead_id=["L-1"] * 3 + ["2", "3"])

        assert learn_labels(frame, CATALOGUE, min_leads=2)["sector"] == (OTHER, "b")

    def test_the_label_of_the_others_is_no_second_code(self) -> None:
        frame = signals(sector=[OTHER, OTHER, "a"])

        assert learn_labels(frame, CATALOGUE, min_leads=1)["sector"] == (OTHER, "a")


class TestEncode:
    CODES = {"sector": (OTHER, "sante", "btp"), "region": (OTHER, "bretagne")}  # noqa: RUF012 # never changed

    def test_a_category_is_its_code_and_unknown_is_nan(self) -> None:
        labels = ["sante", "btp", OTHER, "never seen", None]

        matrix = encode(signals(sector=labels), CATALOGUE, self.CODES)

        assert_array_equal(matrix[:, 0], [1, 2, 0, 0, nan])

    def test_columns_stand_in_the_catalogues_order(self) -> None:
        frame = signals(sector=["btp"], visits=[7.0], region=["bretagne"], days=[1.5])
        mixed = frame.select("days", "region", "lead_id", "sector", "visits")

        matrix = encode(mixed, CATALOGUE, self.CODES)

        assert matrix.dtype == np.float64
        assert_array_equal(matrix, [[2, 7, 1, 1.5]])

    @pytest.mark.parametrize("n_rows", [0, 1, 3])
    def test_there_is_a_row_for_each_moment(self, n_rows: int) -> None:
        matrix = encode(signals(sector=["sante"] * n_rows), CATALOGUE, self.CODES)

        assert matrix.shape == (n_rows, 4)
        assert matrix.flags.c_contiguous

    def test_what_was_learnt_is_what_is_encoded(self) -> None:
        frame = signals(sector=["a", "b", "b", None], region=["x", None, None, None])

        codes = learn_labels(frame, CATALOGUE, min_leads=1)

        assert_array_equal(
            encode(frame, CATALOGUE, codes)[:, [0, 2]],
            [[2, 1], [1, nan], [1, nan], [nan, nan]],
        )


def test_what_featurise_gives_can_be_encoded() -> None:
    events = make_events(
        {"kind": "attributes_set", "data": {"sector": "sante"}}, {"lead_id": "L-2"}
    )
    moments = moments_frame([("L-1", NOW), ("L-2", NOW), ("L-3", NOW)])

    frame = featurise(events_frame(events), moments, CATALOGUE)
    matrix = encode(frame, CATALOGUE, learn_labels(frame, CATALOGUE, min_leads=1))

    assert_array_equal(matrix[:, :2], [[1, 0], [nan, 1], [nan, 0]])
    assert isnan(matrix[2, 3])


def test_a_catalogue_without_category_needs_no_code() -> None:
    catalogue = make_catalogue(visits="count = {}")
    frame = signals(visits=[2.0]).select("lead_id", "moment", "visits")

    assert learn_labels(frame, catalogue, min_leads=1) == {}
    assert_array_equal(encode(frame, catalogue, {}), [[2]])
