"""Other ways to TreeSHAP: shap's own C code, and the definition, subset by subset."""

import math
import warnings
from itertools import combinations
from typing import Any

import lightgbm as lgb
import numpy as np

from features.arrays import FloatArray


def shap_values(
    booster: lgb.Booster, matrix: FloatArray, categories: list[int]
) -> tuple[FloatArray, float]:
    """Contributions (n_rows, n_signals) and the expected value, by shap's C code.

    shap would call LightGBM again unless the model is "internal". Its C code counts
    categories from 1 where ours begin at 0 (seen with 0.51): both the sets of
    categories, which are bits, and the matrix are moved on by one.
    """
    with warnings.catch_warnings():  # shap's plots use what matplotlib will drop
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        import shap

    explainer = shap.TreeExplainer(booster, feature_perturbation="tree_path_dependent")
    explainer.model.model_type = "internal"
    explainer.model.thresholds[explainer.model.threshold_types == 1] *= 2
    moved = matrix.copy()
    moved[:, categories] += 1
    values = explainer.shap_values(moved, check_additivity=False)
    return np.asarray(values), float(np.ravel(explainer.expected_value)[0])


def enumerated(booster: lgb.Booster, row: FloatArray) -> tuple[FloatArray, float]:
    """Shapley values of one row over every subset of its signals."""
    trees = [tree["tree_structure"] for tree in booster.dump_model()["tree_info"]]
    n = len(row)
    worth = {
        known: sum(_expected(tree, row, known) for tree in trees)
        for size in range(n + 1)
        for known in combinations(range(n), size)
    }
    shares = np.zeros(n)
    for known, value in worth.items():
        for i in set(range(n)) - set(known):
            with_i = worth[tuple(sorted((*known, i)))]
            shares[i] += (with_i - value) / (n * math.comb(n - 1, len(known)))
    return shares, worth[()]


def _expected(node: dict[str, Any], row: FloatArray, known: tuple[int, ...]) -> float:
    """A tree's expectation given some signals; the others by training counts."""
    if "leaf_value" in node:
        return float(node["leaf_value"])
    left, right = node["left_child"], node["right_child"]
    if node["split_feature"] in known:
        goes_left = _goes_left(node, row[node["split_feature"]])
        return _expected(left if goes_left else right, row, known)
    n_left, n_right = _count(left), _count(right)
    both = n_left * _expected(left, row, known) + n_right * _expected(right, row, known)
    return both / (n_left + n_right)


def _goes_left(node: dict[str, Any], value: float) -> bool:
    if node["decision_type"] == "==":
        wanted = {int(code) for code in str(node["threshold"]).split("||")}
        return not math.isnan(value) and int(value) in wanted
    if math.isnan(value):
        if node["missing_type"] == "NaN":
            return bool(node["default_left"])
        value = 0.0
    return bool(value <= node["threshold"])


def _count(node: dict[str, Any]) -> int:
    return int(node.get("internal_count", node.get("leaf_count", 0)))
