"""Where people disagree with the system most: by rule, idea and segment. Pure.

Never by person: what is judged is the system.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

Z_95 = 1.959964  # of a two-sided interval of 95 %


class By(StrEnum):
    RULE = "rule"
    IDEA = "idea"
    SEGMENT = "segment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A person's word on what the system did; unknown is None, and counts nowhere."""

    agrees: bool
    rule: str | None = None
    ideas: frozenset[str] = frozenset()
    segment: str | None = None

    def names(self, by: By) -> Iterable[str]:
        if by is By.IDEA:
            return self.ideas
        name = self.rule if by is By.RULE else self.segment
        return () if name is None else (name,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """How often people said no. `at_least`: the share's lower bound at 95 %."""

    by: By
    name: str
    judged: int
    contested: int

    @property
    def share(self) -> float:
        return self.contested / self.judged

    @property
    def at_least(self) -> float:
        return lower_bound(self.contested, self.judged)


def disagreements(words: Iterable[Judged]) -> list[Disagreement]:
    """The groups of each kind, where people surely disagree most first."""
    counts: dict[tuple[By, str], list[int]] = defaultdict(lambda: [0, 0])
    for word in words:
        for by in By:
            for name in word.names(by):
                count = counts[by, name]
                count[0] += 1
                count[1] += not word.agrees
    groups = [
        Disagreement(by=by, name=name, judged=judged, contested=contested)
        for (by, name), (judged, contested) in counts.items()
    ]
    order = list(By)
    return sorted(groups, key=lambda d: (order.index(d.by), -d.at_least, d.name))


def lower_bound(k: int, n: int) -> float:
    """Wilson's lower bound at 95 % of a share, `k` of `n` >= 1: in [0, 1].

    One no of one weighs less than 8 of 10 (Wilson 1927).

    Examples
    --------
    >>> round(lower_bound(1, 1), 2), round(lower_bound(8, 10), 2), lower_bound(0, 5)
    (0.21, 0.49, 0.0)
    """
    share, z2 = k / n, Z_95**2
    middle = share + z2 / (2 * n)
    half = Z_95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, (middle - half) / (1 + z2 / n))
