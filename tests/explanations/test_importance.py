"""Importance over many scores: how much, and which way."""

import numpy as np
import pytest

from explanations.importance import importance
from explanations.scorer import Contributions, Scorer
from tests.explanations.models import small_signals

TOLD = Contributions(
    np.array([-1.0, -1.0, -1.0]),
    np.array([[0.2, 1.0, 0.0], [0.1, -1.0, 0.0], [0.3, 2.0, 0.0]]),
)


def test_the_heaviest_idea_comes_first_with_how_far_it_pulls_each_way() -> None:
    found = importance(TOLD, ("profil", "visites", "muet")).to_dicts()

    assert [one["idea"] for one in found] == ["visites", "profil", "muet"]
    _, points, _ = TOLD.points()
    assert found[0] == {
        "idea": "visites",
        "importance": pytest.approx(4 / 3),
        "points_up": pytest.approx((points[0, 1] + points[2, 1]) / 2),
        "points_down": pytest.approx(points[1, 1]),
        "share_up": pytest.approx(2 / 3),
    }
    assert found[2]["points_up"] == found[2]["points_down"] == 0


def test_no_row_tells_nothing() -> None:
    nothing = Contributions(np.empty(0), np.empty((0, 1)))
    with pytest.raises(ValueError, match="no score"):
        importance(nothing, ("visites",))


def test_importance_of_a_model_is_that_of_its_contributions(small: Scorer) -> None:
    signals, _ = small_signals(50, seed=9, catalogue=small.catalogue)
    contributions = small.contributions(signals)
    found = importance(contributions, tuple(small.catalogue.ideas))
    assert sum(found["importance"]) == pytest.approx(
        np.abs(contributions.by_idea).mean(axis=0).sum()
    )
