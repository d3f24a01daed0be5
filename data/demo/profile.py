"""Profiles of leads when they enter, and which of them get the automated sequence."""

from dataclasses import dataclass

import numpy as np

from data.demo.company import company
from data.demo.drawing import choose
from features.arrays import BoolArray, FloatArray, IntArray

SECTORS = ("industrie", "logiciel", "sante", "distribution", "services", "btp")
SECTOR_SHARES = np.array([0.22, 0.2, 0.12, 0.16, 0.18, 0.12])
SECTOR_FIT = np.array([0.1, 0.4, -0.05, -0.25, 0.05, -0.4])  # log hazard of winning
SECTOR_VISITS = np.array([0.9, 1.5, 0.8, 0.85, 1.1, 0.6])  # visits, of the mean

SOURCES = ("salon", "recommandation", "site_web", "prospection", "partenaire")
SOURCE_SHARES = np.array([0.16, 0.12, 0.3, 0.3, 0.12])
SOURCE_FIT = np.array([0.0, 0.55, 0.1, -0.4, 0.25])
SOURCE_VISITS = np.array([0.85, 0.8, 1.3, 0.85, 0.95])

MEDIAN_HEADCOUNT, HEADCOUNT_SPREAD = 120, 1.5  # spread of the logarithm
MEDIUM, LARGE = 50, 500  # headcounts from which a lead is so called
SIZE_FIT = np.array([0.0, 0.15, 0.0])  # small, medium, large: the sizes in order

# Log odds of the automated sequence: small leads from the web mostly get it.
SEQUENCE_BASE = 0.1
SEQUENCE_BY_SOURCE = np.array([-0.2, -0.9, 0.7, 0.4, -0.5])
SEQUENCE_BY_SIZE = np.array([0.5, 0.0, -0.9])


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiles:
    """What is recorded of each lead at entry, all (leads,).

    `sector`, `source`, `region` and `owner` are positions in the tuples above, and in
    those of the company; `automated` tells who gets the automated sequence.
    """

    sector: IntArray
    source: IntArray
    region: IntArray
    owner: IntArray
    headcount: IntArray
    automated: BoolArray

    @property
    def size(self) -> IntArray:
        """(leads,): 0, 1 or 2."""
        return _size(self.headcount)

    @property
    def fit(self) -> FloatArray:
        """(leads,), > 0: what the profile multiplies the hazard of winning by."""
        log_fit = SECTOR_FIT[self.sector] + SOURCE_FIT[self.source]
        return np.asarray(np.exp(log_fit + SIZE_FIT[self.size]))

    @property
    def visits(self) -> FloatArray:
        """(leads,), > 0: how much more than others these leads use the site."""
        return np.asarray(SECTOR_VISITS[self.sector] * SOURCE_VISITS[self.source])


def draw_profiles(rng: np.random.Generator, leads: int) -> Profiles:
    """`leads` profiles; the sequence is drawn last, from the profile alone."""
    spread = rng.lognormal(np.log(MEDIAN_HEADCOUNT), HEADCOUNT_SPREAD, leads)
    headcount = np.clip(spread, 3, 60_000).astype(np.int64)
    sector = _shared(rng, SECTOR_SHARES, leads)
    source = _shared(rng, SOURCE_SHARES, leads)
    weights = np.array(list(company().regions.values()))
    region = _shared(rng, weights / weights.sum(), leads)
    return Profiles(
        sector=sector,
        source=source,
        region=region,
        owner=(region * 2 + rng.integers(0, 2, leads)) % len(company().owners),
        headcount=headcount,
        automated=rng.random(leads) < propensity(source, headcount),
    )


def propensity(source: IntArray, headcount: IntArray) -> FloatArray:
    """(leads,) in (0, 1): the chance of the automated sequence, known at entry."""
    by_size = SEQUENCE_BY_SIZE[_size(headcount)]
    log_odds = SEQUENCE_BASE + SEQUENCE_BY_SOURCE[source] + by_size
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def _size(headcount: IntArray) -> IntArray:
    return np.searchsorted([MEDIUM, LARGE], headcount, side="right")


def _shared(rng: np.random.Generator, shares: FloatArray, leads: int) -> IntArray:
    return choose(rng, np.tile(shares, (leads, 1)))
