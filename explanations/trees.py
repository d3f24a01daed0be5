"""Trees of a booster as tables: scores and exact TreeSHAP, compiled.

The contributions are those of LightGBM's `pred_contrib` (path-dependent TreeSHAP,
Lundberg et al. 2020). Trees are shallow, so what a leaf gives each of the few signals
on its path is tabulated for every pattern of conditions met (Fast TreeSHAP v2, Yang
2021): a row then costs a look-up a leaf.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from explanations.errors import ModelRejectedError
from features.arrays import BoolArray, FloatArray, IntArray
from features.compiled import compiled
from features.compiled_catalogue import NONE

if TYPE_CHECKING:
    import lightgbm as lgb

MOST_SIGNALS = 8  # on a path: a table has two to that power entries a signal
_NEVER, _ZERO, _NAN = 0, 1, 2  # what a split takes for missing
_MISSING = {"None": _NEVER, "Zero": _ZERO, "NaN": _NAN}
_ROWS_AT_ONCE = 32  # a tree's nodes stay in the cache while they go through it
_IS_ZERO = 1e-35  # LightGBM's own


class Nodes(NamedTuple):
    """Inner nodes of all trees, children after their parent.

    A child >= 0 is a node, else the leaf -child - 1. `category` is where the codes that
    go left begin and end in `codes`; both NONE where the split is by `threshold`.
    """

    signal: IntArray
    threshold: FloatArray
    children: IntArray
    missing: IntArray
    missing_left: BoolArray
    codes_from: IntArray
    codes_to: IntArray
    codes: IntArray


class Leaves(NamedTuple):
    """Leaves of all trees. The steps of leaf i are those from `steps_of[i]`.

    A step is a node, whether the path goes left there, and the slot (among the leaf's
    own signals, from `slots_of[i]`) of its signal. `table` holds, from `table_of[i]`,
    each slot's contribution for each pattern of slots whose conditions are met.
    """

    value: FloatArray
    log_share: FloatArray
    steps_of: IntArray
    step_node: IntArray
    step_left: BoolArray
    step_slot: IntArray
    slots_of: IntArray
    slot_signal: IntArray
    table_of: IntArray
    table: FloatArray


@dataclass(frozen=True, slots=True)
class Trees:
    """A booster, ready to score and to explain. `roots`: a node or a leaf a tree."""

    nodes: Nodes
    leaves: Leaves
    roots: IntArray
    expected: float

    def scores(self, matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Raw score of each row, and how typical it is, (n_rows,) each.

        `matrix` (n_rows, n_signals) as the booster reads it. The raw score is in
        log-odds, as `predict(raw_score=True)`; how typical (<= 0) is the mean over the
        trees of log(share of the training rows in the same leaf).
        """
        return _scores(self.nodes, self.leaves, self.roots, matrix)

    def contributions(self, matrix: FloatArray, group: IntArray) -> FloatArray:
        """TreeSHAP, summed per group of signals, (n_rows, n_groups), in log-odds.

        `matrix` (n_rows, n_signals); `group` (n_signals,), int64: to which group each
        signal belongs, 0 to n_groups - 1; each has one.
        """
        into = group[self.leaves.slot_signal]
        n_groups = int(group.max()) + 1
        return _contributions(self.nodes, self.leaves, matrix, into, n_groups)


def trees_of(booster: "lgb.Booster") -> Trees:
    """Tabulate a booster.

    Raises ModelRejectedError if a path has too many signals to be tabulated.
    """
    reading = _Reading()
    roots = [
        reading.read(tree["tree_structure"], _count(tree["tree_structure"]))
        for tree in booster.dump_model()["tree_info"]
    ]
    return reading.trees(np.array(roots, np.int64))


# --- Reading ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Step:
    node: int
    is_left: bool
    signal: int
    share: float  # of the node's training rows that go this way


class _Reading:
    """Nodes and leaves in the making."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = []
        self.children: list[list[int]] = []
        self.values: list[float] = []
        self.shares: list[float] = []
        self.paths: list[tuple[_Step, ...]] = []

    def read(
        self, node: dict[str, Any], total: int, path: tuple[_Step, ...] = ()
    ) -> int:
        """Read a node and what is below; returns its number, or that of a leaf."""
        if "leaf_value" in node:
            self.values.append(node["leaf_value"])
            self.shares.append(_count(node) / total if total else 1.0)
            self.paths.append(path)
            return -len(self.paths)
        number = len(self.nodes)
        self.nodes.append(node)
        self.children.append([])
        counts = _count(node["left_child"]), _count(node["right_child"])
        for side, is_left in (("left_child", True), ("right_child", False)):
            share = counts[0 if is_left else 1] / sum(counts)
            step = _Step(number, is_left, node["split_feature"], share)
            child = self.read(node[side], total, (*path, step))
            self.children[number].append(child)
        return number

    def trees(self, roots: IntArray) -> Trees:
        """What was read, as arrays; `roots`: (n_trees,)."""
        leaves = self._leaves()
        shares = [np.prod([step.share for step in path]) for path in self.paths]
        # What they say of nobody in particular: all leaves, by their shares.
        expected = float(np.dot(leaves.value, shares))
        return Trees(self._nodes(), leaves, roots, expected)

    def _nodes(self) -> Nodes:
        codes = [
            [int(code) for code in str(node["threshold"]).split("||")]
            if node["decision_type"] == "=="
            else []
            for node in self.nodes
        ]
        ends = np.cumsum([0, *map(len, codes)])
        is_category = np.array([node["decision_type"] == "==" for node in self.nodes])
        return Nodes(
            signal=_integers(node["split_feature"] for node in self.nodes),
            threshold=np.array(
                [
                    np.nan if node["decision_type"] == "==" else node["threshold"]
                    for node in self.nodes
                ],
                np.float64,
            ),
            children=np.array(self.children, np.int64).reshape(-1, 2),
            missing=_integers(_MISSING[node["missing_type"]] for node in self.nodes),
            missing_left=np.array([node["default_left"] for node in self.nodes], bool),
            codes_from=np.where(is_category, ends[:-1], NONE),
            codes_to=np.where(is_category, ends[1:], NONE),
            codes=_integers(code for some in codes for code in some),
        )

    def _leaves(self) -> Leaves:
        paths = self.paths
        slots = [list(dict.fromkeys(step.signal for step in path)) for path in paths]
        most = max(map(len, slots), default=0)
        if most > MOST_SIGNALS:
            raise ModelRejectedError(
                f"a tree asks {most} signals one after another, over {MOST_SIGNALS}: "
                "train with less depth"
            )
        # Per slot, the share of training rows that would go the leaf's way unasked.
        slot_share = [
            np.prod([step.share for step in path if step.signal == signal])
            for path, some in zip(paths, slots, strict=True)
            for signal in some
        ]
        slots_of = np.cumsum([0, *map(len, slots)])
        value = np.array(self.values, np.float64)
        table_of = np.cumsum([0, *(len(some) << len(some) for some in slots)])
        shares = np.array(slot_share, np.float64)
        return Leaves(
            value=value,
            log_share=np.log([max(share, 1e-12) for share in self.shares]),
            steps_of=np.cumsum([0, *map(len, paths)]),
            step_node=_integers(step.node for path in paths for step in path),
            step_left=np.array([step.is_left for path in paths for step in path], bool),
            step_slot=_integers(
                some.index(step.signal)
                for path, some in zip(paths, slots, strict=True)
                for step in path
            ),
            slots_of=slots_of,
            slot_signal=_integers(signal for some in slots for signal in some),
            table_of=table_of,
            table=_tabulated(value, slots_of, shares, table_of),
        )


def _count(node: dict[str, Any]) -> int:
    return int(node.get("internal_count", node.get("leaf_count", 0)))


def _integers(several: Iterator[int]) -> IntArray:
    return np.fromiter(several, np.int64)


# --- Kernels ----------------------------------------------------------------


@compiled
def _scores(
    nodes: Nodes, leaves: Leaves, roots: IntArray, matrix: FloatArray
) -> tuple[FloatArray, FloatArray]:
    raw, typical = np.zeros(len(matrix)), np.zeros(len(matrix))
    block = np.empty((matrix.shape[1], _ROWS_AT_ONCE))
    left = np.empty((len(nodes.signal), _ROWS_AT_ONCE), dtype=np.bool_)
    for first in range(0, len(matrix), _ROWS_AT_ONCE):
        n_rows = _decide(nodes, matrix, first, block, left)
        for root in roots:
            for k in range(n_rows):
                at = root
                while at >= 0:
                    at = nodes.children[at, 1 - left[at, k]]
                raw[first + k] += leaves.value[-at - 1]
                typical[first + k] += leaves.log_share[-at - 1]
    return raw, typical / len(roots)


@compiled
def _decide(
    nodes: Nodes, matrix: FloatArray, first: int, block: FloatArray, left: BoolArray
) -> int:
    """Which of the next rows go left at each node, as LightGBM decides.

    Fills `block` (n_signals, _ROWS_AT_ONCE) and `left` (n_nodes, _ROWS_AT_ONCE);
    returns how many rows these are. An unknown category goes right.
    """
    n_rows = min(_ROWS_AT_ONCE, len(matrix) - first)
    for k in range(n_rows):
        for signal in range(len(block)):
            block[signal, k] = matrix[first + k, signal]
    for node in range(len(nodes.signal)):
        signal = nodes.signal[node]
        if nodes.codes_from[node] == NONE:
            _compare(nodes, node, block, n_rows, left)
            continue
        for k in range(n_rows):
            left[node, k] = False
        for code in nodes.codes[nodes.codes_from[node] : nodes.codes_to[node]]:
            for k in range(n_rows):
                left[node, k] |= np.trunc(block[signal, k]) == code
    return n_rows


@compiled
def _compare(
    nodes: Nodes, node: int, block: FloatArray, n_rows: int, left: BoolArray
) -> None:
    """Rows at a node that splits numbers: no branch, so that many go at once."""
    signal, threshold = nodes.signal[node], nodes.threshold[node]
    missing = nodes.missing[node]
    zero = _IS_ZERO if missing == _ZERO else -1.0
    missing_left = threshold >= 0 if missing == _NEVER else nodes.missing_left[node]
    for k in range(n_rows):
        known = abs(block[signal, k]) > zero
        below = block[signal, k] <= threshold
        left[node, k] = (known & below) | (~known & missing_left)


@compiled
def _contributions(
    nodes: Nodes, leaves: Leaves, matrix: FloatArray, into: IntArray, n_groups: int
) -> FloatArray:
    shares = np.zeros((len(matrix), n_groups))
    block = np.empty((matrix.shape[1], _ROWS_AT_ONCE))
    left = np.empty((len(nodes.signal), _ROWS_AT_ONCE), dtype=np.bool_)
    met = np.empty(_ROWS_AT_ONCE, dtype=np.int64)
    for first in range(0, len(matrix), _ROWS_AT_ONCE):
        n_rows = _decide(nodes, matrix, first, block, left)
        for leaf in range(len(leaves.value)):
            _meet(leaves, leaf, left, n_rows, met)
            slots = leaves.slots_of[leaf]
            n_slots = leaves.slots_of[leaf + 1] - slots
            for k in range(n_rows):
                place = leaves.table_of[leaf] + met[k] * n_slots
                for slot in range(n_slots):
                    shares[first + k, into[slots + slot]] += leaves.table[place + slot]
    return shares


@compiled
def _meet(
    leaves: Leaves, leaf: int, left: BoolArray, n_rows: int, met: IntArray
) -> None:
    """Of each row, the pattern of the leaf's slots whose conditions are met."""
    every = (1 << (leaves.slots_of[leaf + 1] - leaves.slots_of[leaf])) - 1
    for k in range(n_rows):
        met[k] = every
    for step in range(leaves.steps_of[leaf], leaves.steps_of[leaf + 1]):
        node, wanted = leaves.step_node[step], leaves.step_left[step]
        slot = 1 << leaves.step_slot[step]
        for k in range(n_rows):
            met[k] &= ~(slot * (left[node, k] != wanted))


@compiled
def _tabulated(
    value: FloatArray, slots_of: IntArray, share: FloatArray, table_of: IntArray
) -> FloatArray:
    r"""Each leaf's contributions, by pattern of conditions met, then by slot.

    .. math:: \phi_j = v (o_j - z_j) \sum_{S \not\ni j} \frac{|S|! (u - |S| - 1)!}{u!}
              \prod_{k \in S} o_k \prod_{k \notin S, k \ne j} z_k

    with o = 1 where the slot's conditions are met and z its share.
    """
    table = np.zeros(table_of[-1])
    for leaf in range(len(value)):
        first = slots_of[leaf]
        u = slots_of[leaf + 1] - first
        for met in range(1 << u):
            for j in range(u):
                place = table_of[leaf] + met * u + j
                own = float(met >> j & 1) - share[first + j]
                weight = _others(met, j, u, share[first : first + u])
                table[place] = value[leaf] * own * weight
    return table


@compiled
def _others(met: int, j: int, u: int, share: FloatArray) -> float:
    """The sum over subsets of the slots other than j; one known and unmet adds none."""
    total = 0.0
    for known in range(1 << u):
        if known >> j & 1 or known & ~met:
            continue
        size, weight = 0, 1.0
        for k in range(u):
            if known >> k & 1:
                size += 1
            elif k != j:
                weight *= share[k]
        # |S|! (u - |S| - 1)! / u!, by its ratios
        orders = 1.0 / u
        for k in range(size):
            orders *= (k + 1) / (u - 1 - k)
        total += weight * orders
    return total
