"""What the automated sequence changes: known, so that a report may find it back."""

import numpy as np
from pydantic import JsonValue

from data.demo.arrays import Floats
from data.demo.block import Block
from data.demo.intent import HAZARD_RATIO, SPEED_RATIO, Law, law, winning_within
from data.demo.mail import AUTOMATED_SHARE

EFFECT_DAYS = 90  # the effect on winning is told at this age


def risk_difference(block: Block) -> float:
    """The mean, over the block's leads, of the chance of being won by EFFECT_DAYS
    with the automated sequence, less the chance without it: exact, from the law."""
    everyone = np.ones(len(block.lead_ids), dtype=np.bool_)
    with_it, without = (
        _chance_from_entry(block, law(block.profiles, automated))
        for automated in (everyone, ~everyone)
    )
    return float((with_it - without).mean())


def _chance_from_entry(block: Block, laws: Law) -> Floats:
    age = np.zeros_like(block.entry_day)
    worth = winning_within(EFFECT_DAYS, laws, block.time, block.entry_day, age)
    return np.asarray((laws.start * worth).sum(axis=1))


def described(mean_difference: float) -> dict[str, JsonValue]:
    """The sequence's effect, as `log.toml` tells it."""
    return {
        "exposure": "of email_sent in the first 14 days, 0.5 or more by automation",
        "assigned_by": ["lead_source", "headcount"],
        "automated_share": {
            "without": float(AUTOMATED_SHARE[0]),
            "with": float(AUTOMATED_SHARE[1]),
        },
        "hazard_ratio": HAZARD_RATIO,
        "speed_ratio": SPEED_RATIO,
        "risk_difference_days": EFFECT_DAYS,
        "risk_difference": mean_difference,
    }
