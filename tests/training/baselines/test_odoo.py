"""Odoo's algorithm, held to a vector of its own documentation (research/peers.md).

Two won and three lost leads give the counts of that vector; p is a value's share
among the won (or lost) leads, r = p_W / (p_W + p_L).
"""

import numpy as np
import polars as pl
import pytest

from training.baselines.odoo import HIGHEST, OdooScoring, odoo_probabilities

Row = tuple[str | None, ...]

STAGES = ("nouveau", "qualifie", "proposition")
FIELDS = ("source", "country", "email", "phone", "state")
_COLUMNS = ("stage", *FIELDS)

WON: list[Row] = [
    ("proposition", "B", "C", "bon", "bon", "S"),
    ("proposition", None, "D", "bon", "bon", "S"),
]
LOST: list[Row] = [
    ("qualifie", "A", "C", "bon", "bon", "X"),
    ("nouveau", "A", None, "bon", "faux", None),
    ("nouveau", None, None, "bon", "faux", None),
]
SCORED: Row = ("qualifie", "A", "C", "bon", "bon", "S")


def values(row: Row) -> dict[str, str | None]:
    return dict(zip(_COLUMNS, row, strict=True))


@pytest.fixture
def scoring() -> OdooScoring:
    learnt = OdooScoring("stage", STAGES)
    for row in WON:
        learnt.learn(values(row), won=True)
    for row in LOST:
        learnt.learn(values(row), won=False)
    return learnt


@pytest.mark.parametrize(
    ("field", "ratio"),
    [
        ("source", 0.08),
        ("country", 0.353),
        ("email", 0.5),
        ("phone", 0.735),
        ("state", 0.92),
    ],
)
def test_a_value_weighs_what_odoo_documents(
    scoring: OdooScoring, field: str, ratio: float
) -> None:
    rows = scoring.counts[field]
    won, lost = rows[values(SCORED)[field] or ""]
    p_won = won / sum(row[0] for row in rows.values())
    p_lost = lost / sum(row[1] for row in rows.values())
    assert p_won / (p_won + p_lost) == pytest.approx(ratio, abs=0.0051)


def test_a_stage_weighs_what_odoo_documents(scoring: OdooScoring) -> None:
    (_, all_lost), (_, reached_it) = (
        scoring.counts["stage"][stage] for stage in STAGES[:2]
    )
    assert 1 - reached_it / all_lost == pytest.approx(0.645, abs=0.0005)


def test_the_score_is_the_one_of_odoo(scoring: OdooScoring) -> None:
    assert scoring.score(values(SCORED)) == pytest.approx(74.30, abs=0.005)


def test_one_won_lead_gives_the_score_of_odoo() -> None:
    learnt = OdooScoring("stage", STAGES)
    learnt.learn({"stage": "proposition"}, won=True)
    assert learnt.score({"stage": "nouveau"}) == pytest.approx(91.67, abs=0.005)


@pytest.mark.parametrize("value", [None, "jamais vu"], ids=["empty", "never seen"])
def test_a_value_without_a_row_changes_nothing(
    scoring: OdooScoring, value: str | None
) -> None:
    without = {name: v for name, v in values(SCORED).items() if name != "source"}
    assert scoring.score(without | {"source": value}) == scoring.score(without)


def test_a_score_keeps_off_certainty(scoring: OdooScoring) -> None:
    for _ in range(100_000):
        scoring.learn(values(WON[0]), won=True)
    assert scoring.score(values(WON[0])) == HIGHEST


def test_nothing_learnt_is_a_coin() -> None:
    assert OdooScoring("stage", STAGES).score({"stage": "nouveau"}) == 50.0


def test_a_frame_is_learnt_and_scored_like_its_rows() -> None:
    closed = pl.DataFrame(
        [*WON, *LOST], schema=dict.fromkeys(_COLUMNS, pl.String), orient="row"
    )
    scored = pl.DataFrame(
        [SCORED], schema=dict.fromkeys(_COLUMNS, pl.String), orient="row"
    )
    said = odoo_probabilities(
        closed,
        np.array([True, True, False, False, False]),
        scored,
        stage_field="stage",
        stages=STAGES,
        fields=FIELDS,
    )
    assert said == pytest.approx([0.7430], abs=5e-5)
