import numpy as np
import pytest

from training.dataset.groups import Group
from training.evaluation.comparison import Reading, readings
from training.metrics.bootstrap import Drawn
from training.metrics.paired_scores import holm_shares

ANY = Group("part", "any", np.ones(1, bool))


def drawn(value: float, error: float) -> Drawn:
    return Drawn(value, value + np.random.default_rng(1).normal(0, error, 400))


@pytest.mark.parametrize(
    ("metric", "value", "reading"),
    [
        pytest.param("auc", 0.05, Reading.BETTER, id="more AUC"),
        pytest.param("auc", -0.05, Reading.WORSE, id="less AUC"),
        pytest.param("log_loss", 0.05, Reading.WORSE, id="more loss"),
        pytest.param("log_loss", -0.05, Reading.BETTER, id="less loss"),
        pytest.param("auc", 0.01, Reading.INDISTINCT, id="noise"),
    ],
)
def test_a_change_reads_by_its_metric_and_its_noise(
    metric: str, value: float, reading: Reading
) -> None:
    (found,) = readings([(ANY, metric, drawn(value, 0.01))])
    assert found.reading is reading


def test_what_would_be_a_gain_alone_is_noise_among_forty() -> None:
    lucky = (ANY, "auc", drawn(0.022, 0.01))
    (alone,) = readings([lucky])
    assert alone.reading is Reading.BETTER
    first, *_ = readings([lucky, *[(ANY, "auc", drawn(0.0, 0.01))] * 39])
    assert first.reading is Reading.INDISTINCT


def test_no_change_at_all_is_indistinct() -> None:
    (found,) = readings([(ANY, "auc", Drawn(0.0, np.zeros(100)))])
    assert found.reading is Reading.INDISTINCT


def test_holm_stops_at_the_first_that_is_not_rejected() -> None:
    p_values = [0.012, 0.03, 0.001, 0.031]
    shares = holm_shares(p_values, alpha=0.05)
    rejected = [p <= share for p, share in zip(p_values, shares, strict=True)]
    assert rejected == [True, False, True, False]
    assert holm_shares([]) == []
