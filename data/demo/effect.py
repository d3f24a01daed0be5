"""Effect of the automated sequence: known, so that a report may find it back."""

from dataclasses import dataclass

import numpy as np
from pydantic import JsonValue

from data.demo.block import Block
from data.demo.intent import (
    HAZARD_RATIO,
    SPEED_RATIO,
    Law,
    law,
    open_at,
    winning_within,
)
from data.demo.mail import AUTOMATED_SHARE
from features.arrays import FloatArray

EXPOSURE_DAYS = 14  # the exposure is told from the lead's first days
EFFECT_DAYS = 90  # the effect on winning is told at this age


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What the sequence adds to the chance of being won by EFFECT_DAYS.

    `of_all` is its mean over all `leads`, from entry; `of_open` its mean over those
    `open_leads` that are open at EXPOSURE_DAYS: what a report can find that counts
    only what comes after the exposure. The last is between leads still open with the
    sequence and leads of the same profile still open without it.
    """

    leads: int
    of_all: float
    open_leads: int
    of_open: float


def effect(block: Block) -> Effect:
    """Exact, from the law: each lead with the sequence, and without it."""
    everyone = np.ones(len(block.lead_ids), dtype=np.bool_)
    with_it, without = (
        law(block.profiles, automated) for automated in (everyone, ~everyone)
    )
    of_all = _chance_from_entry(block, with_it) - _chance_from_entry(block, without)
    of_open = _chance_once_open(block, with_it) - _chance_once_open(block, without)
    is_open = block.lives.closed_day >= EXPOSURE_DAYS
    return Effect(
        leads=len(of_all),
        of_all=float(of_all.mean()),
        open_leads=int(is_open.sum()),
        of_open=float(of_open[is_open].mean()) if is_open.any() else 0.0,
    )


def mean_effect(effects: list[Effect]) -> Effect:
    """The effect over all leads of some blocks."""
    leads = sum(block.leads for block in effects)
    open_leads = sum(block.open_leads for block in effects)
    of_open = sum(block.of_open * block.open_leads for block in effects)
    return Effect(
        leads=leads,
        of_all=sum(block.of_all * block.leads for block in effects) / leads,
        open_leads=open_leads,
        of_open=of_open / max(open_leads, 1),
    )


def _chance_from_entry(block: Block, laws: Law) -> FloatArray:
    age = np.zeros_like(block.entry_day)
    worth = winning_within(EFFECT_DAYS, laws, block.time, block.entry_day, age)
    return np.asarray((laws.start * worth).sum(axis=1))


def _chance_once_open(block: Block, laws: Law) -> FloatArray:
    still = open_at(EXPOSURE_DAYS, laws, block.time, block.entry_day)
    days = EFFECT_DAYS - EXPOSURE_DAYS
    age = np.full_like(block.entry_day, EXPOSURE_DAYS)
    worth = winning_within(days, laws, block.time, block.entry_day, age)
    return np.asarray((still * worth).sum(axis=1) / still.sum(axis=1))


def described(effect: Effect) -> dict[str, JsonValue]:
    """The sequence's effect, as `log.toml` tells it."""
    return {
        "exposure": f"of email_sent in the first {EXPOSURE_DAYS} days, "
        "0.5 or more by automation",
        "assigned_by": ["lead_source", "headcount"],
        "automated_share": {
            "without": float(AUTOMATED_SHARE[0]),
            "with": float(AUTOMATED_SHARE[1]),
        },
        "hazard_ratio": HAZARD_RATIO,
        "speed_ratio": SPEED_RATIO,
        "risk_difference_days": EFFECT_DAYS,
        "risk_difference": effect.of_all,
        "open_at_days": EXPOSURE_DAYS,
        "risk_difference_of_open": effect.of_open,
    }
